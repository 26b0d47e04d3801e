/** Worker threads that end: their images are prepared by others, in the same order. */

import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Worker } from 'node:worker_threads'
import sharp from 'sharp'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { moduleUrl, startThread } from '../../platform/node/child.ts'
import { prepareImages } from '../prepare.ts'
import { fileSource, type ImageFormat } from './files.ts'
import { openPool } from './pool.ts'

const COUNT = 11
const PREPARATION = {
  normalization: { mean: [0.5, 0.5, 0.5], std: [0.25, 0.25, 0.25] },
  augmentation: { flip: true },
  seed: 1,
  epoch: 1,
}
const all = Uint32Array.from({ length: COUNT }, (_, i) => i)
const FORMAT = { shape: [3, 8, 8], cropPct: 1 } as const
let folder: string
let files: string[]
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'excite-'))
  files = Array.from(all, i => join(folder, `${i}.png`))
  for (const [i, file] of files.entries()) {
    const background = { r: 20 * i, g: 255 - 20 * i, b: 100 }
    await sharp({ create: { width: 12, height: 8, channels: 3, background } }).toFile(file)
  }
})
afterAll(() => rm(folder, { recursive: true }))

const prepared = (indices = all) =>
  prepareImages(
    fileSource(FORMAT, index => files[index]),
    indices,
    PREPARATION,
  )

it('a thread that is ended again and again changes neither images nor their order', async () => {
  const expected = await prepared()
  const started: Worker[] = []
  const pool = openPool(FORMAT, 2, () => {
    const worker = startThread(moduleUrl('./worker', import.meta.url))
    started.push(worker)
    return worker
  })
  for (let kills = 0; kills < 12; kills++) {
    const batch = pool.prepare(files, all, PREPARATION)
    await started.at(-1)?.terminate()
    expect(await batch).toEqual(expected)
  }
  expect(started.length).toBeGreaterThan(12)
  await pool.close()
})

it('an image on which three threads ended is reported by name; the others are prepared', async () => {
  const pool = openPool(FORMAT, 2, () =>
    startThread(new URL('./dying.testing.ts', import.meta.url)),
  )
  await expect(pool.prepare(files, all, PREPARATION)).rejects.toThrow(
    '5.png: expected an image that can be prepared, got 3 worker threads that ended (the last: exit code 9)',
  )
  const others = all.filter(index => index !== 5)
  expect(
    await pool.prepare(
      Array.from(others, i => files[i]),
      others,
      PREPARATION,
    ),
  ).toEqual(await prepared(others))
  await pool.close()
})

it('what was not prepared when the pool closed is refused', async () => {
  const pool = openPool(FORMAT, 1)
  const batch = pool.prepare(files, all, PREPARATION)
  const refused = expect(batch).rejects.toThrow('a dataset that was closed')
  await pool.close()
  await refused
})

it('threads are taken over by the next pool, for images of another format', async () => {
  /** Threads have numbers in the order in which they start. */
  const nextId = async (): Promise<number> => {
    const worker = new Worker('', { eval: true })
    const { threadId } = worker
    await worker.terminate()
    return threadId
  }
  const use = async (format: ImageFormat): Promise<void> => {
    const pool = openPool(format, 2)
    const source = fileSource(format, index => files[index])
    const expected = await prepareImages(source, all, PREPARATION)
    expect(await pool.prepare(files, all, PREPARATION)).toEqual(expected)
    await pool.close()
  }
  await use(FORMAT)
  const first = await nextId()
  for (const size of [4, 6]) await use({ shape: [3, size, size], cropPct: 0.9 })
  expect(await nextId()).toBe(first + 1)
})
