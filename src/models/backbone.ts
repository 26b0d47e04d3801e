/** What a backbone is to the registry: how it is built, and what it is by default. */

import type { Position } from '../attention/attention.ts'
import type { Initializer, TaskNetwork } from '../nn/index.ts'
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
  /** The variations it knows; any other is refused. */
  readonly variations: readonly VariationName[]
  /** Makes the network; its options are checked before. */
  build(
    options: NetworkOptions & { readonly classes: number; readonly channels: number },
  ): TaskNetwork
}

/** A family of networks, by name. */
export type Family = Readonly<Record<string, Backbone>>
