/** Element-wise operations: eltwise and binary primitives, in the layout that their inputs have. */

import { type Shape, sameShape, sizeOf, type Value } from '../../../graph/index.ts'
import { ARG, BINARY, ELTWISE, PROP, type Versioned } from '../constants.ts'
import { unit } from '../descriptor.ts'
import type { Plan, Stored } from '../plan.ts'
import { type Eltwise, RELU } from '../postOp.ts'
import { stretch } from './loops.ts'
import { type Lowering, type Lowerings, numberIn, widened } from './lowering.ts'
import {
  binary,
  deferResult,
  eltwise,
  fuseInto,
  isOperand,
  narrowOperand,
  operandOf,
} from './postOps.ts'

const unary =
  <Attributes>(of: (attributes: Attributes) => readonly Eltwise[]): Lowering<Attributes> =>
  (plan, { inputs: [x], outputs: [y], attributes }) => {
    // Relu may have been made with its batch norm.
    if (!plan.has(y)) fuseInto(plan, x, y, of(attributes))
  }

/** What an operand stretches from, if it was stretched only to meet the other one. */
const unstretched = (value: Value): Value =>
  value.node?.op === 'expand' ? value.node.inputs[0] : value

/**
 * Whether an operand stretches along some axes, but has extent over places. One number for all
 * channels of a place is read element by element, forty times as slowly as a full operand; and in
 * blocks of channels oneDNN 2.6 computes wrong numbers of any such operand.
 */
const isNarrowOverPlaces = (narrow: Shape, shape: Shape, isRowMajor: boolean): boolean =>
  narrow.slice(2).some(size => size > 1) && (!isRowMajor || (narrow[1] === 1 && shape[1] > 1))

/** The operands as the primitive takes them: the first full, the second full or narrow. */
const operands = (plan: Plan, a: Value, b: Value, shape: Shape): [Stored, Stored] => {
  const { descriptors } = plan
  if (!sameShape(a.shape, shape)) {
    const full = stretch(plan, a, shape)
    const narrow = widened(b.shape, unit(shape).length)
    return [full, plan.window(plan.rowMajor(b), descriptors.strided(narrow))]
  }
  const left = plan.native(a)
  if (sameShape(b.shape, shape)) {
    const right = plan.native(b)
    const { desc } = left.desc.isRowMajor ? right : left
    return [plan.inLayout(a, desc), plan.inLayout(b, desc)]
  }
  const narrow = widened(b.shape, unit(shape).length)
  if (isNarrowOverPlaces(narrow, shape, left.desc.isRowMajor))
    return [left, plan.reorder(stretch(plan, b, shape), left.desc)]
  return [left, narrowOperand(plan, plan.rowMajor(b), b.shape, left.desc)]
}

/** f(a, b) as what is done to b. */
interface Reversed {
  readonly before: readonly Eltwise[]
  readonly algorithm: number
}

const commuting = (algorithm: number): Reversed => ({ before: [], algorithm })

/** a − b = −b + a */
const SUBTRACTED: Reversed = {
  before: [{ algorithm: ELTWISE.linear, alpha: -1 }],
  algorithm: BINARY.add,
}

/** y = f(a, b), in the pass that makes a or b where that one waits; with a number on one side, y = alpha·x + beta where `linear` says so. */
const broadcast =
  (
    algorithm: number,
    reversed?: Reversed,
    linear?: (c: number, right: boolean) => Pick<Eltwise, 'alpha' | 'beta'>,
  ): Lowering<object> =>
  (plan, { inputs: [a, b], outputs: [y] }) => {
    for (const [x, other, right] of [[a, b, true] as const, [b, a, false] as const]) {
      const c = numberIn(other)
      if (linear === undefined || c === undefined || !sameShape(x.shape, y.shape)) continue
      const { alpha = 1, beta = 0 } = linear(c, right)
      return fuseInto(plan, x, y, [{ algorithm: ELTWISE.linear, alpha, beta }])
    }
    const [left, right] = [unstretched(a), unstretched(b)]
    const isFull = (value: Value): boolean => sameShape(value.shape, y.shape)
    const [first, second] =
      isFull(left) || isFull(right) ? [left, right] : isFull(a) ? [a, right] : [left, b]
    const swap = reversed?.algorithm === algorithm && !isFull(first) && isFull(second)
    const [x1, x2] = swap ? [second, first] : [first, second]
    const takes = (x: Value, other: Value): boolean =>
      plan.fusible(x) !== undefined && isFull(x) && isOperand(other, y.shape)
    if (takes(x1, x2))
      return fuseInto(plan, x1, y, [{ binary: algorithm, operand: operandOf(plan, x2) }])
    if (reversed !== undefined && takes(x2, x1))
      return fuseInto(plan, x2, y, [
        ...reversed.before,
        { binary: reversed.algorithm, operand: operandOf(plan, x1) },
      ])
    deferResult(plan, y, posts => binary(plan, algorithm, operands(plan, x1, x2, y.shape), posts))
  }

