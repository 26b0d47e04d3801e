/**
 * How fast a folder of images becomes batches, beside sharp decoding the same files and doing
 * nothing else: images a second by the clock, on a machine that has nothing else to do, and
 * milliseconds of processor time an image, all threads together. Each the best of rounds in turn.
 * Run: npm run build && node --import tsx bench/images.ts
 */

import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { availableParallelism, cpus, tmpdir } from 'node:os'
import { join } from 'node:path'
import sharp from 'sharp'
import type { openImageFolder as Open } from '../src/data/folder/imageFolder.ts'
import type { trainingBatches as Batches } from '../src/data/loader.ts'

// What users run: the workers of what is built need no loader.
const built = (name: string) => import(new URL(`../dist/data/${name}.js`, import.meta.url).href)
const openImageFolder: typeof Open = (await built('folder/imageFolder')).openImageFolder
const trainingBatches: typeof Batches = (await built('loader')).trainingBatches

const BATCH = 32
const ROUNDS = 5
const SIZE = 224
const cores = availableParallelism()
const normalization = { mean: [0.5, 0.5, 0.5], std: [0.25, 0.25, 0.25] }

/** ImageNet's usual, and a camera's, made small. */
const SETS = [
  { width: 500, height: 375, count: 256 },
  { width: 2000, height: 1500, count: 64 },
] as const
type Set = (typeof SETS)[number]

/** A folder of JPEG files, which compress as photographs do: half a megabyte for three megapixels. */
const makeFolder = async ({ width, height, count }: Set) => {
  const folder = await mkdtemp(join(tmpdir(), 'excite-bench-'))
  const files: string[] = []
  for (let i = 0; i < count + 2; i++) {
    const half = i < count ? 'train' : 'val'
    const path = join(folder, half, i % 2 === 0 ? 'even' : 'odd', `${i}.jpg`)
    await mkdir(join(path, '..'), { recursive: true })
    const noise = { type: 'gaussian', mean: 128, sigma: 50 } as const
    const create = { width: 62, height: 47, channels: 3, background: '#888', noise } as const
    const bytes = await sharp({ create }).png().toBuffer()
    const photo = sharp(bytes).resize(width, height, { fit: 'fill' }).jpeg({ quality: 95 })
    await writeFile(path, await photo.toBuffer())
    if (half === 'train') files.push(path)
  }
  return { folder, files }
}

type Work = (round: number) => Promise<unknown>

/** The best of each, in turn, so that what disturbs one round disturbs all. */
const measure = async (count: number, works: Readonly<Record<string, Work>>) => {
  const best = new Map(Object.keys(works).map(name => [name, { rate: 0, cpu: Infinity }]))
  for (let round = -1; round < ROUNDS; round++)
    for (const [name, work] of Object.entries(works)) {
      const [clock, before] = [performance.now(), process.cpuUsage()]
      await work(round + 1)
      const { user, system } = process.cpuUsage(before)
      const rate = (count * 1000) / (performance.now() - clock)
      const old = best.get(name)
      // The first round is not counted: files and code are cold.
      if (round < 0 || old === undefined) continue
      const cpu = (user + system) / 1000 / count
      best.set(name, { rate: Math.max(old.rate, rate), cpu: Math.min(old.cpu, cpu) })
    }
  return best
}

const inParallel = async (files: readonly string[], work: (path: string) => Promise<unknown>) => {
  const left = [...files]
  const one = async (): Promise<void> => {
    for (let path = left.pop(); path !== undefined; path = left.pop()) await work(path)
  }
  await Promise.all(Array.from({ length: 2 * cores }, one))
}

const DECODING = 'sharp, decoding alone'
const TO_SIZE = `sharp, decoding to ${SIZE}×${SIZE}`
const AUGMENTATIONS = {
  middle: {},
  'resized crop, flip': { resizedCrop: { scale: 0.35 }, flip: true },
  'that, jitter, rotation': {
    resizedCrop: { scale: 0.35 },
    flip: true,
    colorJitter: { strength: 0.4 },
    rotate: { degrees: 10 },
  },
}

console.log(`${cpus()[0].model}, ${cores} cores; sharp ${sharp.versions.sharp}`)
for (const set of SETS) {
  const { folder, files } = await makeFolder(set)
  const kernel = { kernel: 'linear' } as const
  const works: Record<string, Work> = {
    [DECODING]: () => inParallel(files, path => sharp(path).raw().toBuffer()),
    [TO_SIZE]: () =>
      inParallel(files, path => sharp(path).resize(SIZE, SIZE, kernel).raw().toBuffer()),
  }
  const opened = await Promise.all(
    [0, cores].map(async workers =>
      (await openImageFolder(folder, { size: SIZE, workers })).open('train'),
    ),
  )
  for (const [i, dataset] of opened.entries())
    for (const [name, augmentation] of Object.entries(AUGMENTATIONS))
      works[`${i === 0 ? 'no' : cores} workers, ${name}`] = async epoch => {
        const options = { batch: BATCH, normalization, augmentation, seed: 0, epoch }
        for await (const { count } of trainingBatches(dataset, options)) void count
      }
  const best = await measure(files.length, works)
  for (const dataset of opened) await dataset.close()
  await rm(folder, { recursive: true })
  const [decoded, resized] = [DECODING, TO_SIZE].map(name => best.get(name) ?? { rate: 0, cpu: 0 })
  const ratio = (a: number, b: number): string => (a / b).toFixed(2).padStart(10)
  console.log(`\nJPEG ${set.width}×${set.height}`)
  console.log(
    `${''.padEnd(38)} images/s   ms of CPU   of decoding alone   of decoding to size   (clock, CPU)`,
  )
  for (const [name, { rate, cpu }] of best)
    console.log(
      `${name.padEnd(38)}${rate.toFixed(0).padStart(11)}${cpu.toFixed(2).padStart(12)}${ratio(rate, decoded.rate)}${ratio(decoded.cpu, cpu)}${ratio(rate, resized.rate)}${ratio(resized.cpu, cpu)}`,
    )
}
