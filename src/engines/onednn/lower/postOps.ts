/**
 * Post-operations: a result that one element-wise operation alone reads is not stored; the operation
 * is done to it in the pass that makes it.
 */

import { type Shape, sameShape, sizeOf, type Value } from '../../../graph/index.ts'
import { ARG, BINARY, ELTWISE, PROP, type Versioned } from '../constants.ts'
import { type Descriptor, unit } from '../descriptor.ts'
import type { Fusible } from '../layouts.ts'
import type { Plan, Stored } from '../plan.ts'
import { type Binary, type Eltwise, isEltwise, type Post } from '../postOp.ts'
import type { PostOperation, Primitive } from '../primitives.ts'
import { isSmall } from '../program.ts'
import { widened } from './lowering.ts'

/** The library takes 32. */
const MAX_POST_OPS = 16

/**
 * What goes into one pass: one function at most, since after a second one version 2.6 computes wrong
 * numbers where an operand is a number.
 */
const splitPass = (posts: readonly Post[]): [Post[], Post[]] => {
  const functions = posts.flatMap((post, i) => (isEltwise(post) ? [i] : []))
  const end = Math.min(functions[1] ?? posts.length, MAX_POST_OPS)
  return [posts.slice(0, end), posts.slice(end)]
}

/** Operations that go on with an accumulator; those that must see their operand in memory are none. */
const FUSIBLE: ReadonlySet<string> = new Set(
  `abs add batchNormalizationInference div elu hardSwish log mul neg power relu sigmoid silu sqrt
   sub tanh`.split(/\s+/),
)

/** Leaves a value to the one element-wise operation that reads it, if so, else makes it. */
const deferOrMake = (plan: Plan, y: Value, make: Fusible): void => {
  const next = plan.soleReader(y)
  if (next !== undefined && FUSIBLE.has(next.op)) plan.deferFusible(y, make)
  else plan.define(y, make([]))
}

/** Says how a value is made by a primitive that takes post-operations. */
export const deferResult = (plan: Plan, y: Value, base: Fusible): void =>
  deferOrMake(plan, y, posts => {
    const [together, after] = splitPass(posts)
    return applyPostOps(plan, base(together), after)
  })

/** y as x with these done to it: in x's own pass, if x is deferred. */
export const fuseInto = (plan: Plan, x: Value, y: Value, posts: readonly Post[]): void => {
  const base = plan.fusible(x) ?? (more => applyPostOps(plan, plan.native(x), more))
  deferOrMake(plan, y, more => base([...posts, ...more]))
}

/** Post-operations as a primitive takes them, with what they need when it is executed. */
export const resolvePostOps = (posts: readonly Post[], desc: Descriptor) => {
  const operands: Stored[] = []
  const post = posts.map((one): PostOperation => {
    if (isEltwise(one)) {
      const { algorithm, alpha = 0, beta = 0 } = one
      return { eltwise: algorithm, alpha, beta }
    }
    const operand = one.operand(desc)
    operands.push(operand)
    return { binary: one.binary, operand: operand.desc }
  })
  const given = (primitive: Primitive): [number, Stored][] => {
    const binaries = posts.flatMap((one, i) => ('binary' in one ? [i] : []))
    return binaries.map((index, i) => [primitive.operand(index), operands[i]])
  }
  return { post, given }
}

type SmallLoop = (y: Float32Array, x: Float32Array, alpha: number, beta: number) => void

const smallLoops: ReadonlyMap<Versioned, SmallLoop> = new Map<Versioned, SmallLoop>([
  [
    ELTWISE.linear,
    (y, x, alpha, beta) => {
      for (let i = 0; i < y.length; i++) y[i] = alpha * x[i] + beta
    },
  ],
  [
    ELTWISE.elu,
    (y, x, alpha) => {
      for (let i = 0; i < y.length; i++) y[i] = x[i] > 0 ? x[i] : alpha * Math.expm1(x[i])
    },
  ],
])

