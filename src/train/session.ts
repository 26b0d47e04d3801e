/** A network in training: one update after the other, and inference in between. */

import type { Batch } from '../data/loader.ts'
import type { Compiled, Engine, Tensor, Tensors } from '../engines/engine.ts'
import { DivergenceError } from '../errors/index.ts'
import type { Shape } from '../graph/index.ts'
import type { Communicator } from '../machines/communicator.ts'
import type { TaskNetwork } from '../nn/index.ts'
import type { Recipe } from './config.ts'
import { firstNonFinite } from './diagnose.ts'
import { Evaluator } from './evaluator.ts'
import { ModelState, vectors, type Weights } from './modelState.ts'
import { adamw, type Optimizer, sgd } from './optimizers.ts'
import { Parts, partsOf } from './parts.ts'
import { randomInputs } from './randomInputs.ts'
import { placedRows, type Ranks, ranksOf } from './ranks.ts'
import { type GraphTask, type TrainingStep, trainingStep } from './step.ts'
import { taskOf } from './taskOf.ts'

export interface SessionOptions {
  readonly model: { readonly network: TaskNetwork; readonly channels: number }
  /** Height and width of the images. */
  readonly size: readonly [height: number, width: number]
  readonly recipe: Recipe
  /** That of the recipe unless given. */
  readonly task?: GraphTask | undefined
  readonly seed: number
  /** Parameters that a step leaves as they are when told to freeze. */
  readonly frozen?: ReadonlySet<string> | undefined
  readonly engine: Engine
  readonly threads?: number | undefined
  /** The processes that share every batch; none but this one unless given. */
  readonly communicator?: Communicator | undefined
}

/** Where in a training a step stands. */
export interface StepAt {
  /** From 0. */
  readonly step: number
  readonly learningRate: number
  /** Whether batch-norm statistics stay as they are. */
  readonly freezeBatchNorm?: boolean
  /** Whether the frozen parameters do. */
  readonly freeze?: boolean
  /** Whether this process was told to stop. */
  readonly stop?: boolean | undefined
}

export interface StepResult {
  readonly loss: number
  readonly gradientNorm: number
  /** What the network gave, by name, for the whole batch. */
  readonly outputs: Tensors
  /** Whether any process was told to stop before the step. */
  readonly stop: boolean
}

/** The images that a step failed by. */
interface Culprit {
  readonly inputs: Tensors
  readonly indices: Uint32Array
}

const optimizerOf = ({ optimizer }: Recipe): Optimizer =>
  optimizer.kind === 'sgd' ? sgd(optimizer) : adamw(optimizer)

const scalar = (value: number): Tensor => ({ shape: [], data: Float32Array.of(value) })

/** The step's variants are compiled when first used, one at a time. */
export class TrainingSession {
  /** How many images all processes compute at a time: a whole batch, or a part of one. */
  readonly batch: number
  /** The places in every batch that a step is to be given, part by part; undefined for all of it. */
  readonly parts: readonly (readonly number[] | undefined)[]
  readonly #options: SessionOptions
  #part = 0
  /** The first part of the batch under way that is not finite. */
  #culprit: Culprit | undefined
  readonly #images: Shape
  readonly #ranks: Ranks | undefined
  readonly #step: TrainingStep
  readonly #parts: Parts
  readonly #state: ModelState
  readonly #evaluator: Evaluator
  #compiled: { variant: string; compiled: Compiled } | undefined

