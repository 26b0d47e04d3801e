/**
 * Calls of the disk that a training makes fail, once and for good: it is borne or said, and the run
 * ends as an undisturbed one. Some of all cases here; all by `npm run test:faults`.
 */

import { rm } from 'node:fs/promises'
import { expect, it } from 'vitest'
import { folderInMemory } from '../support/memory.ts'
import { tryFaults } from './faults.ts'
import { tinyTraining } from './tinyTraining.ts'
import { modulesOf, trainOnce } from './trainings.ts'

const SEED = 12

it('bears or says failures of the disk, and loses nothing', async () => {
  const modules = await modulesOf('src')
  const place = await folderInMemory()
  const train = (folder: string) => trainOnce(modules, { name: 'onnx/sgd/shapes', place, folder })
  expect((await tryFaults(train, 4, SEED)).wrong).toEqual([])
  await rm(place, { recursive: true })
}, 300_000)

it('also a training that is nearly nothing but its files', async () => {
  expect((await tryFaults(await tinyTraining(), 60, SEED)).wrong).toEqual([])
}, 300_000)
