/** MNIST and Fashion-MNIST: synthetic files in every state, and Debian's real ones where they are. */

import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { afterEach, describe, expect, it, onTestFinished, vi } from 'vitest'
import { FileError } from '../../errors/index.ts'
import type { PublishedSplit } from '../dataset.ts'
import { measureNormalization } from '../normalization.ts'
import { readContent } from './localFiles.ts'
import { MNIST_SOURCES, openMnist } from './mnist.ts'

const newFolder = async (): Promise<string> => {
  const folder = await mkdtemp(join(tmpdir(), 'excite-'))
  onTestFinished(() => rm(folder, { recursive: true, force: true }))
  return folder
}

const idx = (dims: readonly number[], data: readonly number[]): Uint8Array => {
  const words = dims.flatMap(dimension => [0, 0, dimension >> 8, dimension & 255])
  return Uint8Array.of(0, 0, 8, dims.length, ...words, ...data)
}

const PIXELS = [10, 11, 12, 13, 14, 15, 20, 21, 22, 23, 24, 25, 30, 31, 32, 33, 34, 35]
const IMAGES = 'train-images-idx3-ubyte'
const LABELS = 'train-labels-idx1-ubyte'
const GOOD: Readonly<Record<string, Uint8Array>> = {
  [IMAGES]: idx([3, 2, 3], PIXELS),
  [LABELS]: idx([3], [9, 0, 4]),
  't10k-images-idx3-ubyte': idx([1, 2, 3], PIXELS.slice(0, 6)),
  't10k-labels-idx1-ubyte': idx([1], [1]),
}

const zipped = (files: Readonly<Record<string, Uint8Array>>): Record<string, Uint8Array> =>
  Object.fromEntries(
    Object.entries(files).map(([name, bytes]) => [`${name}.gz`, gzipSync(bytes)] as const),
  )

/** A folder with these files. */
const folderOf = async (files: Readonly<Record<string, Uint8Array>>): Promise<string> => {
  const folder = await newFolder()
  for (const [name, bytes] of Object.entries(files)) await writeFile(join(folder, name), bytes)
  return folder
}

const without = (name: string): Record<string, Uint8Array> => {
  const { [name]: _, ...rest } = GOOD
  return rest
}

afterEach(() => {
  vi.unstubAllGlobals()
})

describe.each([
  ['plain', GOOD],
  ['compressed', zipped(GOOD)],
])('%s files', (_, files) => {
  it('give images, labels and classes', async () => {
    const dataDir = await folderOf(files)
    const train = await openMnist('fashion-mnist', 'train', { dataDir, cacheDir: dataDir })
    expect(train).toMatchObject({ name: 'fashion-mnist', split: 'train', shape: [1, 2, 3] })
    expect(train.classes[9]).toBe('Ankle boot')
    expect([...train.labels]).toEqual([9, 0, 4])
    expect([...(await train.read(1))]).toEqual([20, 21, 22, 23, 24, 25])
    const test = await openMnist('mnist', 'test', { dataDir, cacheDir: dataDir })
    expect([...test.labels]).toEqual([1])
    expect(test.classes[9]).toBe('9')
  })
})

const gz = gzipSync(GOOD[IMAGES])
const altered = Uint8Array.from(gz)
altered[gz.length - 8] ^= 1

/** The files of a folder, and what the message must say, beginning with the file at fault. */
const DAMAGED: Readonly<
  Record<string, readonly [files: Record<string, Uint8Array>, at: string, message: string]>
> = {
  'no images': [
    without(IMAGES),
    '',
    `${IMAGES} or ${IMAGES}.gz, got neither. Name a folder with the four IDX files`,
  ],
  'no labels': [without(LABELS), '', `${LABELS} or ${LABELS}.gz, got neither`],
  'truncated images': [
    { ...GOOD, [IMAGES]: GOOD[IMAGES].subarray(0, -4) },
    IMAGES,
    '18 bytes of data for [3, 2, 3], got 14',
  ],
  'truncated labels': [
    { ...GOOD, [LABELS]: GOOD[LABELS].subarray(0, -1) },
    LABELS,
    '3 bytes of data for [3], got 2',
  ],
  'labels in place of images': [{ ...GOOD, [IMAGES]: GOOD[LABELS] }, IMAGES, 'a header of 16'],
  'images in place of labels': [
    { ...GOOD, [LABELS]: GOOD[IMAGES] },
    LABELS,
    '1 dimensions at offset 3, got 3',
  ],
  'a web page': [
    { ...GOOD, [IMAGES]: Buffer.from('<html>Not found</html>') },
    IMAGES,
    'two zero bytes at offset 0 (an IDX file), got 0x3c 0x68',
  ],
  'labels of another split': [
    { ...GOOD, [LABELS]: GOOD['t10k-labels-idx1-ubyte'] },
    LABELS,
    '3 labels, one for each image of',
  ],
  'a label that no class has': [
    { ...GOOD, [LABELS]: idx([3], [0, 10, 0]) },
    LABELS,
    'labels from 0 to 9, got 10 for sample 1',
  ],
  'truncated compressed data': [
    { ...without(IMAGES), [`${IMAGES}.gz`]: gz.subarray(0, -9) },
    `${IMAGES}.gz`,
    'gzip-compressed data, got unexpected end of file',
  ],
  'compressed data with another checksum': [
    { ...without(IMAGES), [`${IMAGES}.gz`]: altered },
    `${IMAGES}.gz`,
    'gzip-compressed data, got incorrect data check',
  ],
  'plain data under a compressed name': [
    { ...without(IMAGES), [`${IMAGES}.gz`]: GOOD[IMAGES] },
    `${IMAGES}.gz`,
    'gzip-compressed data, got incorrect header check',
  ],
}

