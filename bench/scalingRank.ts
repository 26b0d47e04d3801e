/**
 * One process of `bench/scaling.ts`: steps of a network, or exchanges of arrays, alone or among those
 * that a launcher started; the first prints seconds as JSON.
 */

import { openEngine } from '../src/engines/registry.ts'
import { type Communicator, placesOf } from '../src/machines/communicator.ts'
import { join } from '../src/machines/join.ts'
import { model } from '../src/models/registry.ts'
import { repeat } from '../src/stats/clock.ts'
import { RECIPES } from '../src/train/recipes.ts'
import { TrainingSession } from '../src/train/session.ts'

const [work, ...args] = process.argv.slice(2)
const communicator = await join()

/** Counts the seconds of exchanges, waiting for the others included. */
const timed = (seconds: number[]): Communicator => ({
  ...communicator,
  rank: communicator.rank,
  size: communicator.size,
  allReduce: async values => {
    const before = performance.now()
    await communicator.allReduce(values)
    seconds.push((performance.now() - before) / 1000)
  },
})

const steps = async (name: string, size: number, batch: number, threads: number, count: number) => {
  const { engine } = await openEngine('onednn')
  const network = model(name)
  const exchanges: number[] = []
  const session = new TrainingSession({
    model: network,
    size: [size, size],
    recipe: { ...RECIPES.senet, batch },
    seed: 0,
    engine,
    threads,
    communicator: timed(exchanges),
  })
  const indices = Uint32Array.from(placesOf(batch, communicator))
  const length = indices.length * network.channels * size * size
  const images = Float32Array.from({ length }, (_, i) => ((i * 7919) % 1009) / 1009 - 0.5)
  const data = Int32Array.from(indices, place => place % network.classes)
  const targets = { labels: { shape: [indices.length], data } }
  const at = (step: number) => ({ step, learningRate: 1e-3 })
  const measured = { warmUp: 2, seconds: 0, least: count }
  const times = await repeat(run => session.step({ images, indices }, targets, at(run)), measured)
  await session.dispose()
  return { times, exchanges: exchanges.slice(-count) }
}

const exchanges = async (bytes: readonly number[], count: number) => {
  const all: { bytes: number; times: number[] }[] = []
  for (const size of bytes) {
    const values = new Float32Array(size / 4).fill(1)
    const times = await repeat(() => communicator.allReduce([values]), {
      warmUp: 3,
      seconds: 0,
      least: count,
    })
    all.push({ bytes: size, times })
  }
  return all
}

const [name, ...numbers] = args
const result =
  work === 'steps'
    ? await steps(name, ...(numbers.map(Number) as [number, number, number, number]))
    : await exchanges(numbers.map(Number), Number(name))
if (communicator.rank === 0) console.log(JSON.stringify(result))
await communicator.close(0)
