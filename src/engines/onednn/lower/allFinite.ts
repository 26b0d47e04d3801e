/** Whether all elements are finite: long vectors by a matrix product with zeros, at the speed of memory. */

import { sizeOf } from '../../../graph/index.ts'
import type { NoAttributes } from '../../../ops/operation.ts'
import { ARG } from '../constants.ts'
import type { Plan, Stored } from '../plan.ts'
import type { Lowering } from './lowering.ts'

/** Elements of a row: their zeros stay in the nearest cache. */
const ROW = 4096
/** Fewer rows than these are not worth a primitive. */
const LEAST_ROWS = 16

/** 0·x summed by rows is 0 where all are finite, else not a number; what is left over stays as it is. */
const folded = (plan: Plan, from: Stored, size: number): Stored[] => {
  const rows = Math.floor(size / ROW)
  if (rows < LEAST_ROWS) return [from]
  const { strided } = plan.descriptors
  const matrix = strided([rows, ROW])
  const zeros = plan.constant([ROW, 1], new Float32Array(ROW))
  const sums = plan.allocateRowMajor([rows, 1])
  const primitive = plan.primitive({
    kind: 'matmul',
    values: [matrix, zeros.desc, undefined, sums.desc],
  })
  plan.execute(primitive, [
    [ARG.source, plan.window(from, matrix)],
    [ARG.weights, zeros],
    [ARG.result, sums],
  ])
  const rest = size - rows * ROW
  return rest === 0 ? [sums] : [sums, plan.window(from, strided([rest]), rows * ROW * 4)]
}

export const allFinite: Lowering<NoAttributes> = (plan, { inputs, outputs: [y] }) => {
  const parts = inputs.flatMap(x => folded(plan, plan.rowMajor(x), sizeOf(x.shape)))
  const to = plan.allocateRowMajor([], 'bool')
  plan.loop(parts, [to], (given, [target]) => {
    let sum = 0
    for (const part of given) for (let i = 0; i < part.length; i++) sum += part[i] * 0
    target[0] = sum === 0 ? 1 : 0
  })
  plan.define(y, to)
}
