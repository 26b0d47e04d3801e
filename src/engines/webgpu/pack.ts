/** Kernels of a convolution with their output channels innermost, so that four are read at once. */

import type { Shape } from '../../graph/index.ts'
import { modulo, over, sum, times } from './contraction.ts'
import type { Strided } from './convolutionSides.ts'
import { numbered, THREADS } from './direct.ts'

/** Strides of [O, I, kH, kW] that lie as [kH, kW, I, O]. */
export const packedStrides = ([o, i, , columns]: Shape): number[] => [1, o, columns * i * o, i * o]

/** Writes the kernels to `packed`, an element a thread. */
export const packing = (
  [o, i, rows, columns]: Shape,
  { start, strides: [so, si, sr, ss] }: Strided,
  workgroups: readonly number[],
): string => `@compute @workgroup_size(${THREADS})
fn main(@builtin(workgroup_id) w: vec3u, @builtin(local_invocation_index) t: u32) {
let id = ${numbered(workgroups)};
if (id >= ${o * i * rows * columns}) { return; }
let tap = ${over('id', o * i)};
packed[id] = ${start.buffer}[${sum(
  start.at,
  times(modulo('id', o), so),
  times(modulo(over('id', o), i), si),
  times(over('tap', columns), sr),
  times(modulo('tap', columns), ss),
)}];
}`
