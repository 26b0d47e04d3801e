/** A network in training: its compiled graphs, and the flat vectors that they take and return. */

import type { Batch } from '../data/loader.ts'
import type { Compiled, CompileOptions, Engine, Tensor, Tensors } from '../engines/engine.ts'
import { DivergenceError } from '../errors/index.ts'
import { type Shape, sizeOf } from '../graph/index.ts'
import type { Model } from '../models/registry.ts'
import { initialize } from '../nn/index.ts'
import { random } from '../random/index.ts'
import type { Recipe } from './config.ts'
import { type Layout, pack, unpack } from './layout.ts'
import { adamw, type Optimizer, sgd } from './optimizers.ts'
import { inferenceStep, type TrainingStep, trainingStep } from './step.ts'

export interface SessionOptions {
  readonly model: Model
  /** Height and width of the images. */
  readonly size: readonly [height: number, width: number]
  readonly recipe: Recipe
  readonly seed: number
  /** Parameters that a step leaves as they are when told to hold. */
  readonly frozen?: ReadonlySet<string>
  readonly engine: Engine
  readonly threads?: number
}

export interface StepResult {
  readonly loss: number
  readonly gradientNorm: number
  /** [N, classes] */
  readonly logits: Float32Array
}

export interface Session {
  /**
   * One update. A step whose loss or gradient is not finite changes nothing.
   * @param frozen - whether batch-norm statistics stay as they are
   * @param hold - whether the frozen parameters do
   * @throws DivergenceError that names the step, the image indices and the first bad tensor
   */
  step(
    batch: Batch,
    at: { step: number; learningRate: number; frozen: boolean; hold?: boolean },
  ): Promise<StepResult>
  /** Logits of one batch, by the averaged parameters where there are any. */
  infer(images: Float32Array): Promise<Float32Array>
  /** Parameters (averaged where asked for) and buffers by name. */
  weights(averaged: boolean): ReadonlyMap<string, Float32Array>
  /** The optimizer's vectors and the average, as `slot:parameter`. */
  slots(): ReadonlyMap<string, Float32Array>
  /** Begins with these weights in place of the initialized ones. */
  begin(weights: ReadonlyMap<string, Float32Array>): void
  /** Takes over what `weights(false)` and `slots()` gave. */
  restore(
    weights: ReadonlyMap<string, Float32Array>,
    slots: ReadonlyMap<string, Float32Array>,
  ): void
  dispose(): Promise<void>
}

const optimizerOf = ({ optimizer }: Recipe): Optimizer =>
  optimizer.kind === 'sgd' ? sgd(optimizer) : adamw(optimizer)

const scalar = (value: number): Tensor => ({ shape: [], data: Float32Array.of(value) })

const vectors = (flat: Readonly<Record<string, Float32Array>>): Tensors =>
  Object.fromEntries(
    Object.entries(flat).map(([name, data]) => [name, { shape: [data.length], data }]),
  )

/** Dropout's zeros: a function of seed, step and mask. */
const drawMasks = ({ masks }: TrainingStep, seed: number, step: number): Tensors =>
  Object.fromEntries(
    masks.map(({ name, shape, rate }) => {
      const draw = random(seed).fork('dropout').fork(name).fork(step)
      const kept = 1 / (1 - rate)
      const data = Float32Array.from({ length: sizeOf(shape) }, (_, i) =>
        draw.uniform(i) < rate ? 0 : kept,
      )
      return [name, { shape, data }]
    }),
  )

/** Uniform draws: a function of seed, step and which. */
const drawUniforms = ({ uniforms }: TrainingStep, seed: number, step: number): Tensors =>
  Object.fromEntries(
    uniforms.map(({ name, shape }) => {
      const draw = random(seed).fork('uniform').fork(name).fork(step)
      const data = Float32Array.from({ length: sizeOf(shape) }, (_, i) => draw.uniform(i))
      return [name, { shape, data }]
    }),
  )

