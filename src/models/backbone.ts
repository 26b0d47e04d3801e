/** What a backbone is to the registry: how it is built, and what it is by default. */

import type { Position } from '../attention/attention.ts'
import type { Value } from '../graph/index.ts'
import type { Initializer, Layer, Named, TaskNetwork } from '../nn/index.ts'
import type { AttentionOptions } from './sockets.ts'
import type { VariationName, Variations } from './variations.ts'

/** What every network can be told. */
export interface NetworkOptions extends AttentionOptions, Variations {
  /** How many logits the network gives. */
  readonly classes?: number
  /** Channels of the images: 1 or 3. */
  readonly channels?: number
  /** How convolutions begin. */
  readonly initialize?: Initializer
}

/** A network without its classifier. */
export interface Body {
  /** Images to what its stages give: `0`, `1`, …. */
  readonly body: Layer<Value, Named>
  /** The channels of each stage. */
  readonly widths: readonly number[]
}

/** A network by its name: how it is built, and what it is by default. */
export interface Backbone {
  /** One line for lists. */
  readonly describe: string
  /** Height and width of the images that it was designed for. */
  readonly size: number
  /** How many, unless told. */
  readonly classes: number
  /** An attention that is part of the name, as in sknet50; as text. */
  readonly attention?: string
  /** Where a recalibration may stand in it. */
  readonly positions: readonly Position[]
  /** Whether it has spatial convolutions that an attention such as SK can replace. */
  readonly replaceable: boolean
  /** The task that it is for; classification unless given. */
  readonly task?: string | undefined
  /** The variations it knows; any other is refused. */
  readonly variations: readonly VariationName[]
  /** Makes the layers without a classifier, for detectors: what each stage gives, and its channels. */
  body?(options: NetworkOptions & { readonly channels: number }): Body
  /** Makes the network; its options are checked before. */
  build(
    options: NetworkOptions & { readonly classes: number; readonly channels: number },
  ): TaskNetwork
}

/** A family of networks, by name. */
export type Family = Readonly<Record<string, Backbone>>
