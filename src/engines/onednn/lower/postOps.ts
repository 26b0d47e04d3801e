/**
 * Chains: a result that one element-wise operation alone reads is not stored; the operation is done
 * to it in the same pass, as a post-operation of what makes it.
 */

import { type Shape, sameShape, sizeOf, type Value } from '../../../graph/index.ts'
import { ARG, BINARY, ELTWISE, PROP, type Versioned } from '../constants.ts'
import { type Descriptor, unit } from '../descriptor.ts'
import { isSmall, type Plan, type Stored } from '../plan.ts'
import type { PostOperation, Primitive } from '../primitives.ts'
import { widened } from './lowering.ts'

/** f(x), with two numbers. */
export interface Eltwise {
  readonly algorithm: Versioned
  readonly alpha?: number
  readonly beta?: number
}

/** f(x, y), y in a layout that goes with x's. */
export interface Binary {
  readonly binary: number
  readonly operand: (desc: Descriptor) => Stored
}

/** ReLU, as ELU with α = −0, which makes 0 of all negative numbers: the library's own makes it of NaN too. */
export const RELU: Eltwise = { algorithm: ELTWISE.elu, alpha: -0 }

export type Post = Eltwise | Binary

/** Makes a result and does these to it. */
export type Base = (posts: readonly Post[]) => Stored

interface Chain {
  readonly base: Base
  readonly posts: readonly Post[]
}

/** The library takes 32. */
const MOST = 16

const isEltwise = (post: Post): post is Eltwise => 'algorithm' in post

/**
 * What goes into one pass: one function at most, since after a second one version 2.6 computes wrong
 * numbers where an operand is a number.
 */
const parted = (posts: readonly Post[]): [Post[], Post[]] => {
  const functions = posts.flatMap((post, i) => (isEltwise(post) ? [i] : []))
  const end = functions[1] ?? posts.length
  return [posts.slice(0, end), posts.slice(end)]
}

const emitted = (plan: Plan, base: Base, posts: readonly Post[]): Stored => {
  const [together, after] = parted(posts)
  return applied(plan, base(together), after)
}

const chains = new WeakMap<Plan, Map<Value, Chain>>()

const chainsOf = (plan: Plan): Map<Value, Chain> => {
  const known = chains.get(plan) ?? new Map<Value, Chain>()
  chains.set(plan, known)
  return known
}

/** Operations that go on with an accumulator; those that must see their operand in memory are none. */
const FUSIBLE: ReadonlySet<string> = new Set(
  `abs add batchNormalizationInference div elu hardSwish log mul neg power relu sigmoid silu sqrt
   sub tanh`.split(/\s+/),
)

/** Says how a value is made, and leaves it to the one element-wise operation that reads it, if so. */
export const begin = (plan: Plan, y: Value, base: Base, posts: readonly Post[] = []): void => {
  const next = plan.only(y)
  const taken = next !== undefined && FUSIBLE.has(next.op) && posts.length < MOST
  if (taken) chainsOf(plan).set(y, { base, posts })
  if (taken) plan.later(y, () => emitted(plan, base, posts))
  else plan.define(y, emitted(plan, base, posts))
}

/** Whether a value waits for what is done to it. */
export const waits = (plan: Plan, x: Value): boolean => !plan.has(x) && chainsOf(plan).has(x)

/** y as x with these done to it: in x's own pass, if x waits. */
export const follow = (plan: Plan, x: Value, y: Value, posts: readonly Post[]): void => {
  const chain = chainsOf(plan).get(x)
  const waiting = chain !== undefined && !plan.has(x)
  if (waiting) begin(plan, y, chain.base, [...chain.posts, ...posts])
  else begin(plan, y, more => applied(plan, plan.natural(x), more), posts)
}

/** As a primitive takes them, with what they need when it is executed. */
export const resolve = (posts: readonly Post[], desc: Descriptor) => {
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
  const { post, given } = resolve(posts, left.desc)
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
export const applied = (plan: Plan, from: Stored, posts: readonly Post[]): Stored => {
  const [first, ...rest] = posts
  if (first === undefined) return from
  const [together, after] = parted(rest)
  if (!isEltwise(first)) {
    const pair = [from, first.operand(from.desc)] as const
    return applied(plan, binary(plan, first.binary, pair, together), after)
  }
  const line =
    together.length > 0 && first.algorithm === ELTWISE.linear
      ? withNumber(plan, first, from.desc.dims.length)
      : undefined
  if (line === undefined) return applied(plan, eltwise(plan, from, first), rest)
  const pair = [from, line.operand] as const
  return applied(plan, binary(plan, line.algorithm, pair, together), after)
}

/** Whether a value can be the operand of a post-operation: full, one number, or one a channel. */
export const isOperand = (value: Value, shape: Shape): boolean => {
  if (sameShape(value.shape, shape) || sizeOf(value.shape) === 1) return true
  const narrow = widened(value.shape, shape.length)
  return shape.length > 1 && narrow.every((size, axis) => size === (axis === 1 ? shape[1] : 1))
}

/** A tensor that stretches along some axes, in the blocks of the one that it meets. */
export const narrowed = (plan: Plan, from: Stored, shape: Shape, desc: Descriptor): Stored => {
  const { descriptors } = plan
  const narrow = widened(shape, desc.dims.length)
  const right = plan.window(from, descriptors.strided(narrow))
  const blocked = narrow[1] === desc.dims[1] && descriptors.alike(desc, narrow)
  if (!blocked) return right
  if (blocked.size === right.desc.size) return plan.window(right, blocked)
  return plan.brought(right, blocked)
}

/** Of [N, C, 1, 1] version 2.6 takes one a channel wrongly: so one an element there. */
const repeated = (plan: Plan, from: Stored, desc: Descriptor): Stored => {
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
    const { dims, plain } = desc
    const flat = plain && dims.length > 2 && sizeOf(dims.slice(2)) === 1
    if (flat && dims[1] > 1 && sizeOf(shape) === dims[1] && sizeOf(shape) < sizeOf(dims))
      return repeated(plan, from, desc)
    return narrowed(plan, from, shape, desc)
  }

export const operandOf =
  (plan: Plan, value: Value): Binary['operand'] =>
  desc =>
    sameShape(unit(value.shape), desc.dims)
      ? plan.in(value, desc)
      : operand(plan, plan.plain(value), value.shape)(desc)
