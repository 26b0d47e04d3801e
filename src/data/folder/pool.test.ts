/** Worker threads that end: their images are prepared by others, in the same order. */

import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Worker } from 'node:worker_threads'
import sharp from 'sharp'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { moduleUrl, startThread } from '../../platform/node/child.ts'
import { prepareImages } from '../prepare.ts'
import { fileSource, type ImageFiles } from './files.ts'
import { openPool } from './pool.ts'

const COUNT = 11
const PREPARATION = {
  normalization: { mean: [0.5, 0.5, 0.5], std: [0.25, 0.25, 0.25] },
  augmentation: { flip: true },
  seed: 1,
  epoch: 1,
}
const all = Uint32Array.from({ length: COUNT }, (_, i) => i)
let files: ImageFiles
beforeAll(async () => {
  const folder = await mkdtemp(join(tmpdir(), 'excite-'))
  await mkdir(folder, { recursive: true })
  files = {
    folder,
    files: Array.from(all, i => `${i}.png`),
    shape: [3, 8, 8],
    cropPct: 1,
  }
  for (const i of all) {
    const background = { r: 20 * i, g: 255 - 20 * i, b: 100 }
    const image = sharp({ create: { width: 12, height: 8, channels: 3, background } })
    await image.png().toFile(join(folder, `${i}.png`))
  }
})
afterAll(() => rm(files.folder, { recursive: true }))

it('a thread that is ended again and again changes neither images nor their order', async () => {
  const expected = await prepareImages(fileSource(files), all, PREPARATION)
  const started: Worker[] = []
  const pool = openPool(files, 2, () => {
    const worker = startThread(moduleUrl('./worker', import.meta.url), files)
    started.push(worker)
    return worker
  })
  for (let kills = 0; kills < 12; kills++) {
    const batch = pool.prepare(all, PREPARATION)
    await started.at(-1)?.terminate()
    expect(await batch).toEqual(expected)
  }
  expect(started.length).toBeGreaterThan(12)
  await pool.close()
})

it('an image on which three threads ended is reported by name; the others are prepared', async () => {
  const pool = openPool(files, 2, () =>
    startThread(new URL('./dying.testing.ts', import.meta.url), files),
  )
  await expect(pool.prepare(all, PREPARATION)).rejects.toThrow(
    '5.png: expected an image that can be prepared, got 3 worker threads that ended (the last: exit code 9)',
  )
  const others = all.filter(index => index !== 5)
  expect(await pool.prepare(others, PREPARATION)).toEqual(
    await prepareImages(fileSource(files), others, PREPARATION),
  )
  await pool.close()
})

it('what was not prepared when the pool closed is refused', async () => {
  const pool = openPool(files, 1)
  const batch = pool.prepare(all, PREPARATION)
  const refused = expect(batch).rejects.toThrow('a dataset that was closed')
  await pool.close()
  await refused
})
