/** A session's first weights: those of the seed, whether they are drawn with an engine or before. */

import { expect, it } from 'vitest'
import { onnxEngine } from '../engines/onnxruntime/engine.ts'
import { model } from '../models/registry.ts'
import { initialize } from '../nn/index.ts'
import { RECIPES } from './recipes.ts'
import { openSession, type Session } from './session.ts'

const tested = model('se-resnet8')
const SEED = 7

const open = (): Promise<Session> =>
  openSession({
    model: tested,
    size: [8, 8],
    recipe: { ...RECIPES.senet, batch: 2, averageDecay: 0.9 },
    seed: SEED,
    engine: onnxEngine,
    threads: 1,
  })

const batch = {
  images: Float32Array.from({ length: 2 * 3 * 64 }, (_, i) => Math.sin(i)),
  labels: Int32Array.of(1, 3),
  indices: Uint32Array.of(0, 1),
  count: 2,
}
const one = { step: 0, learningRate: 0.1, frozen: false }

const everything = (session: Session) =>
  Promise.all([session.weights(false), session.weights(true), session.slots()])

it('begins with what the seed gives, zero slots and the average at the weights', async () => {
  const session = await open()
  const wanted = initialize(tested.network, SEED)
  const names = [...wanted.keys()].sort()
  for (const averaged of [false, true]) {
    const weights = await session.weights(averaged)
    expect([...weights.keys()].sort()).toEqual(names)
    for (const [name, values] of wanted) expect(weights.get(name)).toEqual(values)
  }
  for (const [name, values] of await session.slots())
    if (name.startsWith('momentum:')) expect(values.every(value => value === 0)).toBe(true)
  await session.dispose()
})

it('goes on from there the same, whether anyone looked before the first step or not', async () => {
  const [looked, straight] = [await open(), await open()]
  await looked.weights(false)
  const losses = [(await looked.step(batch, one)).loss, (await straight.step(batch, one)).loss]
  expect(losses[0]).toBe(losses[1])
  expect(await everything(straight)).toEqual(await everything(looked))
  const moved = initialize(tested.network, SEED).get('fc.weight')
  expect((await straight.weights(false)).get('fc.weight')).not.toEqual(moved)
  await Promise.all([looked.dispose(), straight.dispose()])
})
