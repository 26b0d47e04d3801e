/** Element-wise operations: eltwise and binary primitives, in the layout that their inputs have. */

import { type Shape, sameShape, sizeOf, type Value } from '../../../graph/index.ts'
import { ARG, BINARY, ELTWISE, PROP, type Versioned } from '../constants.ts'
import { rowMajor, unit } from '../descriptor.ts'
import { isSmall, type Plan, type Stored } from '../plan.ts'
import type { PostOperation } from '../primitives.ts'
import { fuseGradient } from './fusion.ts'
import { type Lowering, type Lowerings, numberIn, widened } from './lowering.ts'

interface Eltwise {
  readonly algorithm: Versioned
  readonly alpha?: number
  readonly beta?: number
}

/** y = f(x), in x's layout. */
export const eltwise = (
  plan: Plan,
  from: Stored,
  { algorithm, alpha = 0, beta = 0 }: Eltwise,
): Stored => {
  if (algorithm === ELTWISE.linear && isSmall(from.desc)) {
    const line = plan.allocate(from.desc)
    plan.loop([from], [line], ([x], [y]) => {
      for (let i = 0; i < y.length; i++) y[i] = alpha * x[i] + beta
    })
    return line
  }
  const primitive = plan.primitive({
    kind: 'eltwiseForward',
    values: [PROP.inference, algorithm, from.desc, alpha, beta],
  })
  const to = plan.allocate(from.desc)
  plan.execute(primitive, [
    [ARG.source, from],
    [ARG.result, to],
  ])
  return to
}

const unary =
  <Attributes>(of: (attributes: Attributes) => Eltwise): Lowering<Attributes> =>
  (plan, { inputs: [x], outputs: [y], attributes }) =>
    plan.define(y, eltwise(plan, plan.natural(x), of(attributes)))

/** Copies a tensor along the axes that it stretches over. */
const stretch = (plan: Plan, x: Value, shape: Shape): Stored => {
  const to = plan.plainly(shape)
  const full = unit(shape)
  const from = widened(x.shape, full.length)
  const strides = rowMajor(from).map((stride, axis) => (from[axis] === 1 ? 0 : stride))
  const inner = full[full.length - 1]
  const [step] = strides.slice(-1)
  plan.loop([plan.plain(x)], [to], ([source], [target]) => {
    const at = new Int32Array(full.length)
    let base = 0
    for (let start = 0; start < target.length; start += inner) {
      if (step === 0) target.fill(source[base], start, start + inner)
      else target.set(source.subarray(base, base + inner), start)
      for (let axis = full.length - 2; axis >= 0; axis--) {
        base += strides[axis]
        if (++at[axis] < full[axis]) break
        base -= strides[axis] * full[axis]
        at[axis] = 0
      }
    }
  })
  return to
}

/** What an operand stretches from, if it was stretched only to meet the other one. */
const unstretched = (value: Value): Value =>
  value.node?.op === 'expand' ? value.node.inputs[0] : value

/** The operands as the primitive takes them: the first full, the second full or narrow. */
const operands = (plan: Plan, a: Value, b: Value, shape: Shape): [Stored, Stored] => {
  const { descriptors } = plan
  if (!sameShape(a.shape, shape)) {
    const full = stretch(plan, a, shape)
    const narrow = widened(b.shape, unit(shape).length)
    return [full, plan.window(plan.plain(b), descriptors.strided(narrow))]
  }
  const left = plan.natural(a)
  if (sameShape(b.shape, shape)) {
    const right = plan.natural(b)
    const { desc } = left.desc.plain ? right : left
    return [plan.in(a, desc), plan.in(b, desc)]
  }
  const narrow = widened(b.shape, unit(shape).length)
  const right = plan.window(plan.plain(b), descriptors.strided(narrow))
  const blocked = narrow[1] === shape[1] && descriptors.alike(left.desc, narrow)
  if (!blocked) return [left, right]
  if (blocked.size === right.desc.size) return [left, plan.window(right, blocked)]
  const copy = plan.allocate(blocked)
  plan.copy(right, copy)
  return [left, copy]
}

export const binary = (
  plan: Plan,
  algorithm: number,
  a: Value,
  b: Value,
  shape: Shape,
  post: readonly PostOperation[] = [],
): Stored => {
  const [left, right] = operands(plan, a, b, shape)
  const primitive = plan.primitive({
    kind: 'binary',
    values: [algorithm, left.desc, right.desc, left.desc],
    post,
  })
  const to = plan.allocate(left.desc)
  plan.execute(primitive, [
    [ARG.source, left],
    [ARG.source1, right],
    [ARG.result, to],
  ])
  return to
}

const RELU: PostOperation = { eltwise: ELTWISE.relu, alpha: 0, beta: 0 }

