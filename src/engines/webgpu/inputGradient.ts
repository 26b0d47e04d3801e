/** Input gradients of convolutions as contractions, one for each phase of the stride. */

import type { Contraction } from './contraction.ts'
import {
  type Convolution,
  kernels,
  pixels,
  planeOf,
  type Strided,
  windows,
} from './convolutionSides.ts'

/** Of an axis, the positions of one phase of the stride, and the taps that reach them. */
interface Phase {
  /** The first position, and how many there are, a stride apart. */
  readonly first: number
  readonly count: number
  /** The first tap, how many there are, and how far apart. */
  readonly tap: number
  readonly taps: number
  readonly apart: number
  /** Position i reads the output i + pad − t · dilation by its tap t. */
  readonly pad: number
  readonly dilation: number
}

const phasesOf = (
  size: number,
  kernel: number,
  stride: number,
  pad: number,
  dilation: number,
): Phase[] =>
  Array.from({ length: Math.min(stride, size) }, (_, first) => {
    const hits = Array.from({ length: kernel }, (_, tap) => tap).filter(
      tap => (first + pad - tap * dilation) % stride === 0,
    )
    const [tap = 0, next = tap] = hits
    return {
      first,
      count: Math.ceil((size - first) / stride),
      tap,
      taps: hits.length,
      apart: next - tap,
      pad: hits.length === 0 ? 0 : (first + pad - tap * dilation) / stride,
      dilation: ((next - tap) * dilation) / stride,
    }
  })

/**
 * dx[pixel, c] = Σ_{tap, o} dy[(pixel + pad − tap) / stride, o] · w[o, tap, c], one contraction for each
 * phase of the stride: pixels as far apart as the stride are reached by the same taps.
 */
export const inputGradient = (
  { x: shape, weight, y, strides, pads, dilations, group }: Convolution,
  w: Strided,
  dy: Strided,
  dx: Strided,
): Contraction[] => {
  const [rows, columns] = [0, 1].map(axis =>
    phasesOf(shape[axis + 2], weight[axis + 2], strides[axis], pads[axis], dilations[axis]),
  )
  const phase = (row: Phase, column: Phase): Contraction => {
    const own: Convolution = {
      // Seen from dx, the taps go backwards.
      x: y,
      weight: [weight[1], weight[0] / group, row.taps, column.taps],
      y: [shape[0], shape[1], row.count, column.count],
      strides: [1, 1],
      pads: [-row.pad, -column.pad],
      dilations: [-row.dilation, -column.dilation],
      group,
    }
    const [so, si, sr, ss] = w.strides
    const kernel: Strided = {
      start: w.start,
      offset: w.offset + row.tap * sr + column.tap * ss,
      strides: [so, si, sr * row.apart, ss * column.apart],
    }
    const [sn, sc, sh, sw] = dx.strides
    const result: Strided = {
      start: dx.start,
      offset: dx.offset + row.first * sh + column.first * sw,
      strides: [sn, sc, sh * strides[0], sw * strides[1]],
    }
    return {
      batch: group,
      m: planeOf(own.y),
      n: weight[1],
      k: row.taps * column.taps * (weight[0] / group),
      a: windows(own, dy, 'pixel'),
      b: kernels([weight[0], weight[1], row.taps, column.taps], group, kernel, 'input', 'inner'),
      y: pixels(own.y, group, result, 'pixel'),
    }
  }
  return rows.flatMap(row => columns.map(column => phase(row, column)))
}
