/**
 * Every call of the disk that a training makes fails, once and for good: it is borne or said, and the
 * run ends as an undisturbed one. Of the many cases, some in each run of the tests; all with
 * EXCITE_FAULTS=all.
 */

import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { folderInMemory } from '../support/memory.ts'
import { CODES, type Fault, failDisk, resultOf, trainThrough } from './faults.ts'
import { type Modules, modulesOf, trainOnce } from './trainings.ts'

const NAME = 'onnx/sgd/shapes'
/** Coprime to the number of codes and kinds, so that each meets calls of every sort. */
const STRIDE = process.env.EXCITE_FAULTS === 'all' ? 1 : 29

let modules: Modules
let place: string
let expected: Readonly<Record<string, string>>
let total: number

beforeAll(async () => {
  modules = await modulesOf('src')
  place = await folderInMemory()
  const folder = join(place, 'whole')
  const counted = failDisk(modules, undefined)
  await trainOnce(modules, { name: NAME, place, folder })
  total = counted.calls()
  counted.end()
  expected = await resultOf(folder)
})

afterAll(() => rm(place, { recursive: true }))

it('bears or says every failure of the disk, and loses nothing', async () => {
  const kinds = CODES.flatMap(code =>
    [false, true].flatMap(lasting => [false, true].map(done => ({ code, lasting, done }))),
  )
  const all = [...new Array(total).keys()].flatMap(call =>
    kinds.map((kind): Fault => ({ ...kind, at: call + 1 })),
  )
  const wrong: string[] = []
  for (let i = 0; i < all.length; i += STRIDE * kinds.length + 5) {
    const found = await trainThrough(modules, NAME, place, all[i], expected)
    if (found !== undefined) wrong.push(found)
  }
  expect(wrong).toEqual([])
}, 7_200_000)