  constructor(options: SessionOptions) {
    const { model, size, recipe, engine, threads, task = taskOf({ recipe }) } = options
    this.#options = options
    const { batch, accumulate = 1 } = recipe
    this.batch = batch / accumulate
    this.#ranks = ranksOf(batch, accumulate, options.communicator)
    this.parts = partsOf(batch, accumulate, this.places)
    this.#images = [this.places?.length ?? this.batch, model.channels, ...size]
    this.#step = this.#build(false, false)
    const { parameters, buffers } = this.#step
    this.#parts = new Parts({
      batch,
      count: accumulate,
      sums: buffers.size > 0 ? 4 : 3,
      gradient: parameters.size,
      allReduce: values => options.communicator?.allReduce(values) ?? Promise.resolve(),
    })
    this.#state = new ModelState(model.network, options.seed, this.#step)
    const inference = [model.network, this.#images, recipe.decayRule, task.output] as const
    this.#evaluator = new Evaluator(this.#state, [...inference], engine, threads)
  }

  /** The places in what all processes compute that are this one's; undefined where it is alone. */
  get places(): readonly number[] | undefined {
    return this.#ranks !== undefined && this.#ranks.size > 1 ? this.#ranks.places : undefined
  }

  /**
   * One update, by a batch or the last of its parts. A step that would make anything not finite changes
   * nothing.
   * @param targets - what the task encodes of the batch
   * @throws DivergenceError that names the step, the image indices and what was not finite first
   */
  async step(
    { images, indices }: Pick<Batch, 'images' | 'indices'>,
    targets: Tensors,
    at: StepAt,
  ): Promise<StepResult> {
    const { step, freezeBatchNorm = false, freeze = false, stop = false } = at
    const inputs = this.#inputs(images, targets, at)
    const compiled = await this.#compile(freezeBatchNorm, freeze)
    const results = await this.#parts.last(() => compiled.run(inputs), this.#step.outputs)
    this.#part = 0
    const { loss, gradientNorm, finite, stop: stopping, ...outputs } = results
    const result = {
      loss: loss.data[0],
      gradientNorm: gradientNorm.data[0],
      outputs,
      stop: stopping === undefined ? stop : stopping.data[0] > 0,
    }
    if (finite.data[0] === 0)
      throw await this.#diverged(this.#culprit ?? { inputs, indices }, step, result)
    this.#state.revision++
    return result
  }

  /** Computes a part of a batch that further parts follow: `step` takes the last. */
  async add(
    { images, indices }: Pick<Batch, 'images' | 'indices'>,
    targets: Tensors,
    at: StepAt,
  ): Promise<void> {
    const { freezeBatchNorm = false, freeze = false } = at
    const compiled = await this.#compile(freezeBatchNorm, freeze)
    const inputs = this.#inputs(images, targets, at)
    const finite = await this.#parts.add(() => compiled.run(inputs))
    if (!finite) this.#culprit ??= { inputs, indices }
    this.#part++
  }

  /** What the network gives for a batch, by the averaged parameters where there are any. */
  async infer(images: Float32Array): Promise<Tensors> {
    const own = Object.entries(await this.#evaluator.infer(images))
    const [ranks, communicator] = [this.#ranks, this.#options.communicator]
    if (ranks === undefined || communicator === undefined) return Object.fromEntries(own)
    const whole = own.map(([name, { shape, data }]): [string, Tensor] => [
      name,
      {
        shape: shape.with(0, shape[0] * ranks.size),
        data: placedRows(data, shape, ranks),
      },
    ])
    await communicator.allReduce(whole.map(([, { data }]) => data as Float32Array))
    return Object.fromEntries(whole)
  }

  /** Parameters (averaged where asked for) and buffers by name. */
  weights(averaged: boolean): Promise<Weights> {
    return this.#state.weights(averaged)
  }

  /** The optimizer's vectors and the average, as `slot:parameter`. */
  slots(): Promise<Weights> {
    return this.#state.slots()
  }

  /** Begins with these weights in place of the initialized ones. */
  begin(weights: Weights): Promise<void> {
    return this.#state.begin(weights)
  }

  /** Gives all processes the state of rank 0. */
  async share(): Promise<void> {
    const { communicator } = this.#options
    if (communicator !== undefined && this.#ranks !== undefined)
      await this.#state.share(values => communicator.broadcast(values))
  }

  /** Takes over what `weights(false)` and `slots()` gave. */
  restore(weights: Weights, slots: Weights): Promise<void> {
    return this.#state.restore(weights, slots)
  }

  async dispose(): Promise<void> {
    await this.#evaluator.dispose()
    await this.#compiled?.compiled.dispose()
  }

  #build(freezeBatchNorm: boolean, freeze: boolean): TrainingStep {
    const { model, recipe, frozen, task = taskOf({ recipe }) } = this.#options
    return trainingStep({
      network: model.network,
      task,
      images: this.#images,
      optimizer: optimizerOf(recipe),
      weightDecay: recipe.weightDecay,
      decayRule: recipe.decayRule,
      clipNorm: recipe.clipNorm,
      emaDecay: recipe.emaDecay,
      batchStatistics: !freezeBatchNorm,
      syncBatchNorm: recipe.syncBatchNorm,
      frozen: freeze ? frozen : undefined,
      ranks: this.#ranks,
    })
  }

  #inputs(images: Float32Array, targets: Tensors, { step, learningRate, stop }: StepAt): Tensors {
    return {
      images: { shape: this.#images, data: images },
      ...targets,
      learningRate: scalar(learningRate),
      step: scalar(step + 1),
      ...(this.#ranks === undefined ? {} : { stop: scalar(Number(stop ?? false)) }),
      ...randomInputs(this.#step, this.#options.seed, step, this.parts[this.#part]),
    }
  }

  async #compile(freezeBatchNorm: boolean, freezing: boolean): Promise<Compiled> {
    const freeze = freezing && this.#options.frozen !== undefined
    const variant = `${freezeBatchNorm} ${freeze}`
    if (this.#compiled?.variant === variant) return this.#compiled.compiled
    await this.#state.detach()
    await this.#compiled?.compiled.dispose()
    this.#compiled = undefined
    const { engine, threads } = this.#options
    const { graph } = freezeBatchNorm || freeze ? this.#build(freezeBatchNorm, freeze) : this.#step
    const compiled = await engine.compile(graph, {
      threads,
      state: this.#state.names,
      allReduce: this.#ranks && this.#parts.exchange,
    })
    await this.#state.attach(compiled.state)
    this.#compiled = { variant, compiled }
    return compiled
  }

  async #diverged(
    { inputs, indices }: Culprit,
    step: number,
    { loss, gradientNorm }: Pick<StepResult, 'loss' | 'gradientNorm'>,
  ): Promise<DivergenceError> {
    const { engine, threads } = this.#options
    const all = { ...inputs, ...vectors(await this.#state.read(this.#state.names)) }
    const culprit = await firstNonFinite(this.#step, all, engine, threads)
    return new DivergenceError({
      where: `step ${step}`,
      expected: 'a finite loss, gradient and next state',
      got: `loss ${loss}, gradient norm ${gradientNorm}`,
      context: `images ${[...indices.subarray(0, 4)].join(', ')}, …; first not finite: ${culprit ?? 'unknown'}`,
      hint: 'The update was not applied. Try a lower learning rate, a longer warm-up or gradient clipping',
    })
  }
}
