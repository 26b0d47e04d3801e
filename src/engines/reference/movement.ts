/** Operations that move elements. */

import { sizeOf } from '../../graph/index.ts'
import { coordinates, fill, type Kernels, offsetOf } from './kernel.ts'

export const movement = {
  // One process by itself; the engine asks the others.
  allReduce: ({ inputs }) => inputs.map(x => x.slice()),
  concat: ({ inputs, shapes, outputs: [{ shape }], attributes: { axis } }) => {
    const starts = shapes.map((_, i) =>
      shapes.slice(0, i).reduce((sum, before) => sum + before[axis], 0),
    )
    return [
      fill(shape, at => {
        const piece = starts.findLastIndex(start => at[axis] >= start)
        return inputs[piece][offsetOf(at.with(axis, at[axis] - starts[piece]), shapes[piece])]
      }),
    ]
  },
  expand: ({ inputs: [x], shapes: [from], outputs: [{ shape }] }) => [
    fill(shape, at => x[offsetOf(at, from)]),
  ],
  gather: ({ inputs: [x, indices], shapes: [from, picked], outputs: [{ shape }], attributes }) => {
    const { axis } = attributes
    return [
      fill(shape, at => {
        const index = indices[offsetOf(at.slice(axis, axis + picked.length), picked)]
        return x[offsetOf(at.toSpliced(axis, picked.length, index), from)]
      }),
    ]
  },
  gatherGradient: ({ inputs: [indices, dy], shapes, outputs: [{ shape }], attributes }) => {
    const { axis } = attributes
    const [picked, from] = shapes
    const dx = new Float64Array(sizeOf(shape))
    for (const [offset, cotangent] of dy.entries()) {
      const at = coordinates(offset, from)
      const index = indices[offsetOf(at.slice(axis, axis + picked.length), picked)]
      dx[offsetOf(at.toSpliced(axis, picked.length, index), shape)] += cotangent
    }
    return [dx]
  },
  oneHot: ({ inputs: [labels], outputs: [{ shape }], attributes: { depth } }) => [
    fill(shape, (at, offset) => (labels[Math.floor(offset / depth)] === at[at.length - 1] ? 1 : 0)),
  ],
  pad: ({ inputs: [x], shapes: [from], outputs: [{ shape }], attributes: { pads, value } }) => [
    fill(shape, at => {
      const inner = at.map((position, axis) => position - pads[axis])
      const inside = inner.every((position, axis) => position >= 0 && position < from[axis])
      return inside ? x[offsetOf(inner, from)] : value
    }),
  ],
  reshape: ({ inputs: [x] }) => [x.slice()],
  slice: ({ inputs: [x], shapes: [from], outputs: [{ shape }], attributes: { starts } }) => [
    fill(
      shape,
      at =>
        x[
          offsetOf(
            at.map((position, axis) => position + starts[axis]),
            from,
          )
        ],
    ),
  ],
  split: ({ inputs: [x], shapes: [from], outputs, attributes: { sizes, axis } }) =>
    outputs.map(({ shape }, piece) => {
      const start = sizes.slice(0, piece).reduce((sum, size) => sum + size, 0)
      return fill(shape, at => x[offsetOf(at.with(axis, at[axis] + start), from)])
    }),
  transpose: ({ inputs: [x], shapes: [from], outputs: [{ shape }], attributes: { perm } }) => [
    fill(shape, at => {
      const source = new Array<number>(perm.length)
      for (const [i, axis] of perm.entries()) source[axis] = at[i]
      return x[offsetOf(source, from)]
    }),
  ],
  upsampleNearest: ({ inputs: [x], shapes: [from], outputs: [{ shape }], attributes }) => [
    fill(shape, ([n, c, h, w]) => {
      const nearest = [n, c, Math.floor(h / attributes.scale), Math.floor(w / attributes.scale)]
      return x[offsetOf(nearest, from)]
    }),
  ],
} satisfies Partial<Kernels>