const fixed = (algorithm: Versioned, alpha = 0, beta = 0): Lowering<object> =>
  unary(() => [{ algorithm, alpha, beta }])

export const elementwise = {
  abs: fixed(ELTWISE.abs),
  add: broadcast(BINARY.add, commuting(BINARY.add), c => ({ beta: c })),
  constant: (plan, { outputs: [y], attributes: { data } }) =>
    plan.defer(y, () => {
      const count = sizeOf(y.shape)
      const all = data.length === 1 ? new Float32Array(count).fill(data[0]) : data
      return plan.constant(y.shape, all, y.dtype)
    }),
  div: broadcast(BINARY.div),
  elu: unary(({ alpha }) => [{ algorithm: ELTWISE.elu, alpha }]),
  equal: broadcast(BINARY.equal, commuting(BINARY.equal)),
  // The library's makes Infinity of NaN. The larger of exp x and x is exp x, and NaN where x is.
  exp: (plan, { inputs: [x], outputs: [y] }) =>
    deferResult(plan, y, posts => {
      const from = plan.native(x)
      const made = eltwise(plan, from, { algorithm: ELTWISE.exp })
      return binary(plan, BINARY.maximum, [made, from], posts)
    }),
  expand: (plan, { inputs: [x], outputs: [y] }) => plan.defer(y, () => stretch(plan, x, y.shape)),
  hardSwish: fixed(ELTWISE.hardSwish, 1 / 6, 1 / 2),
  less: broadcast(BINARY.less),
  log: fixed(ELTWISE.log),
  mul: broadcast(BINARY.mul, commuting(BINARY.mul), c => ({ alpha: c })),
  neg: fixed(ELTWISE.linear, -1),
  power: unary(({ exponent }) => [{ algorithm: ELTWISE.pow, alpha: 1, beta: exponent }]),
  relu: unary(() => [RELU]),
  reluGradient: (plan, { inputs: [y, dy], outputs: [dx] }) => {
    // The gradient of the batch norm before does it, if it can.
    const fused = plan.relus.backward.get(dx)
    if (fused !== undefined && plan.has(fused.workspace)) return
    const result = plan.native(y)
    const { desc } = result.desc.isRowMajor ? plan.native(dy) : result
    const algorithm = ELTWISE.reluFromOutput
    const { hint } = plan.primitive({
      kind: 'eltwiseForward',
      values: [PROP.training, algorithm, desc, 0, 0],
    })
    const primitive = plan.primitive({
      kind: 'eltwiseBackward',
      values: [algorithm, desc, desc, 0, 0],
      hint,
    })
    const to = plan.allocate(desc)
    plan.execute(primitive, [
      [ARG.result, plan.inLayout(y, desc)],
      [ARG.dResult, plan.inLayout(dy, desc)],
      [ARG.dSource, to],
    ])
    plan.define(dx, to)
  },
  sigmoid: fixed(ELTWISE.logistic),
  silu: fixed(ELTWISE.swish, 1),
  sqrt: fixed(ELTWISE.sqrt),
  stopGradient: (plan, { inputs: [x], outputs: [y] }) => plan.alias(y, x),
  sub: broadcast(BINARY.sub, SUBTRACTED, (c, right) =>
    right ? { beta: -c } : { alpha: -1, beta: c },
  ),
  tanh: fixed(ELTWISE.tanh),
} satisfies Partial<Lowerings>
