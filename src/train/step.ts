/** The training step: forward, backward and update as one graph. */

import { type Graph, graph, input, type Shape, type Value } from '../graph/index.ts'
import {
  imagesInput,
  isValue,
  namedValues,
  type Statistics,
  type TaskNetwork,
  trace,
} from '../nn/index.ts'
import { add, mul, reduceSum, reduceSumSquare, sqrt, where } from '../ops/index.ts'
import { classification } from '../tasks/classification.ts'
import type { Task } from '../tasks/task.ts'
import { clipByNorm, decayTerm, ema, flatGradient, flatten } from './flatValues.ts'
import { isFiniteStep } from './isFiniteStep.ts'
import { type Entry, type Layout, layoutsOf, unflatten } from './layout.ts'
import type { Optimizer } from './optimizers.ts'
import { type Ranks, shared } from './ranks.ts'
import { type Mask, traceForTraining, type Uniform } from './traceForTraining.ts'
import type { DecayRule } from './weightDecay.ts'

/** What a task says of the graph. */
export type GraphTask = Pick<Task, 'output' | 'targets' | 'loss'>

export interface StepOptions {
  readonly network: TaskNetwork
  /** Classification unless given. */
  readonly task?: GraphTask | undefined
  /** [N, C, H, W] of a batch. */
  readonly images: Shape
  readonly optimizer: Optimizer
  readonly weightDecay?: number | undefined
  readonly decayRule?: DecayRule | undefined
  /** Scales the gradient down to this L2 norm where it is longer. */
  readonly clipNorm?: number | undefined
  /** Keeps an exponential moving average of the parameters, of this decay. */
  readonly emaDecay?: number | undefined
  /** Parameters that stay as they are; a normalization of theirs uses its running statistics. */
  readonly frozen?: ReadonlySet<string> | undefined
  /** Where given, images are bytes, and the graph normalizes them. */
  readonly statistics?: Statistics | undefined
  /** Whether batch normalization uses and updates batch statistics; frozen otherwise. */
  readonly batchStatistics?: boolean | undefined
  /** Whether batch statistics are of the whole batch, also where processes share it. */
  readonly syncBatchNorm?: boolean | undefined
  /** The processes that share every batch, or part of one; `images` is then what this one computes of it. */
  readonly ranks?: Ranks | undefined
}

/**
 * The graph's inputs: `images` [N, C, H, W], the task's targets, scalars `learningRate` and `step`
 * (1 at the first), the flat vectors `parameters`, `buffers`, the optimizer's slots and, where asked
 * for, `ema`, and the masks and uniform draws. Its outputs: the same flat vectors after the update,
 * `loss`, what the network gives or the parts of its loss, `gradientNorm`, and bool `finite`: where it is false, the flat
 * vectors are as they were before. Between processes there is also the scalar `stop`, an input and an
 * output: in how many of them it was 1.
 */
export interface TrainingStep {
  readonly graph: Graph
  readonly parameters: Layout
  readonly buffers: Layout
  /** Names of all flat vectors that a step takes and returns. */
  readonly state: readonly string[]
  /** Names of what the network gives. */
  readonly outputs: readonly string[]
  readonly masks: readonly Mask[]
  readonly uniforms: readonly Uniform[]
  /**
   * What a step computes, unguarded, to find what went wrong: `loss`, the raw gradient as the flat
   * vector `gradients`, and `parameters` and `buffers` after the update.
   */
  diagnosisGraph(): Graph
}

/** The mean over images of all parts of a loss. */
const meanOf = (parts: readonly Value[]): Value =>
  parts.map(part => mul(reduceSum(part), 1 / part.shape[0])).reduce((sum, part) => add(sum, part))

const vector = (name: string, { size }: Layout): Value => input(name, [size])

