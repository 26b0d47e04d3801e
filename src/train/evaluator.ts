/** A network in training as it answers in between: by its averaged parameters where there are any. */

import type { Compiled, Engine, Tensors } from '../engines/engine.ts'
import type { Shape } from '../graph/index.ts'
import { type ModelState, vectors } from './modelState.ts'
import { inferenceStep } from './step.ts'

type InferenceArguments = Parameters<typeof inferenceStep>

/** Compiles when first used, and takes the weights over whenever they have changed since. */
export class Evaluator {
  readonly #state: ModelState
  readonly #compile: () => Promise<Compiled>
  readonly #images: Shape
  #compiled: Compiled | undefined
  #revision: number | undefined

  constructor(
    state: ModelState,
    graph: InferenceArguments,
    engine: Engine,
    threads: number | undefined,
  ) {
    this.#state = state
    this.#images = graph[1]
    const buffers = state.names.includes('buffers') ? ['buffers'] : []
    this.#compile = () =>
      engine.compile(inferenceStep(...graph), { threads, state: ['parameters', ...buffers] })
  }

  async infer(data: Float32Array): Promise<Tensors> {
    this.#compiled ??= await this.#compile()
    const { names, revision } = this.#state
    if (this.#revision !== revision) {
      const average = names.includes('ema') ? 'ema' : 'parameters'
      const { [average]: parameters, ...rest } = await this.#state.read(
        [average, 'buffers'].filter(name => names.includes(name)),
      )
      await this.#compiled.state.write(vectors({ parameters, ...rest }))
      this.#revision = revision
    }
    return this.#compiled.run({ images: { shape: this.#images, data } })
  }

  async dispose(): Promise<void> {
    await this.#compiled?.dispose()
  }
}
