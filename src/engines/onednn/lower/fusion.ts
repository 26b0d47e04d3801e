/**
 * Batch normalization with the relu after it: forward in one pass, which keeps one bit an element,
 * and backward in one pass with relu's gradient before it.
 */

import type { Value } from '../../../graph/index.ts'
import type { Plan, Stored } from '../plan.ts'

interface Forward {
  readonly x: Value
  readonly workspace: Stored
}

interface Backward {
  /** The cotangent before relu's gradient. */
  readonly dy: Value
  readonly workspace: Stored
}

interface Fusions {
  /** By relu's output. */
  readonly forward: Map<Value, Forward>
  /** By the output of relu's gradient, which is never computed. */
  readonly backward: Map<Value, Backward>
}

const fusions = new WeakMap<Plan, Fusions>()

const fusionsOf = (plan: Plan): Fusions => {
  const known = fusions.get(plan)
  if (known !== undefined) return known
  const made: Fusions = { forward: new Map(), backward: new Map() }
  fusions.set(plan, made)
  return made
}

/** Relu's output, if batch normalization of images is all that relu is read by. */
export const fusedRelu = (plan: Plan, y: Value): Value | undefined => {
  const next = plan.only(y)
  return next?.op === 'relu' && y.shape.length === 4 ? next.outputs[0] : undefined
}

export const noteForward = (plan: Plan, relu: Value, forward: Forward): void => {
  fusionsOf(plan).forward.set(relu, forward)
}

/** Leaves relu's gradient to the batch norm's, if that is all that reads it; says whether. */
export const fuseGradient = (plan: Plan, y: Value, dy: Value, dx: Value): boolean => {
  const { forward, backward } = fusionsOf(plan)
  const made = forward.get(y)
  const next = plan.only(dx)
  if (made === undefined || next?.op !== 'batchNormalizationGradient') return false
  const [x, , , , cotangent] = next.inputs
  if (x !== made.x || cotangent !== dx) return false
  backward.set(dx, { dy, workspace: made.workspace })
  return true
}

export const backwardFusion = (plan: Plan, dy: Value): Backward | undefined =>
  fusionsOf(plan).backward.get(dy)
