/** First weights are found by what people have: a run, a file of any program, or a word with its mistake. */

import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { model } from '../models/registry.ts'
import { initialize, variables } from '../nn/index.ts'
import { writeSafetensors } from '../weights/safetensors.ts'
import { type Card, writeTrained } from '../weights/trained.ts'
import { readFirstWeights, weightsName } from './firstWeights.ts'

let folder = ''
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'excite-weights-'))
})
afterAll(() => rm(folder, { recursive: true, force: true }))

const network = model('resnet8', { classes: 3 })
const tensors = initialize(network.network, 0)
const card: Card = {
  model: 'resnet8',
  classes: ['a', 'b', 'c'],
  channels: 3,
  height: 32,
  width: 32,
  mean: [0, 0, 0],
  std: [1, 1, 1],
}
const stored = new Map(
  variables(network.network).map(({ name, tensor: { shape } }) => [
    name,
    { dtype: 'F32' as const, shape, data: tensors.get(name) as Float32Array },
  ]),
)

it("takes a run's folder for its best weights", async () => {
  const run = join(folder, 'run')
  await mkdir(run)
  await expect(readFirstWeights(run)).rejects.toThrow('expected a run with best.safetensors')
  await writeFile(join(run, 'best.safetensors'), writeTrained({ card, model: network, tensors }))
  const found = await readFirstWeights(run)
  expect(found.card).toEqual(card)
  expect(found.stored.size).toBe(stored.size)
})

it("takes another program's file for the network that it is of, or the one that was given", async () => {
  const file = join(folder, 'resnet8.safetensors')
  await writeFile(file, writeSafetensors(stored))
  const given = await readFirstWeights(file, { model: 'se-resnet8' })
  expect(given.card?.model).toBe('resnet8')
  expect([...given.stored.keys()]).toEqual([...stored.keys()])
  expect((await readFirstWeights(file)).card?.model).toBe('resnet8')
})

it('names what is not there, or cannot be, and what to give', async () => {
  await expect(readFirstWeights(join(folder, 'none.pth'))).rejects.toThrow(
    /weights: expected a .safetensors or PyTorch file, .* got .*none.pth, where there is nothing/,
  )
  const text = join(folder, 'text.pth')
  await writeFile(text, 'no weights at all, but some words')
  await expect(readFirstWeights(text)).rejects.toThrow('text.pth: expected a safetensors file')
})

it('keeps names of repositories, and makes paths whole', () => {
  expect(weightsName('timm/seresnet50.a1_in1k')).toBe('timm/seresnet50.a1_in1k')
  expect(weightsName('src/none')).toMatch(/^\/.*src\/none$/)
  expect(weightsName('best.safetensors')).toMatch(/^\//)
})
