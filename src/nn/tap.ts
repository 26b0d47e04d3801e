/** Taps: places at which a layer lets others read, or replace, a value inside it. */

import type { Value } from '../graph/index.ts'
import type { Layer, Mode } from './layer.ts'

/** Shows a value to whoever observes the network, and returns the one to go on with. */
export const tap = (mode: Mode, name: string, value: Value): Value =>
  mode.observe?.(name, value) ?? value

/** A layer with taps on its `input` and its `output`. */
export const tapEnds = (inner: Layer): Layer => ({
  ...inner,
  forward: (children, x, mode) =>
    tap(mode, 'output', inner.forward(children, tap(mode, 'input', x), mode)),
})
