/** How fast each device trains a small network on this machine. */

import { availableParallelism } from 'node:os'
import { openDevice } from '../engines/registry.ts'
import { model } from '../models/registry.ts'
import { random } from '../random.ts'
import { RECIPES } from '../train/recipes.ts'
import { openSession } from '../train/session.ts'

const NETWORK = 'se-resnet20'
const BATCH = 32
const SIZE = 32
const ROUNDS = 3
const WARM_UP = 2
/** Of one device in one round, in milliseconds. */
const TURN = 700

/** Images a second of some steps of training on pictures of noise, once they run evenly. */
const turn = async (name: string): Promise<number> => {
  const network = model(NETWORK)
  const { engine } = await openDevice(name)
  const recipe = { ...RECIPES.short, batch: BATCH }
  const session = await openSession({
    model: network,
    size: [SIZE, SIZE],
    recipe,
    seed: 0,
    engine,
    threads: availableParallelism(),
  })
  const draw = random(0)
  const count = BATCH * network.channels * SIZE * SIZE
  const images = Float32Array.from({ length: count }, (_, i) => draw.normal(i))
  const labels = Int32Array.from({ length: BATCH }, (_, i) => i % network.classes)
  const batch = { images, labels, indices: Uint32Array.from(labels.keys()), count: BATCH }
  let begun = 0
  let step = 0
  for (; step <= WARM_UP || performance.now() - begun < TURN; step++) {
    if (step === WARM_UP) begun = performance.now()
    await session.step(batch, { step, learningRate: 1e-3, frozen: false })
  }
  const seconds = (performance.now() - begun) / 1000
  await session.dispose()
  return ((step - WARM_UP) * BATCH) / seconds
}

/**
 * Images a second of training se-resnet20 at batch 32 and 32², the best of several turns each; turn
 * by turn, since on a busy machine only what ran side by side compares, and one at a time, since the
 * threads of the one that waits would disturb the other.
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
