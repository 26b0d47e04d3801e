/** Formulas of element-wise operations: operands broadcast. */

import { type Element, type Formula, type Formulas, stretched } from './element.ts'
import { call, type Expression, number, type Operation, typeOf } from './expression.ts'

const pointwise =
  <Attributes>(
    f: (operands: readonly Expression[], attributes: Attributes) => Expression,
  ): Formula<Attributes> =>
  ({ inputs, attributes }): Element =>
  (at, read) =>
    f(
      inputs.map((shape, input) => read(input, stretched(at, shape))),
      attributes,
    )

const same = (operation: Operation): Formula<object> =>
  pointwise(operands => call(operation, ...operands))

const clamp = (x: Expression, low: number, high: number): Expression =>
  call('min', call('max', x, number(low)), number(high))

const power = (x: Expression, exponent: number): Expression => {
  if (exponent === 2) return call('mul', x, x)
  if (exponent === 0.5) return call('sqrt', x)
  if (exponent === -1) return call('div', number(1), x)
  // The languages' own powers are of positive numbers.
  if (!Number.isInteger(exponent)) return call('power', x, number(exponent))
  const size = call('power', call('abs', x), number(exponent))
  return exponent % 2 === 0 ? size : call('mul', call('sign', x), size)
}

export const elementwise = {
  abs: same('abs'),
  add: same('add'),
  cast: pointwise(([x], { dtype }) => {
    if (dtype === 'int32') return call('int', x)
    return typeOf(x) === 'float' ? x : call('float', x)
  }),
  clip: pointwise(([x], { min, max }) => clamp(x, min, max)),
  div: same('div'),
  elu: pointwise(([x], { alpha }) =>
    call(
      'choose',
      call('greater', x, number(0)),
      x,
      call('mul', number(alpha), call('sub', call('exp', x), number(1))),
    ),
  ),
  equal: same('equal'),
  exp: same('exp'),
  greater: same('greater'),
  hardSigmoid: pointwise(([x], { alpha, beta }) =>
    clamp(call('add', call('mul', number(alpha), x), number(beta)), 0, 1),
  ),
  hardSwish: pointwise(([x]) =>
    call('div', call('mul', x, clamp(call('add', x, number(3)), 0, 6)), number(6)),
  ),
  less: same('less'),
  log: same('log'),
  maximum: same('max'),
  minimum: same('min'),
  mul: same('mul'),
  neg: same('neg'),
  power: pointwise(([x], { exponent }) => power(x, exponent)),
  relu: same('relu'),
  reluGradient: pointwise(([y, dy]) =>
    call('choose', call('greater', y, number(0)), dy, number(0)),
  ),
  sigmoid: same('sigmoid'),
  sign: same('sign'),
  silu: pointwise(([x]) => call('mul', x, call('sigmoid', x))),
  sqrt: same('sqrt'),
  sub: same('sub'),
  tanh: same('tanh'),
  where: same('choose'),
} satisfies Formulas
