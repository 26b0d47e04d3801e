/** Reductions and softmax. */

import { sizeOf } from '../../graph/index.ts'
import type { AttributesOf } from '../../ops/table.ts'
import type { Emitter, Lowering, Lowerings } from '../emitter.ts'

type Reduction = Lowering<AttributesOf<'reduceSum'>>

/** Σ over axes; over batch and space in two steps, which runs several times as fast as in one. */
export const reduceSum = (
  emit: Emitter,
  x: string,
  axes: readonly number[],
  keepDims: boolean,
): string => {
  const sum = (of: string, over: readonly number[], keepdims: boolean): string =>
    emit.node('ReduceSum', [of, emit.int64s(over)], { keepdims: keepdims ? 1 : 0 })
  const [first, ...rest] = axes
  if (first !== 0 || rest.length === 0 || rest[0] === 1) return sum(x, axes, keepDims)
  const spatial = sum(x, rest, keepDims)
  return sum(spatial, [0], keepDims)
}

/** Opset 17 takes the axes of all but ReduceSum as an attribute; no axes would mean all of them. */
const reduction =
  (opType: string): Reduction =>
  (emit, { names, attributes: { axes, keepDims } }) => {
    if (axes.length === 0) return [emit.node('Identity', names)]
    return [emit.node(opType, names, { axes, keepdims: keepDims ? 1 : 0 })]
  }

/** The longest row, of those that divide a size, whose zeros stay in a cache. */
const rowOf = (size: number): number => {
  let row = Math.min(size, 65536)
  while (size % row !== 0) row--
  return row
}

/** Σ 0·x: 0 where all are finite, else not a number. A matrix product reads at the speed of memory. */
const sumOfZeros = (emit: Emitter, x: string, size: number): string => {
  const row = rowOf(size)
  const rows = emit.node('Reshape', [x, emit.int64s([size / row, row])])
  const zeros = emit.node('Expand', [emit.floats([0], []), emit.int64s([row, 1])])
  return emit.node('ReduceSum', [emit.node('MatMul', [rows, zeros])], { keepdims: 0 })
}

export const reductions = {
  allFinite: (emit, { names, inputs }) => {
    // Added up as they are made: ONNX Runtime, which walks back from here, then keeps the graph's order.
    let total = emit.floats([0], [])
    for (const [i, x] of names.entries())
      total = emit.node('Add', [total, sumOfZeros(emit, x, sizeOf(inputs[i].shape))])
    return [emit.node('Equal', [total, emit.floats([0], [])])]
  },
  reduceMax: reduction('ReduceMax'),
  reduceMean: reduction('ReduceMean'),
  reduceMin: reduction('ReduceMin'),
  reduceSum: (emit, { names: [x], attributes: { axes, keepDims } }) => [
    axes.length === 0 ? emit.node('Identity', [x]) : reduceSum(emit, x, axes, keepDims),
  ],
  // ReduceSumSquare takes several times as long as the square and the sum.
  reduceSumSquare: (emit, { names: [x], attributes: { axes, keepDims } }) => {
    const square = emit.node('Mul', [x, x])
    return [axes.length === 0 ? square : reduceSum(emit, square, axes, keepDims)]
  },
  softmax: (emit, { names, attributes: { axis } }) => [emit.node('Softmax', names, { axis })],
  logSoftmax: (emit, { names, attributes: { axis } }) => [emit.node('LogSoftmax', names, { axis })],
} satisfies Partial<Lowerings>