const firstNonFinite = (tensors: Iterable<[string, Float32Array]>): string | undefined => {
  for (const [name, data] of tensors) if (!data.every(Number.isFinite)) return name
  return undefined
}

/** Builds; the step's variants are compiled when first used, one at a time, and the weights are drawn unless others are given. */
export const openSession = async ({
  model,
  size,
  recipe,
  seed,
  frozen: still = new Set(),
  engine,
  threads,
}: SessionOptions): Promise<Session> => {
  const { network, channels } = model
  const images: Shape = [recipe.batch, channels, ...size]
  const { weightDecay, decayRule, smoothing, clipNorm, averageDecay } = recipe
  const mixed = recipe.mixing?.mixup !== undefined || recipe.mixing?.cutmix !== undefined
  const build = (batchStatistics: boolean, hold: boolean): TrainingStep =>
    trainingStep({
      network,
      images,
      optimizer: optimizerOf(recipe),
      weightDecay,
      decayRule,
      smoothing,
      mixed,
      batchStatistics,
      ...(hold ? { frozen: still } : {}),
      ...(clipNorm === undefined ? {} : { clipNorm }),
      ...(averageDecay === undefined ? {} : { averageDecay }),
    })
  const options: CompileOptions = threads === undefined ? {} : { threads }
  const step = build(true, false)

  /** The flat vectors while no step is compiled; then they are with the engine. */
  let state: Record<string, Float32Array> | undefined
  let training: { variant: string; compiled: Compiled } | undefined
  const averaged = step.state.includes('average')
  const slotNames = step.state.filter(name => name !== 'parameters' && name !== 'buffers')
  const start = (parameters: Float32Array, buffers: Float32Array): Record<string, Float32Array> => {
    current = false
    state = {
      ...Object.fromEntries(step.state.map(name => [name, new Float32Array(step.parameters.size)])),
      parameters,
      ...(step.buffers.size > 0 ? { buffers } : {}),
      ...(averaged ? { average: parameters.slice() } : {}),
    }
    return state
  }
  const begin = (weights: ReadonlyMap<string, Float32Array>): Record<string, Float32Array> =>
    start(pack(step.parameters, weights), pack(step.buffers, weights))
  /** As the seed gives them, each written where it stays: they are large. */
  const draw = (fill: Compiled['fill']): void => {
    let drawn: ReadonlyMap<string, Float32Array> = new Map()
    const copy = (table: Layout, values: Float32Array): void => {
      for (const [name, place] of unpack(table, values)) place.set(drawn.get(name) ?? [])
    }
    fill('parameters', values => {
      drawn = initialize(network, seed, unpack(step.parameters, values))
    })
    if (step.buffers.size > 0) fill('buffers', values => copy(step.buffers, values))
    for (const slot of slotNames)
      fill(slot, values =>
        slot === 'average' ? copy(step.parameters, values) : void values.fill(0),
      )
  }
  const drawn = (): Record<string, Float32Array> => {
    const made: Record<string, Float32Array> = {}
    draw((name, write) => {
      const { size } = name === 'buffers' ? step.buffers : step.parameters
      made[name] = new Float32Array(size)
      write(made[name])
    })
    return made
  }
  const now = (name: string): Float32Array => {
    if (training === undefined) state ??= drawn()
    return state?.[name] ?? (training?.compiled.held(name).data as Float32Array)
  }
  const compiledFor = async (frozen: boolean, hold: boolean): Promise<Compiled> => {
    const variant = `${frozen} ${hold}`
    if (training?.variant !== variant) {
      if (training !== undefined)
        state = Object.fromEntries(step.state.map(name => [name, now(name)]))
      await training?.compiled.dispose()
      training = undefined
      const { graph } = frozen || hold ? build(!frozen, hold) : step
      const compiled = await engine.compile(graph, { ...options, held: step.state })
      if (state === undefined) draw(compiled.fill)
      training = { variant, compiled }
    }
    if (state !== undefined) training.compiled.hold(vectors(state))
    state = undefined
    return training.compiled
  }

  /** Compiled when first used, and given the weights whenever they have changed since. */
  let inferring: Compiled | undefined
  let current = false
  const inferred = async (): Promise<Compiled> => {
    const buffers = step.buffers.size === 0 ? [] : ['buffers']
    inferring ??= await engine.compile(inferenceStep(network, images, decayRule), {
      ...options,
      held: ['parameters', ...buffers],
    })
    if (!current)
      inferring.hold(
        vectors({
          parameters: now(averaged ? 'average' : 'parameters'),
          ...Object.fromEntries(buffers.map(name => [name, now(name)])),
        }),
      )
    current = true
    return inferring
  }

  const diverged = async (
    feeds: Tensors,
    batch: Batch,
    at: number,
    got: string,
  ): Promise<never> => {
    const parameters = now('parameters')
    const diagnosis = await engine.compile(step.gradientGraph(), options)
    const { gradients } = await diagnosis.run({
      ...feeds,
      ...vectors({ parameters, ...(step.buffers.size > 0 ? { buffers: now('buffers') } : {}) }),
    })
    await diagnosis.dispose()
    const culprit =
      firstNonFinite([['the images', batch.images]]) ??
      firstNonFinite(unpack(step.parameters, parameters)) ??
      firstNonFinite(unpack(step.parameters, gradients.data as Float32Array))
    throw new DivergenceError({
      where: `step ${at}`,
      expected: 'a finite loss and gradient',
      got,
      context: `images ${[...batch.indices.subarray(0, 4)].join(', ')}, …${culprit === undefined ? '' : `; first not finite: ${culprit}`}`,
      hint: 'The update was not applied. A lower learning rate, a longer warm-up or gradient clipping usually helps',
    })
  }

  return {
    step: async (batch, { step: at, learningRate, frozen, hold = false }) => {
      const feeds: Record<string, Tensor> = {
        images: { shape: images, data: batch.images },
        labels: { shape: [recipe.batch], data: batch.labels },
        ...(mixed
          ? {
              partners: { shape: [recipe.batch], data: batch.mixed?.labels ?? batch.labels },
              share: scalar(batch.mixed?.share ?? 1),
            }
          : {}),
        learningRate: scalar(learningRate),
        step: scalar(at + 1),
        ...drawMasks(step, seed, at),
        ...drawUniforms(step, seed, at),
      }
      const compiled = await compiledFor(frozen, hold)
      const outputs = await compiled.run(feeds)
      const [loss] = outputs.loss.data
      const [gradientNorm] = outputs.gradientNorm.data
      if (!Number.isFinite(loss) || !Number.isFinite(gradientNorm)) {
        compiled.undo()
        await diverged(feeds, batch, at, `loss ${loss}, gradient norm ${gradientNorm}`)
      }
      current = false
      return { loss, gradientNorm, logits: outputs.logits.data as Float32Array }
    },
    infer: async data => {
      const { logits } = await (await inferred()).run({ images: { shape: images, data } })
      return logits.data as Float32Array
    },
    weights: average =>
      new Map([
        ...unpack(step.parameters, now(average && averaged ? 'average' : 'parameters')),
        ...(step.buffers.size === 0 ? [] : unpack(step.buffers, now('buffers'))),
      ]),
    slots: () =>
      new Map(
        slotNames.flatMap(slot =>
          [...unpack(step.parameters, now(slot))].map(([name, data]): [string, Float32Array] => [
            `${slot}:${name}`,
            data,
          ]),
        ),
      ),
    begin: weights => {
      begin(new Map([...initialize(network, seed), ...weights]))
    },
    restore: (weights, slots) => {
      const begun = begin(weights)
      for (const slot of slotNames) {
        const own = step.parameters.entries.map(({ name }): [string, Float32Array] => [
          name,
          slots.get(`${slot}:${name}`) ?? new Float32Array(),
        ])
        begun[slot] = pack(step.parameters, new Map(own))
      }
    },
    dispose: async () => {
      await inferring?.dispose()
      await training?.compiled.dispose()
    },
  }
}