/** y = f(x), in x's layout. */
export const eltwise = (
  plan: Plan,
  from: Stored,
  { algorithm, alpha = 0, beta = 0 }: Eltwise,
): Stored => {
  const loop = isSmall(from.desc) ? smallLoops.get(algorithm) : undefined
  if (loop !== undefined) {
    const made = plan.allocate(from.desc)
    plan.loop([from], [made], ([x], [y]) => loop(y, x, alpha, beta))
    return made
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

/** y = f(x1, x2), in x1's layout, and these done to it. */
export const binary = (
  plan: Plan,
  algorithm: number,
  [left, right]: readonly [Stored, Stored],
  posts: readonly Post[] = [],
): Stored => {
  const { post, given } = resolvePostOps(posts, left.desc)
  const primitive = plan.primitive({
    kind: 'binary',
    values: [algorithm, left.desc, right.desc, left.desc],
    post,
  })
  const to = plan.allocate(left.desc)
  plan.execute(primitive, [
    [ARG.source, left],
    [ARG.source1, right],
    ...given(primitive),
    [ARG.result, to],
  ])
  return to
}

/** A line through the origin, or a shift, as an operation with a number: that one takes posts. */
const withNumber = (plan: Plan, { alpha = 0, beta = 0 }: Eltwise, rank: number) => {
  const number = (value: number): Stored => plan.constant(new Array<number>(rank).fill(1), [value])
  if (beta === 0) return { algorithm: BINARY.mul, operand: number(alpha) }
  return alpha === 1 ? { algorithm: BINARY.add, operand: number(beta) } : undefined
}

/** These done to a tensor, in as few passes as may be: a binary primitive takes posts. */
export const applyPostOps = (plan: Plan, from: Stored, posts: readonly Post[]): Stored => {
  const [first, ...rest] = posts
  if (first === undefined) return from
  const [together, after] = splitPass(rest)
  if (!isEltwise(first)) {
    const pair = [from, first.operand(from.desc)] as const
    return applyPostOps(plan, binary(plan, first.binary, pair, together), after)
  }
  const line =
    together.length > 0 && first.algorithm === ELTWISE.linear
      ? withNumber(plan, first, from.desc.dims.length)
      : undefined
  if (line === undefined) return applyPostOps(plan, eltwise(plan, from, first), rest)
  const pair = [from, line.operand] as const
  return applyPostOps(plan, binary(plan, line.algorithm, pair, together), after)
}

/** Whether a value can be the operand of a post-operation: full, one number, or one a channel. */
export const isOperand = (value: Value, shape: Shape): boolean => {
  if (sameShape(value.shape, shape) || sizeOf(value.shape) === 1) return true
  const narrow = widened(value.shape, shape.length)
  return shape.length > 1 && narrow.every((size, axis) => size === (axis === 1 ? shape[1] : 1))
}

/** A tensor that stretches along some axes, in the blocks of the one that it meets. */
export const narrowOperand = (plan: Plan, from: Stored, shape: Shape, desc: Descriptor): Stored => {
  const { descriptors } = plan
  const narrow = widened(shape, desc.dims.length)
  const right = plan.window(from, descriptors.strided(narrow))
  const blocked = narrow[1] === desc.dims[1] && descriptors.alike(desc, narrow)
  if (!blocked) return right
  if (blocked.size === right.desc.size) return plan.window(right, blocked)
  return plan.reorder(right, blocked)
}

/** oneDNN 2.6 miscomputes per-channel operands of [N, C, 1, 1] tensors, so these get one number per element. */
const repeatOperand = (plan: Plan, from: Stored, desc: Descriptor): Stored => {
  const to = plan.allocate(desc)
  plan.loop([from], [to], ([source], [target]) => {
    for (let at = 0; at < target.length; at += source.length) target.set(source, at)
  })
  return to
}

/** Numbers of this shape, which is full, one, or one a channel, as the operand of a post-operation. */
export const operand =
  (plan: Plan, from: Stored, shape: Shape): Binary['operand'] =>
  desc => {
    const { dims, isRowMajor } = desc
    const flat = isRowMajor && dims.length > 2 && sizeOf(dims.slice(2)) === 1
    if (flat && dims[1] > 1 && sizeOf(shape) === dims[1] && sizeOf(shape) < sizeOf(dims))
      return repeatOperand(plan, from, desc)
    return narrowOperand(plan, from, shape, desc)
  }

export const operandOf =
  (plan: Plan, value: Value): Binary['operand'] =>
  desc =>
    sameShape(unit(value.shape), desc.dims)
      ? plan.inLayout(value, desc)
      : operand(plan, plan.rowMajor(value), value.shape)(desc)
