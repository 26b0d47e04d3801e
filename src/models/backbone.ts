/** What a backbone is to the registry: how it is built, and what it is by default. */

import type { Initialiser, Layer } from '../nn/index.ts'
import type { AttentionOptions } from './sockets.ts'

/** What every network can be told. */
export interface NetworkOptions extends AttentionOptions {
  readonly classes?: number
  /** Channels of the pictures: 1 or 3. */
  readonly channels?: number
  /** How convolutions begin. */
  readonly initialise?: Initialiser
  /** For bottlenecks: stride in the first 1×1 (v1) or in the 3×3 (v1.5, the default). */
  readonly strideIn?: '1x1' | '3x3'
}

export interface Backbone {
  readonly describe: string
  /** Height and width of the pictures that it was designed for. */
  readonly size: number
  /** How many, unless told. */
  readonly classes: number
  /** An attention that is part of the name, as in sknet50; as text. */
  readonly attention?: string
  build(options: NetworkOptions & { readonly classes: number; readonly channels: number }): Layer
}

/** A family of networks, by name. */
export type Family = Readonly<Record<string, Backbone>>
