/** Matrix products. */

import type { Emitter, Lowerings } from '../emitter.ts'

/** The last two axes swapped; ONNX Runtime folds this into the product that follows. */
const swapped = (emit: Emitter, x: string, rank: number): string => {
  const perm = [...Array(rank).keys()]
  return emit.node('Transpose', [x], { perm: [...perm.slice(0, -2), rank - 1, rank - 2] })
}

export const matmul = {
  matmul: (emit, { names, inputs, attributes: { transposeA, transposeB } }) => {
    const [a, b] = names
    const [rankA, rankB] = inputs.map(({ shape }) => shape.length)
    if (rankA === 2 && rankB === 2 && transposeB)
      return [emit.node('Gemm', [a, b], { transA: transposeA ? 1 : 0, transB: 1 })]
    return [
      emit.node('MatMul', [
        transposeA ? swapped(emit, a, rankA) : a,
        transposeB ? swapped(emit, b, rankB) : b,
      ]),
    ]
  },
} satisfies Partial<Lowerings>
