/**
 * A batch in several parts, computed one after the other: what they add up to is kept, and the last of
 * them makes the step. The step's exchange between processes is where parts meet, too.
 */

import type { AllReduce, Tensors } from '../engines/engine.ts'
import { placesOf } from '../machines/communicator.ts'

/** Ends a run at its exchange: the part is kept, and nothing was changed. */
class PartKept extends Error {}

/** Places in the whole batch of each part's images; of those that this process computes, where several share it. */
export const partsOf = (
  batch: number,
  count: number,
  places: readonly number[] | undefined,
): readonly (readonly number[] | undefined)[] =>
  count === 1
    ? [places]
    : Array.from({ length: count }, (_, rank) => {
        const part = placesOf(batch, { rank, size: count })
        return places?.map(place => part[place]) ?? part
      })

export interface PartsOptions {
  readonly batch: number
  readonly count: number
  /** How many of the exchanged arrays are sums; the others are outputs, a row an image. */
  readonly sums: number
  /** The elements of the first of them, the gradient: no other exchange begins with as many. */
  readonly gradient: number
  /** Adds up over processes. */
  readonly allReduce?: AllReduce | undefined
}

export class Parts {
  readonly #options: PartsOptions
  #sums: Float32Array[] = []
  #outputs: Float32Array[][] = []

  constructor(options: PartsOptions) {
    this.#options = options
  }

  /** What an engine is to do where the step exchanges. */
  readonly exchange: AllReduce = async values => {
    const { count, sums, gradient, allReduce } = this.#options
    if (count === 1 || values[0].length !== gradient) return allReduce?.(values)
    const isLast = this.#outputs.length === count - 1
    for (const [i, own] of values.slice(0, sums).entries()) {
      const sum = this.#sums[i] ?? new Float32Array(own.length)
      if (this.#outputs.length === 0) sum.set(own)
      else for (let at = 0; at < sum.length; at++) sum[at] += own[at]
      if (isLast) own.set(sum)
      this.#sums[i] = sum
    }
    if (isLast) return allReduce?.([...values, ...this.#outputs.flat()])
    this.#outputs.push(values.slice(sums).map(own => own.slice()))
    throw new PartKept()
  }

  /**
   * Runs a part that further parts follow.
   * @returns whether what was added up so far, gradient and loss, is finite
   */
  async add(step: () => Promise<Tensors>): Promise<boolean> {
    await step().catch((error: unknown) => {
      if (!(error instanceof PartKept)) throw error
    })
    // A sum with anything in it that is not finite is not.
    return this.#sums.slice(0, 2).every(sum => Number.isFinite(sum.reduce((a, b) => a + b, 0)))
  }

  /** Runs the last part, with the outputs of all under these names. */
  async last(step: () => Promise<Tensors>, names: readonly string[]): Promise<Tensors> {
    const results = await step()
    const earlier = this.#outputs.splice(0)
    return earlier.length === 0 ? results : { ...results, ...this.#whole(results, names, earlier) }
  }

  #whole(results: Tensors, names: readonly string[], earlier: readonly Float32Array[][]): Tensors {
    const { batch, count } = this.#options
    const all = names.map((name, i) => {
      const { shape, data: last } = results[name]
      const data = new Float32Array(last.length * count)
      const width = data.length / batch
      for (const [rank, rows] of [...earlier.map(part => part[i]), last].entries())
        for (const [row, place] of placesOf(batch, { rank, size: count }).entries())
          for (let at = 0; at < width; at++) data[place * width + at] = rows[row * width + at]
      return [name, { shape: shape.with(0, shape[0] * count), data }] as const
    })
    return Object.fromEntries(all)
  }
}
