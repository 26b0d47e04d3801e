/** CIFAR-10 and CIFAR-100, as small synthetic copies of their archives. */

import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { FileError } from '../errors.ts'
import { CIFAR_SOURCES, type CifarName, openCifar } from './cifar.ts'

const PIXELS = 3072

/** Pixels that tell apart pictures and places in them. */
const picture = (number: number): Uint8Array =>
  Uint8Array.from({ length: PIXELS }, (_, i) => (i + 37 * number) % 251)

/** Records of label bytes and pixels; the first picture's number tells files apart. */
const records = (labels: readonly (readonly number[])[], first = 0): Uint8Array =>
  Buffer.concat(labels.flatMap((own, i) => [Uint8Array.from(own), picture(first + i)]))

const lines = (count: number): Uint8Array =>
  Buffer.from(Array.from({ length: count }, (_, i) => `name ${i}\r\n`).join(''))

type Files = Readonly<Record<string, Uint8Array>>

const CIFAR10: Files = {
  ...Object.fromEntries(
    [1, 2, 3, 4, 5].map(i => [`data_batch_${i}.bin`, records([[i], [9]], 2 * i - 2)] as const),
  ),
  'test_batch.bin': records([[3]], 20),
  'batches.meta.txt': Buffer.concat([lines(10), Buffer.from('\n')]),
}

/** The coarse labels are no labels of the set. */
const CIFAR100: Files = {
  'train.bin': records([
    [200, 99],
    [0, 5],
  ]),
  'test.bin': records([[1, 42]], 20),
  'fine_label_names.txt': lines(100),
}

const newFolder = async (files: Files = {}): Promise<string> => {
  const folder = await mkdtemp(join(tmpdir(), 'excite-'))
  onTestFinished(() => rm(folder, { recursive: true, force: true }))
  for (const [name, bytes] of Object.entries(files)) await writeFile(join(folder, name), bytes)
  return folder
}

it('reads the five files of CIFAR-10 in their order', async () => {
  const dataDir = await newFolder(CIFAR10)
  const train = await openCifar('cifar10', 'train', { dataDir, cacheDir: '' })
  expect(train).toMatchObject({ name: 'cifar10', split: 'train', shape: [3, 32, 32] })
  expect([...train.labels]).toEqual([1, 9, 2, 9, 3, 9, 4, 9, 5, 9])
  for (const index of train.labels.keys())
    expect(await train.read(index)).toEqual(Buffer.from(picture(index)))
  expect(train.classes).toEqual(Array.from({ length: 10 }, (_, i) => `name ${i}`))
  const test = await openCifar('cifar10', 'test', { dataDir, cacheDir: '' })
  expect([...test.labels]).toEqual([3])
  expect(await test.read(0)).toEqual(Buffer.from(picture(20)))
})

it('reads the fine labels of CIFAR-100', async () => {
  const dataDir = await newFolder(CIFAR100)
  const train = await openCifar('cifar100', 'train', { dataDir, cacheDir: '' })
  expect([...train.labels]).toEqual([99, 5])
  expect(train.classes[99]).toBe('name 99')
  expect(await train.read(1)).toEqual(Buffer.from(picture(1)))
})

it.each([
  ['the folder given', 'dataDir', ''],
  ['the archive in the folder given', 'dataDir', 'cifar-100-binary'],
  ['the archive in the cache', 'cacheDir', 'cifar-100-binary'],
] as const)('is found in %s', async (_, place, inside) => {
  const base = await newFolder()
  await mkdir(join(base, inside), { recursive: true })
  for (const [name, bytes] of Object.entries(CIFAR100))
    await writeFile(join(base, inside, name), bytes)
  const places = { cacheDir: join(base, 'nowhere'), [place]: base }
  expect([...(await openCifar('cifar100', 'test', places)).labels]).toEqual([42])
})

it('numbers the classes where their names are missing', async () => {
  const { 'batches.meta.txt': _, ...files } = CIFAR10
  const dataDir = await newFolder(files)
  const { classes } = await openCifar('cifar10', 'test', { dataDir, cacheDir: '' })
  expect(classes).toEqual(Array.from({ length: 10 }, (_, i) => `class ${i}`))
})

describe('damage', () => {
  const third = CIFAR10['data_batch_3.bin']
  const CASES: Readonly<
    Record<string, readonly [name: CifarName, files: Files, at: string, message: string]>
  > = {
    'a truncated record': [
      'cifar10',
      { ...CIFAR10, 'data_batch_3.bin': third.subarray(0, -1) },
      'data_batch_3.bin',
      'records of 3073 bytes, got 6145 bytes: 1 records and 3072 bytes more. The file is truncated',
    ],
    'an empty file': [
      'cifar100',
      { ...CIFAR100, 'train.bin': Buffer.of() },
      'train.bin',
      'records of 3074 bytes, got 0 bytes',
    ],
    'records of the other set': [
      'cifar100',
      { ...CIFAR100, 'train.bin': third },
      'train.bin',
      'records of 3074 bytes, got 6146 bytes: 1 records and 3072 bytes more',
    ],
    'a label that no class has': [
      'cifar10',
      { ...CIFAR10, 'data_batch_5.bin': records([[9], [10]]) },
      'data_batch_5.bin',
      'labels from 0 to 9, got 10 for sample 1',
    ],
    'a fine label that no class has': [
      'cifar100',
      { ...CIFAR100, 'train.bin': records([[0, 100]]) },
      'train.bin',
      'labels from 0 to 99, got 100 for sample 0',
    ],
    'a class name too few': [
      'cifar10',
      { ...CIFAR10, 'batches.meta.txt': lines(9) },
      'batches.meta.txt',
      '10 class names, got 9',
    ],
  }

  for (const [damage, [name, files, at, message]] of Object.entries(CASES))
    it(`is refused: ${damage}`, async () => {
      const dataDir = await newFolder(files)
      const opening = openCifar(name, 'train', { dataDir, cacheDir: '' })
      const failure = await opening.catch((error: unknown) => error)
      expect(failure).toBeInstanceOf(FileError)
      expect((failure as FileError).message).toContain(`${join(dataDir, at)}: expected ${message}`)
    })

  it('is refused: one of the files missing', async () => {
    const { 'data_batch_4.bin': _, ...files } = CIFAR10
    const dataDir = await newFolder(files)
    await expect(openCifar('cifar10', 'train', { dataDir, cacheDir: '' })).rejects.toThrow(
      `${join(dataDir, 'data_batch_4.bin')}: expected a readable file, got ENOENT`,
    )
  })

  it.each(['cifar10', 'cifar100'] as const)('says how to get %s', async name => {
    const dataDir = await newFolder()
    const { url, files, folder } = CIFAR_SOURCES[name]
    const opening = openCifar(name, 'train', { dataDir, cacheDir: '' })
    const failure = await opening.catch((error: unknown) => error)
    expect(failure).toBeInstanceOf(FileError)
    expect((failure as FileError).message).toBe(
      `${dataDir}: expected ${files.test[0]}, here or in ${folder}, got neither. Fetch and unpack ` +
        `it: curl -L ${url} | tar xz -C ${dataDir}, which gives ${CIFAR_SOURCES[name].names} and ` +
        'the records',
    )
  })
})
