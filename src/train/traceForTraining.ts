/** A network traced for training, with the random inputs it asks for and the buffers it updates. */

import { input, type Shape, type Value } from '../graph/index.ts'
import { type Layer, type Mode, type Named, trace, type Values } from '../nn/index.ts'

/** Random zeros for dropout, to be drawn anew for each step. */
export interface Mask {
  readonly name: string
  readonly shape: Shape
  readonly rate: number
}

/** Random numbers in [0, 1), to be drawn anew for each step: how shake-shake mixes its branches. */
export interface Uniform {
  readonly name: string
  readonly shape: Shape
}

export interface Traced {
  readonly outputs: Values
  /** What buffers become, for those that change. */
  readonly updates: ReadonlyMap<Value, Value>
  readonly masks: readonly Mask[]
  readonly uniforms: readonly Uniform[]
}

/**
 * @param tensors - parameters and buffers by name
 * @param targets - of the batch, for networks that choose by them what they compute
 * @param synchronized - how many processes' parts of a batch its statistics are of
 * @param batchStatistics - whether a layer's batch normalization uses and updates the batch's
 */
export const traceForTraining = (
  network: Layer<Value, Values>,
  images: Value,
  tensors: ReadonlyMap<string, Value>,
  batchStatistics: (path: string) => boolean,
  targets?: Named,
  synchronized?: number,
): Traced => {
  const masks: Mask[] = []
  const uniforms: Uniform[] = []
  const updates = new Map<Value, Value>()
  const mode: Omit<Mode, 'batchStatistics'> = {
    training: true,
    targets,
    synchronized,
    update: (buffer, next) => updates.set(buffer, next),
    mask: (shape, rate) => {
      const name = `mask${masks.length}`
      masks.push({ name, shape, rate })
      return input(name, shape)
    },
    uniform: shape => {
      const name = `uniform${uniforms.length}`
      uniforms.push({ name, shape })
      return input(name, shape)
    },
  }
  const outputs = trace(
    network,
    name => tensors.get(name) as Value,
    images,
    path => ({ ...mode, batchStatistics: batchStatistics(path) }),
  )
  return { outputs, updates, masks, uniforms }
}
