/** The training step: forward, backward and update as one graph. */

import { gradients } from '../autodiff/index.ts'
import { type Graph, graph, input, type Shape, type Value } from '../graph/index.ts'
import { type Layer, type Mode, trace, type Variable, variables } from '../nn/index.ts'
import {
  add,
  clip,
  concat,
  div,
  mul,
  reduceSumSquare,
  reshape,
  split,
  sqrt,
  zeros,
} from '../ops/index.ts'
import { DECAY_RULES, type DecayRule } from './decay.ts'
import { type Layout, layout, unflatten } from './layout.ts'
import { crossEntropy } from './loss.ts'
import type { Optimizer } from './optimizers.ts'

export interface StepOptions {
  readonly network: Layer
  /** [N, C, H, W] of a batch. */
  readonly images: Shape
  readonly optimizer: Optimizer
  readonly smoothing?: number
  readonly weightDecay?: number
  readonly decayRule?: DecayRule
  /** Scales the gradient down to this L2 norm where it is longer. */
  readonly clipNorm?: number
  /** Keeps an average of the parameters: average ← d·average + (1 − d)·parameters. */
  readonly averageDecay?: number
  /** Whether batch normalisation uses and updates batch statistics; frozen otherwise. */
  readonly batchStatistics?: boolean
}

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

/**
 * The graph's inputs: `images` [N, C, H, W], int `labels` [N], scalars `learningRate` and `step`,
 * the flat vectors `parameters`, `buffers`, the optimizer's slots and, where asked for, `average`,
 * and the masks and uniform draws. Its outputs: the same flat vectors after the update, `loss`, `logits` [N, K] and
 * `gradientNorm`.
 */
export interface TrainingStep {
  readonly graph: Graph
  readonly parameters: Layout
  readonly buffers: Layout
  /** Names of all flat vectors that a step takes and returns. */
  readonly state: readonly string[]
  readonly masks: readonly Mask[]
  readonly uniforms: readonly Uniform[]
  /** The raw gradient alone, as one flat vector `gradients`: to find what went wrong. */
  gradientGraph(): Graph
}

const shaped = ({ name, tensor: { shape } }: Variable): { name: string; shape: Shape } => ({
  name,
  shape,
})

/** The flat layouts of a network's parameters (decayed ones first) and buffers. */
export const layouts = (
  network: Layer,
  rule: DecayRule = 'weights',
): { parameters: Layout; buffers: Layout; decayed: number } => {
  const all = variables(network)
  const parameters = all.filter(({ tensor }) => tensor.kind === 'parameter').map(shaped)
  const decays = ({ name, shape }: { name: string; shape: Shape }): boolean =>
    DECAY_RULES[rule](name, shape)
  const decayed = parameters.filter(decays)
  return {
    // Contiguous, so that decay is one slice of the flat vector and not a mask as large as it.
    parameters: layout([...decayed, ...parameters.filter(entry => !decays(entry))]),
    buffers: layout(all.filter(({ tensor }) => tensor.kind === 'buffer').map(shaped)),
    decayed: layout(decayed).size,
  }
}

const decayTerm = (parameters: Value, decayed: number, coefficient: number): Value => {
  const [size] = parameters.shape
  if (coefficient === 0 || decayed === 0) return zeros([size])
  if (decayed === size) return mul(parameters, coefficient)
  const [head] = split(parameters, [decayed, size - decayed], 0)
  return concat([mul(head, coefficient), zeros([size - decayed])], 0)
}

const flatten = ({ entries }: Layout, tensors: (name: string) => Value): Value =>
  concat(
    entries.map(({ name, size }) => reshape(tensors(name), [size])),
    0,
  )

/** Builds the step of a network. */
export const trainingStep = ({
  network,
  images: shape,
  optimizer,
  smoothing = 0,
  weightDecay = 0,
  decayRule = 'weights',
  clipNorm,
  averageDecay,
  batchStatistics = true,
}: StepOptions): TrainingStep => {
  const { parameters: table, buffers: bufferTable, decayed } = layouts(network, decayRule)
  const flat = (name: string, { size }: Layout): Value => input(name, [size])
  const parameters = flat('parameters', table)
  const named = unflatten(table, parameters)
  const buffers =
    bufferTable.size > 0 ? unflatten(bufferTable, flat('buffers', bufferTable)) : new Map()
  const masks: Mask[] = []
  const uniforms: Uniform[] = []
  const updates = new Map<Value, Value>()
  const mode: Mode = {
    training: true,
    batchStatistics,
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
  const logits = trace(
    network,
    name => named.get(name) ?? buffers.get(name),
    input('images', shape),
    mode,
  )
  const loss = crossEntropy(logits, input('labels', [shape[0]], 'int'), smoothing)

  const values = table.entries.map(({ name }) => named.get(name) as Value)
  const raw = concat(
    gradients(loss, values).map((gradient, i) => reshape(gradient, [table.entries[i].size])),
    0,
  )
  const gradientNorm = sqrt(reduceSumSquare(raw))
  const gradient =
    clipNorm === undefined ? raw : mul(raw, clip(div(clipNorm, add(gradientNorm, 1e-6)), 0, 1))
  const update = optimizer.update({
    parameters,
    gradients: gradient,
    decay: decayTerm(parameters, decayed, weightDecay),
    slots: optimizer.slots.map(slot => flat(slot, table)),
    learningRate: input('learningRate', []),
    step: input('step', []),
  })
  const state: Record<string, Value> = { parameters: update.parameters }
  if (bufferTable.size > 0)
    state.buffers = flatten(bufferTable, name => {
      const buffer = buffers.get(name) as Value
      return updates.get(buffer) ?? buffer
    })
  for (const [i, slot] of optimizer.slots.entries()) state[slot] = update.slots[i]
  if (averageDecay !== undefined)
    state.average = add(
      mul(flat('average', table), averageDecay),
      mul(update.parameters, 1 - averageDecay),
    )
  return {
    graph: graph({ loss, logits, gradientNorm, ...state }),
    parameters: table,
    buffers: bufferTable,
    state: Object.keys(state),
    masks,
    uniforms,
    gradientGraph: () => graph({ gradients: raw }),
  }
}

/** Inference from flat vectors: `images`, `parameters` and `buffers` to `logits`. */
export const inferenceStep = (network: Layer, shape: Shape, rule: DecayRule): Graph => {
  const { parameters, buffers } = layouts(network, rule)
  const named = unflatten(parameters, input('parameters', [parameters.size]))
  const statistics =
    buffers.size > 0 ? unflatten(buffers, input('buffers', [buffers.size])) : new Map()
  return graph({
    logits: trace(network, name => named.get(name) ?? statistics.get(name), input('images', shape)),
  })
}
