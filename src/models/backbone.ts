/** What a backbone is to the registry: how it is built, and what it is by default. */

import type { Position } from '../attention/attention.ts'
import type { Initialiser, Layer } from '../nn/index.ts'
import type { AttentionOptions } from './sockets.ts'

/** What the papers vary in a backbone besides attention; each knows some of these. */
export interface Variations {
  /** For bottlenecks: stride in the first 1×1 (v1) or in the 3×3 (v1.5, the default). */
  readonly strideIn?: '1x1' | '3x3'
  /** A 7×7 of stride 2, three 3×3 with the stride in the first, or one 3×3 without. */
  readonly stem?: 'imagenet' | 'deep' | 'cifar'
  /** How the stem's max pooling meets the border: padded, or as Caffe, a last window hanging over. */
  readonly pooling?: 'padded' | 'ceil'
  /** Whether the first 1×1 of a bottleneck is half as wide as its 3×3 (SENet-154). */
  readonly halved?: boolean
  /** The kernel of projection shortcuts that stride. */
  readonly shortcutKernel?: 1 | 3
  /** The rate of dropout in the classifier. */
  readonly dropout?: number
}

/** What every network can be told. */
export interface NetworkOptions extends AttentionOptions, Variations {
  readonly classes?: number
  /** Channels of the pictures: 1 or 3. */
  readonly channels?: number
  /** How convolutions begin. */
  readonly initialise?: Initialiser
}

export interface Backbone {
  readonly describe: string
  /** Height and width of the pictures that it was designed for. */
  readonly size: number
  /** How many, unless told. */
  readonly classes: number
  /** An attention that is part of the name, as in sknet50; as text. */
  readonly attention?: string
  /** Where a recalibration may stand in it. */
  readonly positions: readonly Position[]
  /** Whether it has spatial convolutions that an attention such as SK can replace. */
  readonly replaceable: boolean
  /** The variations it knows; any other is refused. */
  readonly variations: readonly (keyof Variations)[]
  build(options: NetworkOptions & { readonly classes: number; readonly channels: number }): Layer
}

/** A family of networks, by name. */
export type Family = Readonly<Record<string, Backbone>>
