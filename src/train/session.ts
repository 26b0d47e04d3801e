/** A network in training: its compiled graphs, and the flat vectors that they take and return. */

import type { Batch } from '../data/loader.ts'
import type { Compiled, Engine, Tensor, Tensors } from '../engines/engine.ts'
import { DivergenceError } from '../errors/index.ts'
import type { Shape } from '../graph/index.ts'
import type { Model } from '../models/registry.ts'
import { initialize } from '../nn/index.ts'
import type { Recipe } from './config.ts'
import { firstNonFinite } from './diagnose.ts'
import { type Layout, pack, unpack } from './layout.ts'
import { adamw, type Optimizer, sgd } from './optimizers.ts'
import { randomInputs } from './randomInputs.ts'
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
  readonly threads?: number | undefined
}

export interface StepResult {
  readonly loss: number
  readonly gradientNorm: number
  /** [N, classes] */
  readonly logits: Float32Array
}

/** A network in training, with the state of its optimizer. */
export interface Session {
  /**
   * One update. A step that would make anything not finite changes nothing.
   * @param frozen - whether batch-norm statistics stay as they are
   * @param hold - whether the frozen parameters do
   * @throws DivergenceError that names the step, the image indices and what was not finite first
   */
  step(
    batch: Batch,
    at: { step: number; learningRate: number; frozen: boolean; hold?: boolean },
  ): Promise<StepResult>
  /** Logits of one batch, by the averaged parameters where there are any. */
  infer(images: Float32Array): Promise<Float32Array>
  /** Parameters (averaged where asked for) and buffers by name. */
  weights(averaged: boolean): Promise<ReadonlyMap<string, Float32Array>>
  /** The optimizer's vectors and the average, as `slot:parameter`. */
  slots(): Promise<ReadonlyMap<string, Float32Array>>
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

/** Builds; the step's variants are compiled when first used, one at a time, and the weights are drawn unless others are given. */
export const openSession = async ({
  model,
  size,
  recipe,
  seed,
  frozen: frozenParameters = new Set(),
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
      ...(hold ? { frozen: frozenParameters } : {}),
      ...(clipNorm === undefined ? {} : { clipNorm }),
      ...(averageDecay === undefined ? {} : { averageDecay }),
    })
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
  /** How each flat vector is made as the seed gives it, in this order: they are large. */
  const firstValues = (): [string, (values: Float32Array) => void][] => {
    let drawn: ReadonlyMap<string, Float32Array> = new Map()
    const copy = (table: Layout) => (values: Float32Array) => {
      for (const [name, place] of unpack(table, values)) place.set(drawn.get(name) ?? [])
    }
    const fills: Record<string, (values: Float32Array) => void> = {
      parameters: values => {
        drawn = initialize(network, seed, unpack(step.parameters, values))
      },
      buffers: copy(step.buffers),
      average: copy(step.parameters),
    }
    return step.state.map(name => [name, fills[name] ?? (values => void values.fill(0))])
  }
  const drawn = (): Record<string, Float32Array> => {
    const made: Record<string, Float32Array> = {}
    for (const [name, fill] of firstValues()) {
      made[name] = new Float32Array((name === 'buffers' ? step.buffers : step.parameters).size)
      fill(made[name])
    }
    return made
  }
  const now = async (name: string): Promise<Float32Array> => {
    if (training === undefined) state ??= drawn()
    return state?.[name] ?? ((await training?.compiled.state.read(name))?.data as Float32Array)
  }
  const allNow = async (names: readonly string[]): Promise<Record<string, Float32Array>> => {
    const found: Record<string, Float32Array> = {}
    for (const name of names) found[name] = await now(name)
    return found
  }
  const compiledFor = async (frozen: boolean, hold: boolean): Promise<Compiled> => {
    const variant = `${frozen} ${hold}`
    if (training?.variant !== variant) {
      if (training !== undefined) state = await allNow(step.state)
      await training?.compiled.dispose()
      training = undefined
      const { graph } = frozen || hold ? build(!frozen, hold) : step
      const compiled = await engine.compile(graph, { threads, state: step.state })
      if (state === undefined)
        for (const [name, fill] of firstValues()) await compiled.state.initialize(name, fill)
      training = { variant, compiled }
    }
    if (state !== undefined) await training.compiled.state.write(vectors(state))
    state = undefined
    return training.compiled
  }

  /** Compiled when first used, and given the weights whenever they have changed since. */
  let inferring: Compiled | undefined
  let current = false
  const inferred = async (): Promise<Compiled> => {
    const buffers = step.buffers.size === 0 ? [] : ['buffers']
    inferring ??= await engine.compile(inferenceStep(network, images, decayRule), {
      threads,
      state: ['parameters', ...buffers],
    })
    if (!current)
      await inferring.state.write(
        vectors({
          parameters: await now(averaged ? 'average' : 'parameters'),
          ...(await allNow(buffers)),
        }),
      )
    current = true
    return inferring
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
        ...randomInputs(step, seed, at),
      }
      const compiled = await compiledFor(frozen, hold)
      const outputs = await compiled.run(feeds)
      const [loss] = outputs.loss.data
      const [gradientNorm] = outputs.gradientNorm.data
      if (outputs.finite.data[0] === 0) {
        const inputs = { ...feeds, ...vectors(await allNow(step.state)) }
        const culprit = await firstNonFinite(step, inputs, engine, threads)
        throw new DivergenceError({
          where: `step ${at}`,
          expected: 'a finite loss, gradient and next state',
          got: `loss ${loss}, gradient norm ${gradientNorm}`,
          context: `images ${[...batch.indices.subarray(0, 4)].join(', ')}, …; first not finite: ${culprit ?? 'unknown'}`,
          hint: 'The update was not applied. Try a lower learning rate, a longer warm-up or gradient clipping',
        })
      }
      current = false
      return { loss, gradientNorm, logits: outputs.logits.data as Float32Array }
    },
    infer: async data => {
      const { logits } = await (await inferred()).run({ images: { shape: images, data } })
      return logits.data as Float32Array
    },
    weights: async average => {
      const parameters = await now(average && averaged ? 'average' : 'parameters')
      const buffers = step.buffers.size === 0 ? [] : unpack(step.buffers, await now('buffers'))
      return new Map([...unpack(step.parameters, parameters), ...buffers])
    },
    slots: async () => {
      const slots = new Map<string, Float32Array>()
      for (const slot of slotNames)
        for (const [name, data] of unpack(step.parameters, await now(slot)))
          slots.set(`${slot}:${name}`, data)
      return slots
    },
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
