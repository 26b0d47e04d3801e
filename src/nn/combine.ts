/** Layers made of others, and of plain functions. */

import type { Value } from '../graph/index.ts'
import { mul } from '../ops/index.ts'
import { type Layer, layer } from './layer.ts'

/** Layers one after the other, named 0, 1, … as in PyTorch. */
export const sequential = (...layers: readonly Layer[]): Layer =>
  layer(Object.fromEntries(layers.entries()), (children, x) =>
    layers.reduce((y, _, i) => children[i](y), x),
  )

/** A layer without parameters. */
export const lambda = (forward: (x: Value) => Value): Layer => layer({}, (_, x) => forward(x))

/** Zeroes elements at the given rate in training, and scales the others by 1/(1 − rate). */
export const dropout = (rate: number): Layer =>
  layer({}, (_, x, mode) => (mode.training && rate > 0 ? mul(x, mode.mask(x.shape, rate)) : x))