/** y = f(a, b), and relu after it where nothing else reads y; with a number on one side, y = alpha·x + beta where `linear` says so. */
const broadcast =
  (
    algorithm: number,
    commutes: boolean,
    linear?: (c: number, right: boolean) => Pick<Eltwise, 'alpha' | 'beta'>,
  ): Lowering<object> =>
  (plan, { inputs: [a, b], outputs: [y] }) => {
    for (const [x, other, right] of [[a, b, true] as const, [b, a, false] as const]) {
      const c = numberIn(other)
      if (linear === undefined || c === undefined || !sameShape(x.shape, y.shape)) continue
      const { alpha = 1, beta = 0 } = linear(c, right)
      const form = { algorithm: ELTWISE.linear, alpha, beta }
      return plan.define(y, eltwise(plan, plan.natural(x), form))
    }
    const [left, right] = [unstretched(a), unstretched(b)]
    const isFull = (value: Value): boolean => sameShape(value.shape, y.shape)
    const [first, second] =
      isFull(left) || isFull(right) ? [left, right] : isFull(a) ? [a, right] : [left, b]
    const swap = commutes && !isFull(first) && isFull(second)
    const [x1, x2] = swap ? [second, first] : [first, second]
    const next = plan.only(y)
    if (next?.op === 'relu')
      return plan.define(next.outputs[0], binary(plan, algorithm, x1, x2, y.shape, [RELU]))
    plan.define(y, binary(plan, algorithm, x1, x2, y.shape))
  }

const fixed = (algorithm: Versioned, alpha = 0, beta = 0): Lowering<object> =>
  unary(() => ({ algorithm, alpha, beta }))

export const elementwise = {
  abs: fixed(ELTWISE.abs),
  add: broadcast(BINARY.add, true, c => ({ beta: c })),
  clip: unary(({ min, max }) => ({ algorithm: ELTWISE.clip, alpha: min, beta: max })),
  constant: (plan, { outputs: [y], attributes: { data } }) =>
    plan.later(y, () => {
      const count = sizeOf(y.shape)
      const all = data.length === 1 ? new Float32Array(count).fill(data[0]) : data
      return plan.constant(y.shape, all, y.dtype)
    }),
  div: broadcast(BINARY.div, false),
  elu: unary(({ alpha }) => ({ algorithm: ELTWISE.elu, alpha })),
  equal: broadcast(BINARY.equal, true),
  exp: fixed(ELTWISE.exp),
  expand: (plan, { inputs: [x], outputs: [y] }) => plan.later(y, () => stretch(plan, x, y.shape)),
  greater: broadcast(BINARY.greater, false),
  hardSigmoid: (plan, { inputs: [x], outputs: [y], attributes: { alpha, beta } }) => {
    const line = eltwise(plan, plan.natural(x), { algorithm: ELTWISE.linear, alpha, beta })
    plan.define(y, eltwise(plan, line, { algorithm: ELTWISE.clip, alpha: 0, beta: 1 }))
  },
  hardSwish: fixed(ELTWISE.hardSwish, 1 / 6, 1 / 2),
  less: broadcast(BINARY.less, false),
  log: fixed(ELTWISE.log),
  maximum: broadcast(BINARY.maximum, true),
  minimum: broadcast(BINARY.minimum, true),
  mul: broadcast(BINARY.mul, true, c => ({ alpha: c })),
  neg: fixed(ELTWISE.linear, -1),
  power: unary(({ exponent }) => ({ algorithm: ELTWISE.pow, alpha: 1, beta: exponent })),
  relu: (plan, { inputs: [x], outputs: [y] }) => {
    if (!plan.has(y)) plan.define(y, eltwise(plan, plan.natural(x), { algorithm: ELTWISE.relu }))
  },
  reluGradient: (plan, { inputs: [y, dy], outputs: [dx] }) => {
    if (fuseGradient(plan, y, dy, dx)) return
    const result = plan.natural(y)
    const { desc } = result.desc.plain ? plan.natural(dy) : result
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
      [ARG.result, plan.in(y, desc)],
      [ARG.dResult, plan.in(dy, desc)],
      [ARG.dSource, to],
    ])
    plan.define(dx, to)
  },
  sigmoid: fixed(ELTWISE.logistic),
  silu: fixed(ELTWISE.swish, 1),
  sqrt: fixed(ELTWISE.sqrt),
  stopGradient: (plan, { inputs: [x], outputs: [y] }) => plan.same(y, x),
  sub: broadcast(BINARY.sub, false, (c, right) => (right ? { beta: -c } : { alpha: -1, beta: c })),
  tanh: fixed(ELTWISE.tanh),
} satisfies Partial<Lowerings>
