/** Matrix products; a transposed operand is one with its strides exchanged. */

import type { Shape } from '../../../graph/index.ts'
import { ARG } from '../constants.ts'
import { type Descriptor, rowMajorStrides } from '../descriptor.ts'
import type { Plan } from '../plan.ts'
import { type Lowerings, widened } from './lowering.ts'

const matrix = (plan: Plan, shape: Shape, transposed: boolean, rank: number): Descriptor => {
  const full = widened(shape, rank)
  const strides = rowMajorStrides(full)
  const exchange = (values: number[]): number[] =>
    transposed ? [...values.slice(0, -2), values[rank - 1], values[rank - 2]] : values
  return plan.descriptors.strided(exchange(full), exchange(strides))
}

export const products = {
  matmul: (plan, { inputs: [a, b], outputs: [y], attributes: { transposeA, transposeB } }) => {
    const rank = y.shape.length
    const [left, right] = [
      matrix(plan, a.shape, transposeA, rank),
      matrix(plan, b.shape, transposeB, rank),
    ]
    const to = plan.allocateRowMajor(y.shape)
    const primitive = plan.primitive({
      kind: 'matmul',
      values: [left, right, undefined, to.desc],
    })
    plan.execute(primitive, [
      [ARG.source, plan.window(plan.rowMajor(a), left)],
      [ARG.weights, plan.window(plan.rowMajor(b), right)],
      [ARG.result, to],
    ])
    plan.define(y, to)
  },
} satisfies Partial<Lowerings>
