/** How fast each engine trains a small network on this machine. */

import { availableParallelism } from 'node:os'
import { WORKLOADS } from '../bench/workloads.ts'
import { openEngine } from '../engines/registry.ts'
import { model } from '../models/registry.ts'
import { repeat, spreadOf } from '../stats/clock.ts'

const NETWORK = 'se-resnet20'
const BATCH = 32
const SIZE = 32
const ROUNDS = 3
/** One engine's turn in one round. */
const TURN = { warmUp: 2, seconds: 0.7, least: 3 }

const turn = async (name: string): Promise<number> => {
  const { engine } = await openEngine(name)
  const threads = availableParallelism()
  const network = model(NETWORK)
  const work = await WORKLOADS.train({ model: network, size: SIZE, batch: BATCH, engine, threads })
  try {
    return BATCH / spreadOf(await repeat(work.step, TURN)).best
  } finally {
    await work.dispose()
  }
}

/**
 * Images a second of training at batch 32 and 32², the best of several turns each; turn by turn,
 * since on a busy machine only what ran side by side compares, and one at a time, since the threads
 * of the one that waits would disturb the other.
 */
export const measureTraining = async (
  names: readonly string[],
  say: (what: string) => void,
): Promise<ReadonlyMap<string, number>> => {
  const best = new Map<string, number>()
  for (let round = 1; round <= ROUNDS; round++)
    for (const name of names) {
      say(`training ${NETWORK} with ${name}, ${round}/${ROUNDS}`)
      best.set(name, Math.max(best.get(name) ?? 0, await turn(name)))
    }
  return best
}
