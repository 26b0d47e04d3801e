/** The flat vectors of a network in training: parameters, buffers, the optimizer's slots, an average. */

import type { EngineState, Tensors } from '../engines/engine.ts'
import { type AnyLayer, initialize } from '../nn/index.ts'
import { type Layout, pack, unpack } from './layout.ts'
import type { TrainingStep } from './step.ts'

export type Weights = ReadonlyMap<string, Float32Array>
type Vectors = Readonly<Record<string, Float32Array>>

/** Flat vectors as tensors. */
export const vectors = (flat: Vectors): Tensors =>
  Object.fromEntries(
    Object.entries(flat).map(([name, data]) => [name, { shape: [data.length], data }]),
  )

/**
 * The vectors are here until a compiled graph takes them over; then they are with its engine. Until
 * something writes them they are what the seed gives, made where they are first needed: they are
 * large.
 */
export class ModelState {
  readonly names: readonly string[]
  /** Counts changes, for whoever keeps a copy. */
  revision = 0
  readonly #step: TrainingStep
  readonly #initialize: (into?: Weights) => Weights
  #here: Vectors | undefined
  #engine: EngineState | undefined

  constructor(network: AnyLayer, seed: number, step: TrainingStep) {
    this.names = step.state
    this.#step = step
    this.#initialize = into => initialize(network, seed, into)
  }

  /** Gives the vectors to a compiled graph. */
  async attach(engine: EngineState): Promise<void> {
    if (this.#here !== undefined) await engine.write(vectors(this.#here))
    else for (const [name, fill] of this.#firstValues()) await engine.initialize(name, fill)
    this.#here = undefined
    this.#engine = engine
  }

  /** Takes the vectors back, as that graph is to be disposed. */
  async detach(): Promise<void> {
    if (this.#engine !== undefined) this.#here = await this.read(this.names)
    this.#engine = undefined
  }

  async read(names: readonly string[]): Promise<Vectors> {
    const found: Record<string, Float32Array> = {}
    for (const name of names) found[name] = await this.#vector(name)
    return found
  }

  /** Gives the vectors to whoever exchanges them in place, and takes over what becomes of them. */
  async share(exchange: (values: readonly Float32Array[]) => Promise<void>): Promise<void> {
    const values = await this.read(this.names)
    const own = Object.fromEntries(this.names.map(name => [name, values[name].slice()]))
    await exchange(Object.values(own))
    this.revision++
    if (this.#engine === undefined) this.#here = own
    else await this.#engine.write(vectors(own))
  }

  /** Parameters (averaged where asked for, and there is an average) and buffers by name. */
  async weights(averaged: boolean): Promise<Weights> {
    const { parameters, buffers } = this.#step
    const isAveraged = averaged && this.names.includes('ema')
    return new Map([
      ...unpack(parameters, await this.#vector(isAveraged ? 'ema' : 'parameters')),
      ...(buffers.size === 0 ? [] : unpack(buffers, await this.#vector('buffers'))),
    ])
  }

  /** The optimizer's vectors and the average, as `slot:parameter`. */
  async slots(): Promise<Weights> {
    const slots = new Map<string, Float32Array>()
    for (const slot of this.#slotNames())
      for (const [name, data] of unpack(this.#step.parameters, await this.#vector(slot)))
        slots.set(`${slot}:${name}`, data)
    return slots
  }

  /** Takes other weights in place of those that the seed gives, with slots as at the beginning. */
  begin(weights: Weights): Promise<void> {
    return this.#begin(new Map([...this.#initialize(), ...weights]))
  }

  /** Takes over what `weights(false)` and `slots()` gave. */
  restore(weights: Weights, slots: Weights): Promise<void> {
    const { parameters } = this.#step
    const vector = (slot: string): Float32Array => {
      const own = parameters.entries.map(({ name }): [string, Float32Array] => [
        name,
        slots.get(`${slot}:${name}`) ?? new Float32Array(),
      ])
      return pack(parameters, new Map(own))
    }
    return this.#begin(
      weights,
      Object.fromEntries(this.#slotNames().map(slot => [slot, vector(slot)])),
    )
  }

  async #begin(weights: Weights, slots: Vectors = {}): Promise<void> {
    const { parameters, buffers } = this.#step
    const flat: Record<string, Float32Array> = {
      parameters: pack(parameters, weights),
      buffers: pack(buffers, weights),
      ema: pack(parameters, weights),
      ...slots,
    }
    const values = Object.fromEntries(
      this.names.map(name => [name, flat[name] ?? new Float32Array(parameters.size)]),
    )
    this.revision++
    if (this.#engine === undefined) this.#here = values
    else await this.#engine.write(vectors(values))
  }

  #slotNames(): readonly string[] {
    return this.names.filter(name => name !== 'parameters' && name !== 'buffers')
  }

  async #vector(name: string): Promise<Float32Array> {
    if (this.#engine !== undefined) return (await this.#engine.read(name)).data as Float32Array
    this.#here ??= this.#made()
    return this.#here[name]
  }

  /** How each vector is made as the seed gives it, in this order. */
  #firstValues(): readonly (readonly [string, (values: Float32Array) => void])[] {
    const { parameters, buffers } = this.#step
    let drawn: Weights = new Map()
    const copy = (table: Layout) => (values: Float32Array) => {
      for (const [name, place] of unpack(table, values)) place.set(drawn.get(name) ?? [])
    }
    const fills: Readonly<Record<string, (values: Float32Array) => void>> = {
      parameters: values => {
        drawn = this.#initialize(unpack(parameters, values))
      },
      buffers: copy(buffers),
      ema: copy(parameters),
    }
    return this.names.map(name => [name, fills[name] ?? (values => void values.fill(0))])
  }

  #made(): Vectors {
    const { parameters, buffers } = this.#step
    const made: Record<string, Float32Array> = {}
    for (const [name, fill] of this.#firstValues()) {
      made[name] = new Float32Array((name === 'buffers' ? buffers : parameters).size)
      fill(made[name])
    }
    return made
  }
}
