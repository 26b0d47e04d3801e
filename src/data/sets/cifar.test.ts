/** CIFAR-10 and CIFAR-100, as small synthetic copies of their archives. */

import { execFileSync } from 'node:child_process'
import { mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { create } from 'tar'
import { afterEach, describe, expect, it, onTestFinished, vi } from 'vitest'
import { FileError } from '../../errors/index.ts'
import { CIFAR_SOURCES, type CifarName, openCifar } from './cifar.ts'

const PIXELS = 3072

/** Pixels that tell apart images and places in them. */
const image = (number: number): Uint8Array =>
  Uint8Array.from({ length: PIXELS }, (_, i) => (i + 37 * number) % 251)

/** Records of label bytes and pixels; the first image's number tells files apart. */
const records = (labels: readonly (readonly number[])[], first = 0): Uint8Array =>
  Buffer.concat(labels.flatMap((own, i) => [Uint8Array.from(own), image(first + i)]))

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
    expect(await train.read(index)).toEqual(Buffer.from(image(index)))
  expect(train.classes).toEqual(Array.from({ length: 10 }, (_, i) => `name ${i}`))
  const test = await openCifar('cifar10', 'test', { dataDir, cacheDir: '' })
  expect([...test.labels]).toEqual([3])
  expect(await test.read(0)).toEqual(Buffer.from(image(20)))
})

it('reads the fine labels of CIFAR-100', async () => {
  const dataDir = await newFolder(CIFAR100)
  const train = await openCifar('cifar100', 'train', { dataDir, cacheDir: '' })
  expect([...train.labels]).toEqual([99, 5])
  expect(train.classes[99]).toBe('name 99')
  expect(await train.read(1)).toEqual(Buffer.from(image(1)))
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

it('waits for no pipe in the place of the archive', async () => {
  const dataDir = await newFolder()
  const archive = join(dataDir, 'cifar-10-binary.tar.gz')
  execFileSync('mkfifo', [archive])
  await expect(openCifar('cifar10', 'test', { dataDir, cacheDir: '' })).rejects.toThrow(
    `${archive}: expected a .tar.gz archive, got no plain file`,
  )
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
      `${join(dataDir, 'data_batch_4.bin')}: no such file; expected a readable file`,
    )
  })

  it.each(['cifar10', 'cifar100'] as const)('says how to get %s', async name => {
    const dataDir = await newFolder()
    const { url, files, folder } = CIFAR_SOURCES[name]
    await expect(openCifar(name, 'train', { dataDir, cacheDir: '' })).rejects.toThrow(
      new FileError({
        where: dataDir,
        expected: `${files.test[0]}, here or in ${folder}, or ${url.split('/').at(-1)}`,
        got: 'none of them',
        hint: `Fetch ${url} into that folder, or name no folder (\`data.dataDir\`): then Excite does`,
      }),
    )
  })
})

/** An archive of files below a folder. */
const archived = async (
  inside: string,
  files: Files,
  options: object = {},
  links: Readonly<Record<string, string>> = {},
): Promise<Buffer> => {
  const folder = await newFolder()
  await mkdir(join(folder, inside), { recursive: true })
  for (const [name, bytes] of Object.entries(files))
    await writeFile(join(folder, inside, name), bytes)
  for (const [name, to] of Object.entries(links)) await symlink(to, join(folder, inside, name))
  await create({ gzip: true, file: join(folder, 'tar'), cwd: folder, ...options }, [inside])
  return readFile(join(folder, 'tar'))
}
const INSIDE = 'cifar-10-batches-bin'
const ARCHIVE = 'cifar-10-binary.tar.gz'

describe('the archive', () => {
  afterEach(() => vi.unstubAllGlobals())

  it('is unpacked where it lies, and nothing of it but the set', async () => {
    const bytes = await archived(INSIDE, { ...CIFAR10, 'readme.html': Buffer.from('<html>') })
    const dataDir = await newFolder({ [ARCHIVE]: bytes })
    const train = await openCifar('cifar10', 'train', { dataDir, cacheDir: '' })
    expect([...train.labels]).toEqual([1, 9, 2, 9, 3, 9, 4, 9, 5, 9])
    expect((await readdir(dataDir)).sort()).toEqual([INSIDE, ARCHIVE].sort())
    expect((await readdir(join(dataDir, INSIDE))).sort()).toEqual(Object.keys(CIFAR10).sort())
  })

  it('is not kept where it is fetched and is not the one that is published', async () => {
    const bytes = await archived(INSIDE, CIFAR10)
    const fetched = vi.fn(async (_: string) => new Response(new Uint8Array(bytes)))
    vi.stubGlobal('fetch', fetched)
    const cacheDir = await newFolder()
    await expect(openCifar('cifar10', 'train', { cacheDir })).rejects.toThrow(
      `${CIFAR_SOURCES.cifar10.url}: expected md5 ${CIFAR_SOURCES.cifar10.md5}, got `,
    )
    expect(fetched.mock.calls[0][0]).toBe(CIFAR_SOURCES.cifar10.url)
    expect(await readdir(cacheDir)).toEqual([])
  })

  const { 'test_batch.bin': test, ...rest } = CIFAR10
  const RULES: Readonly<Record<string, readonly [() => Promise<Uint8Array>, string]>> = {
    'that is none': [
      async () => Buffer.from('<html>Not found</html>'.repeat(99)),
      'a .tar.gz archive',
    ],
    'that is empty': [async () => Buffer.of(), 'a .tar.gz archive'],
    'cut off': [
      async () => (await archived(INSIDE, CIFAR10)).subarray(0, 500),
      'a .tar.gz archive',
    ],
    'of another folder': [
      () => archived('other', CIFAR10),
      'no data_batch_1.bin, data_batch_2.bin',
    ],
    'without one of the files': [() => archived(INSIDE, rest), 'got no test_batch.bin'],
    'with a link for a file': [
      () => archived(INSIDE, rest, {}, { 'test_batch.bin': '/etc/passwd' }),
      'plain files, once each, got SymbolicLink of 0 bytes called test_batch.bin',
    ],
    'with paths that climb': [
      () => archived(INSIDE, { ...rest, 'test_batch.bin': test }, { prefix: '../elsewhere' }),
      'got no data_batch_1.bin',
    ],
  }
  it.each(Object.entries(RULES))('is refused %s', async (rule, [make, message]) => {
    const dataDir = await newFolder({ [ARCHIVE]: await make() })
    const failure = await openCifar('cifar10', 'train', { dataDir, cacheDir: '' }).catch(
      (error: unknown) => error,
    )
    expect(failure, rule).toBeInstanceOf(FileError)
    expect((failure as Error).message).toContain(`${join(dataDir, ARCHIVE)}: expected `)
    expect((failure as Error).message).toContain(message)
    expect(await readdir(dataDir)).toEqual([ARCHIVE])
  })
})
