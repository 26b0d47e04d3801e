/**
 * How fast a folder of pictures becomes batches, beside sharp decoding the same files and doing
 * nothing else. Run: npm run build && node --import tsx bench/pictures.ts
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

const COUNT = 192
const BATCH = 32
const ROUNDS = 3
const normalization = { mean: [0.5, 0.5, 0.5], deviation: [0.25, 0.25, 0.25] }

const folder = await mkdtemp(join(tmpdir(), 'excite-bench-'))
const files: string[] = []
for (const split of ['train', 'val'])
  for (let i = 0; i < (split === 'train' ? COUNT : 2); i++) {
    const path = join(folder, split, i % 2 === 0 ? 'even' : 'odd', `${i}.jpg`)
    await mkdir(join(path, '..'), { recursive: true })
    const noise = { type: 'gaussian', mean: 128, sigma: 50 } as const
    const small = sharp({
      create: { width: 62, height: 47, channels: 3, background: '#888', noise },
    })
    const bytes = await small.png().toBuffer()
    // Of ImageNet's usual size, about 70 kB each.
    const photo = sharp(bytes).resize(500, 375, { fit: 'fill' }).jpeg({ quality: 95 })
    await writeFile(path, await photo.toBuffer())
    if (split === 'train') files.push(path)
  }

/** Pictures a second of a core's time, which other work on the machine does not change: the best. */
const rate = async (work: (round: number) => Promise<unknown>): Promise<number> => {
  await work(ROUNDS)
  let best = 0
  for (let round = 0; round < ROUNDS; round++) {
    const start = process.cpuUsage()
    await work(round)
    const { user, system } = process.cpuUsage(start)
    best = Math.max(best, (COUNT * 1e6) / (user + system))
  }
  return best
}

const inParallel = async (count: number, work: (path: string) => Promise<unknown>) => {
  const left = [...files]
  const one = async (): Promise<void> => {
    for (let path = left.pop(); path !== undefined; path = left.pop()) await work(path)
  }
  await Promise.all(Array.from({ length: count }, one))
}
const cores = availableParallelism()
const decoded = await rate(() => inParallel(2 * cores, path => sharp(path).raw().toBuffer()))
const KERNEL = { kernel: 'linear' } as const
const resized = await rate(() =>
  inParallel(2 * cores, path => sharp(path).resize(224, 224, KERNEL).raw().toBuffer()),
)
console.log(
  `${cpus()[0].model}, ${cores} cores; JPEG 500×375, ${COUNT} files, pictures a second of a core`,
)
console.log(`sharp, decoding alone           ${decoded.toFixed(0)}`)
console.log(`sharp, decoding to 224×224      ${resized.toFixed(0)}`)
const LIGHT = { resizedCrop: { scale: 0.35 }, flip: true }
const CASES = {
  'middle of 224×224': {},
  'resized crop, flip': LIGHT,
}
for (const workers of [0, cores])
  for (const [name, augmentation] of Object.entries(CASES)) {
    const dataset = await openImageFolder(folder, { split: 'train', size: 224, workers })
    const found = await rate(async epoch => {
      const options = { batch: BATCH, normalization, augmentation, seed: 0, epoch }
      for await (const { count } of trainingBatches(dataset, options)) void count
    })
    await dataset.close()
    console.log(
      `${workers} workers, ${name}`.padEnd(32) +
        `${found.toFixed(0)}   ${(found / decoded).toFixed(2)} of decoding alone, ${(found / resized).toFixed(2)} of decoding to size`,
    )
  }
await rm(folder, { recursive: true })
