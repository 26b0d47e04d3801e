/**
 * The weight gradient of a convolution that keeps the map's size, as one product of shifted copies. On
 * the flattened map every tap is a shift: dw[o,c,r,s] = Σ_q dy[o, q − r·width] · x[c, q + s]. The
 * kernel's rows shift dy, its columns x, so that k + k copies serve k·k taps, where im2col makes k·k;
 * and a shift is a Concat with zeros. Columns that would come in from the next row are made zero.
 */

import type { Shape } from '../../../graph/index.ts'
import type { Emitter } from '../../emitter.ts'
import { type Geometry, reachOf, type WeightGradient } from './geometry.ts'
import { flat, range, reorderTaps } from './layout.ts'

/** [N, C, pixels]: pieces one after the other, zeros before, between and after. */
const strung = (
  emit: Emitter,
  pieces: readonly string[],
  [n, channels]: Shape,
  [before, between, after]: readonly [number, number, number],
): string => {
  const zeros = (size: number): string[] =>
    size === 0
      ? []
      : [emit.node('Expand', [emit.floats([0], []), emit.int64s([n, channels, size])])]
  const gap = pieces.length > 1 ? zeros(between) : []
  const all = pieces.flatMap((piece, i) => (i === 0 ? [piece] : [...gap, piece]))
  return emit.node('Concat', [...zeros(before), ...all, ...zeros(after)], { axis: 2 })
}

/** Without the columns that a shift to the left (negative: right) carries out of their row. */
const masked = (emit: Emitter, x: string, [, , h, w]: Shape, shift: number): string => {
  if (shift === 0) return x
  const kept = range(w).map(column => (column >= shift && column < w + shift ? 1 : 0))
  return emit.node('Mul', [x, emit.floats(new Array(h).fill(kept).flat(), [1, 1, h, w])])
}

/** Whether the map keeps its size, with pads wide enough to shift into. */
export const shiftable = (geometry: Geometry): boolean => {
  const { strides, pads, width } = geometry
  const [tall, wide] = reachOf(geometry)
  const [top, left, bottom, right] = pads
  return (
    strides.every(stride => stride === 1) &&
    top + bottom === tall &&
    left + right === wide &&
    top * width >= right &&
    bottom * width >= left
  )
}

/** Group by group. */
export const shifted: WeightGradient = (emit, { names: [x, dy], inputs, attributes }) => {
  const { pads, dilations, group, weightShape } = attributes
  const [{ shape: from }, { shape: to }] = inputs
  const [n, , height, width] = from
  const [outputs, inner, ...kernel] = weightShape
  const [top, left, bottom, right] = pads
  const [tall] = reachOf({ kernel, dilations })
  const byRow = strung(emit, new Array(kernel[0]).fill(flat(emit, dy)), to, [
    0,
    (tall + dilations[0]) * width,
    0,
  ])
  // The last column of the kernel first: each copy then begins later than the one before.
  const columns = range(kernel[1]).reverse()
  const byColumn = strung(
    emit,
    columns.map(s => flat(emit, masked(emit, x, from, s * dilations[1] - left))),
    from,
    [top * width - right, tall * width + dilations[1], bottom * width - left],
  )
  const size = (height + tall) * width
  const grouped = (value: string, rows: number): string =>
    emit.node('Reshape', [value, emit.int64s([n, group, rows, size])])
  const turned = emit.node('Transpose', [grouped(byColumn, inner * kernel[1])], {
    perm: [0, 1, 3, 2],
  })
  const product = emit.node('MatMul', [grouped(byRow, (outputs / group) * kernel[0]), turned])
  const sum = emit.node('ReduceSum', [product, emit.int64s([0])], { keepdims: 0 })
  const apart = emit.node('Reshape', [sum, emit.int64s([outputs, kernel[0], inner, kernel[1]])])
  const taps = emit.node('Transpose', [apart], { perm: [0, 2, 1, 3] })
  return [emit.node('Reshape', [reorderTaps(emit, taps, columns), emit.int64s(weightShape)])]
}
