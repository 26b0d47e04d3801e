/** Operations that move elements. */

import { type Shape, sizeOf } from '../../graph/index.ts'
import type { Emitter, Lowerings } from '../emitter.ts'

/**
 * Reshape. Leading dimensions that stay are written as 0, which copies them at run time: so the
 * batch size is never baked into an exported network.
 */
export const reshape = (emit: Emitter, x: string, from: Shape, to: Shape): string => {
  const changed = to.findIndex((dimension, axis) => dimension !== from[axis])
  const kept = changed === -1 ? to.length : changed
  const target = to.map((dimension, axis) => (axis < kept ? 0 : dimension))
  return emit.node('Reshape', [x, emit.int64s(target)])
}

/** Slices with steps: from `starts`, `sizes` elements an axis. */
export const slice = (
  emit: Emitter,
  x: string,
  axes: readonly number[],
  starts: readonly number[],
  ends: readonly number[],
  steps?: readonly number[],
): string =>
  emit.node('Slice', [
    x,
    emit.int64s(starts),
    emit.int64s(ends),
    emit.int64s(axes),
    ...(steps === undefined ? [] : [emit.int64s(steps)]),
  ])

export const pad = (emit: Emitter, x: string, pads: readonly number[], value = 0): string =>
  emit.node('Pad', [x, emit.int64s(pads), emit.floats([value], [])])

export const movement = {
  allReduce: (emit, { names }) => names.map(name => emit.node('Identity', [name])),
  concat: (emit, { names, attributes: { axis } }) => [emit.node('Concat', names, { axis })],
  expand: (emit, { names: [x], attributes: { shape } }) => [
    emit.node('Expand', [x, emit.int64s(shape)]),
  ],
  gather: (emit, { names, attributes: { axis } }) => [emit.node('Gather', names, { axis })],
  gatherGradient: (emit, { names: [indices, dy], inputs, outputs, attributes: { axis, size } }) => {
    const [{ shape: picked }, { shape }] = inputs
    const before = sizeOf(shape.slice(0, axis))
    const count = sizeOf(picked)
    const after = sizeOf(shape.slice(axis + picked.length))
    const block = [before, count, after]
    const updates = emit.node('Reshape', [dy, emit.int64s(block)])
    const column = emit.node('Reshape', [indices, emit.int64s([1, count, 1])])
    const targets = emit.node('Expand', [column, emit.int64s(block)])
    const zeros = emit.node('Expand', [emit.floats([0], []), emit.int64s([before, size, after])])
    const sum = emit.node('ScatterElements', [zeros, targets, updates], {
      axis: 1,
      reduction: 'add',
    })
    return [emit.node('Reshape', [sum, emit.int64s(outputs[0].shape)])]
  },
  oneHot: (emit, { names: [labels], inputs: [{ shape }], attributes: { depth } }) => {
    const column = reshape(emit, labels, shape, [...shape, 1])
    const classes = emit.ints([...Array(depth).keys()], [depth])
    return [emit.node('Cast', [emit.node('Equal', [column, classes])], { to: 1 })]
  },
  pad: (emit, { names: [x], attributes: { pads, value } }) => [pad(emit, x, pads, value)],
  reshape: (emit, { names: [x], inputs: [{ shape: from }], attributes: { shape } }) => [
    reshape(emit, x, from, shape),
  ],
  slice: (emit, { names: [x], inputs: [{ shape }], attributes: { starts, ends } }) => {
    const cut = [...shape.keys()].filter(axis => ends[axis] - starts[axis] !== shape[axis])
    const pick = (list: readonly number[]): number[] => cut.map(axis => list[axis])
    return [
      cut.length === 0 ? emit.node('Identity', [x]) : slice(emit, x, cut, pick(starts), pick(ends)),
    ]
  },
  split: (emit, { names: [x], attributes: { sizes, axis } }) =>
    emit.nodes('Split', [x, emit.int64s(sizes)], sizes.length, { axis }),
  transpose: (emit, { names, attributes: { perm } }) => [emit.node('Transpose', names, { perm })],
  upsampleNearest: (emit, { names: [x], attributes: { scale } }) => [
    emit.node('Resize', [x, '', emit.floats([1, 1, scale, scale], [4])], {
      mode: 'nearest',
      coordinate_transformation_mode: 'asymmetric',
      nearest_mode: 'floor',
    }),
  ],
} satisfies Partial<Lowerings>
