/** The training step: forward, backward and update as one graph. */

import { gradients } from '../autodiff/index.ts'
import { type Graph, graph, input, type Shape, type Value } from '../graph/index.ts'
import {
  imagesInput,
  type Layer,
  type Mode,
  type Statistics,
  trace,
  type Variable,
  variables,
} from '../nn/index.ts'
import {
  add,
  allFinite,
  clip,
  concat,
  div,
  mul,
  reduceSumSquare,
  reshape,
  split,
  sqrt,
  sub,
  where,
  zeros,
} from '../ops/index.ts'
import { type Entry, type Layout, layout, unflatten } from './layout.ts'
import { crossEntropy } from './loss.ts'
import type { Optimizer } from './optimizers.ts'
import { DECAY_RULES, type DecayRule } from './weightDecay.ts'

export interface StepOptions {
  readonly network: Layer
  /** [N, C, H, W] of a batch. */
  readonly images: Shape
  readonly optimizer: Optimizer
  readonly smoothing?: number
  /** Whether each image has two labels: int `partners` [N], and scalar `share`, the first's. */
  readonly mixed?: boolean
  readonly weightDecay?: number
  readonly decayRule?: DecayRule
  /** Scales the gradient down to this L2 norm where it is longer. */
  readonly clipNorm?: number
  /** Keeps an average of the parameters: average ← d·average + (1 − d)·parameters. */
  readonly averageDecay?: number
  /** Parameters that stay as they are; a normalization of theirs uses its running statistics. */
  readonly frozen?: ReadonlySet<string>
  /** Where given, images are bytes, and the graph normalizes them. */
  readonly statistics?: Statistics | undefined
  /** Whether batch normalization uses and updates batch statistics; frozen otherwise. */
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
 * and the masks and uniform draws. Its outputs: the same flat vectors after the update, `loss`,
 * `logits` [N, K], `gradientNorm`, and bool `finite`: where it is false, the flat vectors are
 * as they were before.
 */
export interface TrainingStep {
  readonly graph: Graph
  readonly parameters: Layout
  readonly buffers: Layout
  /** Names of all flat vectors that a step takes and returns. */
  readonly state: readonly string[]
  readonly masks: readonly Mask[]
  readonly uniforms: readonly Uniform[]
  /**
   * What a step computes, unguarded, to find what went wrong: `loss`, the raw gradient as the flat
   * vector `gradients`, and `parameters` and `buffers` after the update.
   */
  diagnosisGraph(): Graph
}

/**
 * Whether everything that a step would change is finite, by the fewest elements that decide it.
 *
 * - An average of weight d < 1 is d·a + (1 − d)·p: finite only where the next parameters p are.
 * - Parameters are p − lr·u, finite only where the update u is (an infinite u times lr is infinite
 *   or, for lr 0, not a number). So of the average and the parameters one vector is enough.
 * - SGD: u = v, or g + m·v with Nesterov's: finite only where the next velocity v is.
 * - Adam: u = m̂ / (√v̂ + ε) + decay: finite only where the next mean m is, but it hides an infinite
 *   v. That is an average of g², each at most the squared norm of the gradient; where the norm is
 *   below 2⁶³, g² < 2¹²⁶, two powers of two below overflow. The norm times 2⁶⁵ is finite only
 *   there, and so says it with room for rounding. It also covers every element of the gradient.
 * - Running statistics and the loss are looked at themselves.
 */
const isFiniteStep = (
  loss: Value,
  gradientNorm: Value,
  next: Readonly<Record<string, Value>>,
): Value =>
  allFinite([
    loss,
    mul(gradientNorm, 2 ** 65),
    next.average ?? next.parameters,
    ...(next.buffers === undefined ? [] : [next.buffers]),
  ])

const shaped = ({ name, tensor: { shape } }: Variable): { name: string; shape: Shape } => ({
  name,
  shape,
})

/** The flat layouts of a network's parameters (decayed ones first) and buffers. */
export const layouts = (
  network: Layer,
  rule: DecayRule = 'weights',
): {
  parameters: Layout
  buffers: Layout
  decays: (entry: { name: string; shape: Shape }) => boolean
} => {
  const all = variables(network)
  const parameters = all.filter(({ tensor }) => tensor.kind === 'parameter').map(shaped)
  const decays = ({ name, shape }: { name: string; shape: Shape }): boolean =>
    DECAY_RULES[rule](name, shape)
  const decayed = parameters.filter(decays)
  return {
    // Contiguous, so that decay is one slice of the flat vector and not a mask as large as it.
    parameters: layout([...decayed, ...parameters.filter(entry => !decays(entry))]),
    buffers: layout(all.filter(({ tensor }) => tensor.kind === 'buffer').map(shaped)),
    decays,
  }
}

/** Stretches of the flat vector whose entries all pass a test, or all fail it. */
const stretchesOf = (
  { entries }: Layout,
  test: (entry: Entry) => boolean,
): { size: number; passes: boolean; entries: Entry[] }[] => {
  const all: { size: number; passes: boolean; entries: Entry[] }[] = []
  for (const entry of entries) {
    const passes = test(entry)
    const last = all.at(-1)
    if (last?.passes === passes) {
      last.size += entry.size
      last.entries.push(entry)
    } else all.push({ size: entry.size, passes, entries: [entry] })
  }
  return all
}

const joined = (pieces: readonly Value[]): Value =>
  pieces.length === 1 ? pieces[0] : concat(pieces, 0)

const decayTerm = (
  parameters: Value,
  table: Layout,
  decays: (entry: Entry) => boolean,
  coefficient: number,
): Value => {
  const [size] = parameters.shape
  const stretches = stretchesOf(table, decays)
  if (coefficient === 0 || !stretches.some(({ passes }) => passes)) return zeros([size])
  if (stretches.length === 1) return mul(parameters, coefficient)
  const pieces = split(
    parameters,
    stretches.map(({ size }) => size),
    0,
  )
  return joined(
    stretches.map(({ size, passes }, i) => (passes ? mul(pieces[i], coefficient) : zeros([size]))),
  )
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
  mixed = false,
  weightDecay = 0,
  decayRule = 'weights',
  frozen = new Set(),
  clipNorm,
  averageDecay,
  batchStatistics = true,
  statistics,
}: StepOptions): TrainingStep => {
  const { parameters: table, buffers: bufferTable, decays } = layouts(network, decayRule)
  const current: Record<string, Value> = {}
  const flat = (name: string, { size }: Layout): Value => {
    current[name] = input(name, [size])
    return current[name]
  }
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
  const isFrozen = (path: string): boolean => {
    const own = table.entries.filter(({ name }) => name.startsWith(`${path}.`))
    return own.length > 0 && own.every(({ name }) => frozen.has(name))
  }
  const logits = trace(
    network,
    name => named.get(name) ?? buffers.get(name),
    imagesInput(shape, statistics),
    frozen.size === 0
      ? mode
      : path => (isFrozen(path) ? { ...mode, batchStatistics: false } : mode),
  )
  const entropy = (labels: string): Value =>
    crossEntropy(logits, input(labels, [shape[0]], 'int32'), smoothing)
  const share = input('share', [])
  const loss = mixed
    ? add(mul(entropy('labels'), share), mul(entropy('partners'), sub(1, share)))
    : entropy('labels')

  const trained = table.entries.filter(({ name }) => !frozen.has(name))
  const values = trained.map(({ name }) => named.get(name) as Value)
  const found = new Map(gradients(loss, values).map((gradient, i) => [trained[i].name, gradient]))
  // What is frozen has no gradient and no decay: so its slots stay zero, and it stays as it is.
  const raw = joined(
    stretchesOf(table, ({ name }) => frozen.has(name)).flatMap(({ passes, size, entries }) =>
      passes
        ? [zeros([size])]
        : entries.map(({ name, size }) => reshape(found.get(name) as Value, [size])),
    ),
  )
  const gradientNorm = sqrt(reduceSumSquare(raw))
  const gradient =
    clipNorm === undefined ? raw : mul(raw, clip(div(clipNorm, add(gradientNorm, 1e-6)), 0, 1))
  const update = optimizer.update({
    parameters,
    gradients: gradient,
    decay: decayTerm(
      parameters,
      table,
      ({ name, shape }) => decays({ name, shape }) && !frozen.has(name),
      weightDecay,
    ),
    slots: optimizer.slots.map(slot => flat(slot, table)),
    learningRate: input('learningRate', []),
    step: input('step', []),
  })
  const next: Record<string, Value> = { parameters: update.parameters }
  if (bufferTable.size > 0)
    next.buffers = flatten(bufferTable, name => {
      const buffer = buffers.get(name) as Value
      return updates.get(buffer) ?? buffer
    })
  for (const [i, slot] of optimizer.slots.entries()) next[slot] = update.slots[i]
  if (averageDecay !== undefined)
    next.average = add(
      mul(flat('average', table), averageDecay),
      mul(update.parameters, 1 - averageDecay),
    )
  const finite = isFiniteStep(loss, gradientNorm, next)
  const guarded = Object.entries(next).map(([name, value]) => [
    name,
    where(finite, value, current[name]),
  ])
  return {
    graph: graph({ loss, logits, gradientNorm, finite, ...Object.fromEntries(guarded) }),
    parameters: table,
    buffers: bufferTable,
    state: Object.keys(next),
    masks,
    uniforms,
    diagnosisGraph: () =>
      graph({
        loss,
        gradients: raw,
        parameters: next.parameters,
        ...(next.buffers === undefined ? {} : { buffers: next.buffers }),
      }),
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