/** Builds the step of a network. */
export const trainingStep = ({
  network,
  task = classification(),
  images: shape,
  optimizer,
  weightDecay = 0,
  decayRule,
  frozen = new Set(),
  clipNorm,
  emaDecay,
  batchStatistics = true,
  syncBatchNorm = false,
  statistics,
  ranks,
}: StepOptions): TrainingStep => {
  const { parameters, buffers, decays } = layoutsOf(network, decayRule)
  const state = [
    'parameters',
    ...(buffers.size > 0 ? ['buffers'] : []),
    ...optimizer.slots,
    ...(emaDecay === undefined ? [] : ['ema']),
  ]
  const current = Object.fromEntries(
    state.map(name => [name, vector(name, name === 'buffers' ? buffers : parameters)]),
  )
  const tensors = new Map(unflatten(parameters, current.parameters))
  for (const [name, buffer] of unflatten(buffers, current.buffers)) tensors.set(name, buffer)

  const isFrozen = (path: string): boolean => {
    const own = parameters.entries.filter(({ name }) => name.startsWith(`${path}.`))
    return own.length > 0 && own.every(({ name }) => frozen.has(name))
  }
  const targets = task.targets(shape[0])
  const { outputs, updates, masks, uniforms } = traceForTraining(
    network,
    imagesInput(shape, statistics),
    tensors,
    path => batchStatistics && !(frozen.size > 0 && isFrozen(path)),
    targets,
    syncBatchNorm && ranks !== undefined && ranks.size > 1 ? ranks.size : undefined,
  )
  const given = namedValues(outputs, task.output)
  const losses = task.loss(given, targets)
  const ownLoss = isValue(losses) ? losses : meanOf(Object.values(losses))
  const share = ranks === undefined ? ownLoss : mul(ownLoss, 1 / ranks.shares)
  const ownBuffers =
    buffers.size === 0
      ? undefined
      : flatten(buffers, name => {
          const buffer = tensors.get(name) as Value
          return updates.get(buffer) ?? buffer
        })
  const own = {
    loss: share,
    // What is frozen has no gradient and no decay: so its slots stay zero, and it stays as it is.
    gradient: flatGradient(share, parameters, tensors, frozen),
    buffers: ownBuffers,
    outputs: isValue(losses) ? given : losses,
  }
  const { loss, gradient, ...all } =
    ranks === undefined ? own : shared({ ...own, stop: input('stop', []) }, ranks)
  const gradientNorm = sqrt(reduceSumSquare(gradient))
  const decaying = (entry: Entry): boolean => decays(entry) && !frozen.has(entry.name)
  const update = optimizer.update({
    parameters: current.parameters,
    gradients: clipNorm === undefined ? gradient : clipByNorm(gradient, gradientNorm, clipNorm),
    decay: decayTerm(current.parameters, parameters, decaying, weightDecay),
    slots: optimizer.slots.map(slot => current[slot]),
    learningRate: input('learningRate', []),
    step: input('step', []),
  })
  const next: Record<string, Value> = { parameters: update.parameters }
  if (all.buffers !== undefined) next.buffers = all.buffers
  for (const [i, slot] of optimizer.slots.entries()) next[slot] = update.slots[i]
  if (emaDecay !== undefined) next.ema = ema(current.ema, update.parameters, emaDecay)
  const finite = isFiniteStep(loss, gradientNorm, next)
  const guarded = state.map(name => [name, where(finite, next[name], current[name])])
  return {
    graph: graph({
      loss,
      ...all.outputs,
      gradientNorm,
      finite,
      ...('stop' in all ? { stop: all.stop } : {}),
      ...Object.fromEntries(guarded),
    }),
    parameters,
    buffers,
    state,
    outputs: Object.keys(given),
    masks,
    uniforms,
    diagnosisGraph: () => {
      const { parameters, buffers } = next
      return graph({ loss, gradients: gradient, parameters, ...(buffers ? { buffers } : {}) })
    },
  }
}

/** Inference from flat vectors: `images`, `parameters` and `buffers` to what the network gives. */
export const inferenceStep = (
  network: TaskNetwork,
  shape: Shape,
  rule?: DecayRule,
  output = 'logits',
): Graph => {
  const { parameters, buffers } = layoutsOf(network, rule)
  const tensors = new Map([
    ...unflatten(parameters, vector('parameters', parameters)),
    ...unflatten(buffers, vector('buffers', buffers)),
  ])
  const outputs = trace(network, name => tensors.get(name) as Value, input('images', shape))
  return graph({ ...namedValues(outputs, output) })
}
