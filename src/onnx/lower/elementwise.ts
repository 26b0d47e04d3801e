/** Element-wise operations: ONNX has nearly all of them by name. */

import { sizeOf } from '../../graph/index.ts'
import type { AttributesOf } from '../../ops/table.ts'
import type { CpuDType } from '../../tensor/tensor.ts'
import type { Lowering, Lowerings } from '../emitter.ts'

/** TensorProto.DataType */
const [FLOAT, INT32] = [1, 6]

/** The ONNX operator of the same meaning, without attributes. */
const as =
  (opType: string): Lowering<object> =>
  (emit, { names }) => [emit.node(opType, names)]

const constant: Lowering<AttributesOf<'constant'>> = (emit, { attributes }) => {
  const { dtype, shape, data } = attributes
  const { floats, ints, bytes, bools } = emit
  const write = { float32: floats, int32: ints, uint8: bytes, bool: bools }[dtype as CpuDType]
  if (data.length === sizeOf(shape)) return [write(data, shape)]
  return [emit.node('Expand', [write(data, []), emit.int64s(shape)])]
}

export const elementwise = {
  constant,
  abs: as('Abs'),
  add: as('Add'),
  div: as('Div'),
  equal: as('Equal'),
  exp: as('Exp'),
  greater: as('Greater'),
  hardSwish: as('HardSwish'),
  less: as('Less'),
  log: as('Log'),
  maximum: as('Max'),
  minimum: as('Min'),
  mul: as('Mul'),
  neg: as('Neg'),
  relu: as('Relu'),
  sigmoid: as('Sigmoid'),
  sign: as('Sign'),
  sqrt: as('Sqrt'),
  stopGradient: as('Identity'),
  sub: as('Sub'),
  tanh: as('Tanh'),
  where: as('Where'),
  cast: (emit, { names, attributes: { dtype } }) => [
    emit.node('Cast', names, { to: dtype === 'int32' ? INT32 : FLOAT }),
  ],
  clip: (emit, { names, attributes: { min, max } }) => [
    emit.node('Clip', [...names, emit.floats([min], []), emit.floats([max], [])]),
  ],
  elu: (emit, { names, attributes: { alpha } }) => [
    emit.node('Elu', names, { alpha: { float: alpha } }),
  ],
  hardSigmoid: (emit, { names, attributes: { alpha, beta } }) => [
    emit.node('HardSigmoid', names, { alpha: { float: alpha }, beta: { float: beta } }),
  ],
  power: (emit, { names, attributes: { exponent } }) => [
    emit.node('Pow', [...names, emit.floats([exponent], [])]),
  ],
  // A steep hard sigmoid is a step, several times as fast as Greater and Cast.
  reluGradient: (emit, { names: [y, dy] }) => {
    const step = emit.node('HardSigmoid', [y], { alpha: { float: 1e30 }, beta: { float: 0 } })
    return [emit.node('Mul', [dy, step])]
  },
  silu: (emit, { names: [x] }) => [emit.node('Mul', [x, emit.node('Sigmoid', [x])])],
} satisfies Partial<Lowerings>
