/** Where the elements of a convolution's tensors lie, as sides of a contraction: windows, pixels and kernels. */

import type { Shape } from '../../graph/index.ts'
import { inFours, modulo, over, type Side, type Start, sum, times } from './contraction.ts'

/** Where a tensor of four axes lies. */
export interface Strided {
  readonly start: Start
  /** From the start on, and between neighbours, in elements. */
  readonly offset: number
  readonly strides: readonly number[]
}

/** A convolution [N, C, H, W] * [O, C/group, kH, kW] → [N, O, H′, W′]; one spatial axis has H = 1. */
export interface Convolution {
  readonly x: Shape
  readonly weight: Shape
  readonly y: Shape
  readonly strides: readonly number[]
  readonly pads: readonly number[]
  readonly dilations: readonly number[]
  readonly group: number
}

/** Axes of size 1 are not walked along. */
const walked = (shape: Shape, { strides, ...place }: Strided): Strided => ({
  ...place,
  strides: strides.map((stride, axis) => (shape[axis] === 1 ? 0 : stride)),
})

/** Whether every position of every window lies within an axis, so that nothing need be asked. */
const isWithin = (problem: Convolution, axis: number): boolean => {
  const { x, weight, y, strides, pads, dilations } = problem
  const reach = (weight[axis + 2] - 1) * dilations[axis]
  const last = (y[axis + 2] - 1) * strides[axis]
  return Math.min(0, reach) >= pads[axis] && last + Math.max(0, reach) - pads[axis] < x[axis + 2]
}

const inside = (at: string, size: number, always: boolean): string[] =>
  always ? [] : [`u32(${at}) < ${size}u`]

/** Index = ((image · height) + row) · width + column, taken apart. */
const pixel = (name: string, index: string, [, , height, width]: Shape): string =>
  `let ${name}n = ${over(index, height * width)};
let ${name}h = ${modulo(over(index, width), height)};
let ${name}w = ${modulo(index, width)};`

/** Index = tap · channels + channel, taken apart. */
const tap = (name: string, index: string, channels: number, [, , , width]: Shape): string =>
  `let ${name}t = ${over(index, channels)};
let ${name}c = ${modulo(index, channels)};
let ${name}r = ${over(`${name}t`, width)};
let ${name}s = ${modulo(`${name}t`, width)};`

/** Channels of a group among all, which begin at the batch's base. */
const groupBase =
  ({ start, offset, strides }: Strided, channels: number, axis: number): Side['batch'] =>
  (name, index) =>
    `let ${name}z = ${sum(start.at, offset, times(index, channels * strides[axis]))};`

/** Four channels at once, where they follow each other. */
const widthOf = (
  channels: number,
  { offset, strides }: Omit<Strided, 'buffer'>,
  axis: number,
): 1 | 4 => (inFours(channels, strides[axis], [offset, ...strides.toSpliced(axis, 1)]) ? 4 : 1)

/** The windows of the input: pixels of the output on one side, taps and channels on the other. */
export const windows = (problem: Convolution, at: Strided, by: 'pixel' | 'tap'): Side => {
  const { x, weight, y, strides: step, pads, dilations } = problem
  const place = walked(x, at)
  const [sn, sc, sh, sw] = place.strides
  const always = [0, 1].map(axis => isWithin(problem, axis))
  const corner: Side['outer'] = (name, index) => `${pixel(name, index, y)}
let ${name}i = ${sum(times(`${name}n`, sn))};
let ${name}y = ${name}h * ${step[0]} - ${pads[0]};
let ${name}x = ${name}w * ${step[1]} - ${pads[1]};`
  const shift: Side['outer'] = (name, index) => `${tap(name, index, weight[1], weight)}
let ${name}i = ${sum(times(`${name}c`, sc))};
let ${name}y = ${name}r * ${dilations[0]};
let ${name}x = ${name}s * ${dilations[1]};`
  return {
    buffer: at.start.buffer,
    width: widthOf(weight[1], place, 1),
    along: (sc === 1) === (by === 'pixel') ? 'inner' : 'outer',
    batch: groupBase(place, weight[1], 1),
    outer: by === 'pixel' ? corner : shift,
    inner: by === 'pixel' ? shift : corner,
    at: (batch, outer, inner) => {
      const [h, w] = [`(${outer}y + ${inner}y)`, `(${outer}x + ${inner}x)`]
      return {
        index: sum(`${batch}z`, `${outer}i`, `${inner}i`, times(h, sh), times(w, sw)),
        inside: [...inside(h, x[2], always[0]), ...inside(w, x[3], always[1])].join(' && '),
      }
    },
  }
}

/** The tensor [N, channels, H, W] by pixels and by channels of a group. */
export const pixels = (shape: Shape, group: number, at: Strided, by: 'pixel' | 'channel'): Side => {
  const place = walked(shape, at)
  const [sn, sc, sh, sw] = place.strides
  const channels = shape[1] / group
  const ofPixel: Side['outer'] = (name, index) => `${pixel(name, index, shape)}
let ${name}i = ${sum(times(`${name}n`, sn), times(`${name}h`, sh), times(`${name}w`, sw))};`
  const ofChannel: Side['outer'] = (name, index) => `let ${name}i = ${sum(times(index, sc))};`
  return {
    buffer: at.start.buffer,
    width: widthOf(channels, place, 1),
    along: (sc === 1) === (by === 'pixel') ? 'inner' : 'outer',
    batch: groupBase(place, channels, 1),
    outer: by === 'pixel' ? ofPixel : ofChannel,
    inner: by === 'pixel' ? ofChannel : ofPixel,
    at: (batch, outer, inner) => ({ index: sum(`${batch}z`, `${outer}i`, `${inner}i`) }),
  }
}

/** The kernels [O, I, kH, kW] by one kind of channel, and by taps and channels of the other kind. */
export const kernels = (
  weight: Shape,
  group: number,
  at: Strided,
  by: 'output' | 'input',
  taps: 'outer' | 'inner',
): Side => {
  const { start, offset, strides } = walked(weight, at)
  const [so, si, sr, ss] = strides
  const outputs = weight[0] / group
  const [own, other] = by === 'output' ? [so, si] : [si, so]
  const channels = by === 'output' ? weight[1] : outputs
  const place = { start, offset, strides: [own, other, sr, ss, outputs * so] }
  const ofChannel: Side['outer'] = (name, index) => `let ${name}i = ${sum(times(index, own))};`
  const ofTap: Side['outer'] = (name, index) => `${tap(name, index, channels, weight)}
let ${name}i = ${sum(times(`${name}c`, other), times(`${name}r`, sr), times(`${name}s`, ss))};`
  const alongOwn = own === 1
  return {
    buffer: at.start.buffer,
    width: alongOwn
      ? widthOf(by === 'output' ? outputs : weight[1], place, 0)
      : widthOf(channels, place, 1),
    along: alongOwn === (taps === 'inner') ? 'outer' : 'inner',
    batch: groupBase({ start, offset, strides }, outputs, 0),
    outer: taps === 'inner' ? ofChannel : ofTap,
    inner: taps === 'inner' ? ofTap : ofChannel,
    at: (batch, outer, inner) => ({ index: sum(`${batch}z`, `${outer}i`, `${inner}i`) }),
  }
}

export const planeOf = ([n, , h, w]: Shape): number => n * h * w
