/** Matrix product of the last two axes, each operand transposed on demand; leading axes broadcast. */

import { formatShape } from '../errors/index.ts'
import type { Shape, Value } from '../graph/index.ts'
import { sumTo } from './broadcast.ts'
import { broadcastShape } from './elementwise.ts'
import { apply, expectFloats, type Operation } from './operation.ts'

export interface MatmulAttributes {
  readonly transposeA: boolean
  readonly transposeB: boolean
}

/** Rows and columns of an operand as the product sees it. */
export const matrixSize = (shape: Shape, transposed: boolean): [rows: number, columns: number] => {
  const [rows, columns] = shape.slice(-2)
  return transposed ? [columns, rows] : [rows, columns]
}

export const matmulOp: Operation<'matmul', MatmulAttributes> = {
  name: 'matmul',
  infer: (inputs, { transposeA, transposeB }, refuse) => {
    expectFloats(inputs, refuse)
    const [a, b] = inputs.map(({ shape }) => shape)
    if (a.length < 2 || b.length < 2)
      refuse('operands of rank 2 or more', `${formatShape(a)} and ${formatShape(b)}`)
    const [rows, inner] = matrixSize(a, transposeA)
    const [innerB, columns] = matrixSize(b, transposeB)
    if (inner !== innerB) refuse(`${inner} rows in the second operand`, `${innerB}`)
    const batch = broadcastShape([a.slice(0, -2), b.slice(0, -2)], refuse)
    return [{ dtype: inputs[0].dtype, shape: [...batch, rows, columns] }]
  },
  gradient: ({ inputs: [a, b], attributes: { transposeA, transposeB }, cotangents: [dy] }) => {
    const da = transposeA
      ? matmul(b, dy, { transposeA: transposeB, transposeB: true })
      : matmul(dy, b, { transposeB: !transposeB })
    const db = transposeB
      ? matmul(dy, a, { transposeA: true, transposeB: transposeA })
      : matmul(a, dy, { transposeA: !transposeA })
    return [sumTo(da, a.shape), sumTo(db, b.shape)]
  },
  multiplyAdds: ([a], [y], { transposeA }) =>
    y.shape.reduce((size, d) => size * d, 1) * matrixSize(a.shape, transposeA)[1],
}

export const matmul = (
  a: Value,
  b: Value,
  { transposeA = false, transposeB = false }: Partial<MatmulAttributes> = {},
): Value => apply(matmulOp, [a, b], { transposeA, transposeB })[0]