for (const [name, [files, at, message]] of Object.entries(DAMAGED))
  it(`refuses ${name}`, async () => {
    const dataDir = await folderOf(files)
    const opening = openMnist('mnist', 'train', { dataDir, cacheDir: dataDir })
    const failure = await opening.catch((error: unknown) => error)
    expect(failure).toBeInstanceOf(FileError)
    expect((failure as FileError).where).toBe(join(dataDir, at))
    expect((failure as FileError).message).toContain(`: expected ${message}`)
  })

it('waits for no pipe in the place of a file', async () => {
  const dataDir = await folderOf(without(LABELS))
  execFileSync('mkfifo', [join(dataDir, LABELS)])
  await expect(openMnist('mnist', 'train', { dataDir, cacheDir: dataDir })).rejects.toThrow(
    `${join(dataDir, LABELS)}: expected a readable file, got no plain file`,
  )
})

it('names a file that is there but cannot be read', async () => {
  const dataDir = await folderOf(without(LABELS))
  await mkdir(join(dataDir, LABELS))
  await expect(openMnist('mnist', 'train', { dataDir, cacheDir: dataDir })).rejects.toThrow(
    `${join(dataDir, LABELS)}: expected a readable file, got a folder`,
  )
})

describe('without a folder given', () => {
  const fetching = (answer: () => Promise<Response>) => {
    const fetched = vi.fn<(url: string) => Promise<Response>>(answer)
    vi.stubGlobal('fetch', fetched)
    return fetched
  }

  it('reads what is cached and fetches nothing', async () => {
    const fetched = fetching(() => Promise.reject(new Error('no network')))
    const cacheDir = await newFolder()
    await mkdir(join(cacheDir, 'mnist'))
    for (const [name, bytes] of Object.entries(zipped(GOOD)))
      await writeFile(join(cacheDir, 'mnist', name), bytes)
    expect((await openMnist('mnist', 'train', { cacheDir })).labels).toHaveLength(3)
    expect(fetched).not.toHaveBeenCalled()
  })

  it('says how to get the files when they cannot be fetched', async () => {
    const fetched = fetching(() => Promise.reject(new Error('no network')))
    await expect(openMnist('mnist', 'test', { cacheDir: await newFolder() })).rejects.toThrow(
      'dataset mnist: expected t10k-images-idx3-ubyte or t10k-images-idx3-ubyte.gz, ' +
        'got neither, and no download (no network). Name a folder with the four ' +
        `IDX files of mnist (\`data.dataDir\`), or fetch them from ${MNIST_SOURCES.mnist.url}`,
    )
    expect(fetched).toHaveBeenCalledExactlyOnceWith(
      `${MNIST_SOURCES.mnist.url}t10k-images-idx3-ubyte.gz`,
      expect.anything(),
    )
  })

  it('keeps nothing that is not the file that was published', async () => {
    fetching(async () => new Response(gz))
    const cacheDir = await newFolder()
    await expect(openMnist('mnist', 'train', { cacheDir })).rejects.toThrow(
      `no download (${createHash('md5').update(gz).digest('hex')})`,
    )
    expect(await readdir(join(cacheDir, 'mnist'))).toEqual([])
  })
})

describe('Fashion-MNIST as Debian installs it', () => {
  const { installed, checksums } = MNIST_SOURCES['fashion-mnist']
  const absent = !existsSync(installed)
  const reason = `${installed} is not there: install dataset-fashion-mnist`

  it.for(Object.entries(checksums))('%s has its hash', async ([name, { sha256 }], { skip }) => {
    skip(absent, reason)
    const content = await readContent(join(installed, `${name}.gz`))
    expect(createHash('sha256').update(content).digest('hex')).toBe(sha256)
  })

  /** The first labels as the set's own page shows them; mean and std of all pixels. */
  const FACTS: readonly {
    split: PublishedSplit
    count: number
    first: readonly number[]
    mean: number
    std: number
  }[] = [
    { split: 'train', count: 60_000, first: [9, 0, 0, 3], mean: 0.286, std: 0.353 },
    { split: 'test', count: 10_000, first: [9, 2, 1, 1], mean: 0.2868, std: 0.3524 },
  ]

  it.for(FACTS)('$split has $count images', async (facts, { skip }) => {
    skip(absent, reason)
    const { split, count, first, mean, std } = facts
    const dataset = await openMnist('fashion-mnist', split, { dataDir: installed, cacheDir: '' })
    expect(dataset.shape).toEqual([1, 28, 28])
    expect(dataset.labels).toHaveLength(count)
    expect([...dataset.labels.subarray(0, 4)]).toEqual(first)
    for (const label of dataset.classes.keys())
      expect(dataset.labels.filter(own => own === label)).toHaveLength(count / 10)

    const brightness = new Float64Array(256)
    for (const index of dataset.labels.keys())
      for (const pixel of await dataset.read(index)) brightness[pixel]++
    const power = (k: number): number =>
      brightness.reduce((sum, times, pixel) => sum + times * (pixel / 255) ** k, 0) / (count * 784)
    expect(power(1)).toBeCloseTo(mean, 4)
    expect(Math.sqrt(power(2) - power(1) ** 2)).toBeCloseTo(std, 4)
    const sampled = await measureNormalization(dataset)
    expect(Math.abs(sampled.mean[0] - mean)).toBeLessThan(0.01)
    expect(Math.abs(sampled.std[0] - std)).toBeLessThan(0.01)
  })
})
