/** CIFAR-10 and CIFAR-100 in their binary versions: records of label bytes and 3×32×32 pixels. */

import { existsSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { FileError } from '../../errors/index.ts'
import { type Dataset, type PublishedSplit, pixelDataset } from '../dataset.ts'
import { fetchCached } from './fetchCached.ts'
import { labelsOf } from './labels.ts'
import { type Places, readContent } from './localFiles.ts'
import { untar } from './untar.ts'

const PIXELS = 3 * 32 * 32

interface Source {
  readonly folder: string
  readonly url: string
  /** Of the archive, as its page prints it; it prints nothing better. */
  readonly md5: string
  readonly files: Readonly<Record<PublishedSplit, readonly string[]>>
  /** The file of class names, one a line. */
  readonly names: string
  /** Label bytes of a record, and which of them counts. */
  readonly labelBytes: number
  readonly label: number
  readonly classes: number
}

export const CIFAR_SOURCES = {
  cifar10: {
    folder: 'cifar-10-batches-bin',
    url: 'https://www.cs.toronto.edu/~kriz/cifar-10-binary.tar.gz',
    md5: 'c32a1d4ab5d03f1284b67883e8d87530',
    files: {
      train: [1, 2, 3, 4, 5].map(i => `data_batch_${i}.bin`),
      test: ['test_batch.bin'],
    },
    names: 'batches.meta.txt',
    labelBytes: 1,
    label: 0,
    classes: 10,
  },
  cifar100: {
    folder: 'cifar-100-binary',
    url: 'https://www.cs.toronto.edu/~kriz/cifar-100-binary.tar.gz',
    md5: '03b5dce01913d631647c71ecec9e9cb8',
    files: { train: ['train.bin'], test: ['test.bin'] },
    names: 'fine_label_names.txt',
    // The coarse label, then the fine one.
    labelBytes: 2,
    label: 1,
    classes: 100,
  },
} as const satisfies Record<string, Source>

export type CifarName = keyof typeof CIFAR_SOURCES

/** The records of one file. */
const readRecords = async (path: string, record: number): Promise<Uint8Array> => {
  const bytes = await readContent(path)
  if (bytes.length === 0 || bytes.length % record !== 0)
    throw new FileError({
      where: path,
      expected: `records of ${record} bytes`,
      got: `${bytes.length} bytes: ${Math.floor(bytes.length / record)} records and ${bytes.length % record} bytes more`,
      hint: 'The file is truncated, or of the other CIFAR: unpack the archive again',
    })
  return bytes
}

/** The folder of the files: as it was given, unpacked before or now, or fetched, in this order. */
const locate = async (
  name: CifarName,
  { dataDir, cacheDir, onProgress }: Places,
): Promise<string> => {
  const { folder, url, md5, files, names } = CIFAR_SOURCES[name]
  const base = dataDir ?? cacheDir
  const target = join(base, folder)
  const found = [base, target].find(path => existsSync(join(path, files.test[0])))
  if (found !== undefined) return found
  const archive = join(base, basename(url))
  const fetched = dataDir === undefined && !existsSync(archive)
  if (fetched) await fetchCached({ url, md5 }, archive, onProgress)
  if (!existsSync(archive))
    throw new FileError({
      where: base,
      expected: `${files.test[0]}, here or in ${folder}, or ${basename(url)}`,
      got: 'none of them',
      hint: `Fetch ${url} into that folder, or name no folder (\`data.dataDir\`): then Excite does`,
    })
  await untar(archive, folder, [...files.train, ...files.test, names], target)
  if (fetched) await rm(archive, { force: true })
  return target
}

/** @throws FileError when files are missing, truncated or hold labels that no class has */
export const openCifar = async (
  name: CifarName,
  split: PublishedSplit,
  places: Places,
): Promise<Dataset> => {
  const { files, names, labelBytes, label, classes } = CIFAR_SOURCES[name]
  const folder = await locate(name, places)
  const record = labelBytes + PIXELS
  const parts = await Promise.all(
    files[split].map(async file => {
      const path = join(folder, file)
      const bytes = await readRecords(path, record)
      const own = Uint8Array.from(
        { length: bytes.length / record },
        (_, i) => bytes[i * record + label],
      )
      return { bytes, labels: labelsOf(own, classes, path) }
    }),
  )
  const namesPath = join(folder, names)
  const known = existsSync(namesPath)
    ? Buffer.from(await readContent(namesPath))
        .toString('utf8')
        .split('\n')
        .map(line => line.trim())
        .filter(line => line !== '')
    : Array.from({ length: classes }, (_, i) => `class ${i}`)
  if (known.length !== classes)
    throw new FileError({
      where: namesPath,
      expected: `${classes} class names`,
      got: `${known.length}`,
    })
  const images = parts.flatMap(({ bytes, labels }) =>
    Array.from(labels, (_, i) => {
      const start = i * record + labelBytes
      return bytes.subarray(start, start + PIXELS)
    }),
  )
  return pixelDataset({
    name,
    split,
    classes: known,
    shape: [3, 32, 32] as const,
    labels: Int32Array.from(parts.flatMap(({ labels }) => [...labels])),
    inMemory: true,
    read: (index: number) => images[index],
  })
}
