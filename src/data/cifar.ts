/** CIFAR-10 and CIFAR-100 in their binary versions: records of label bytes and 3×32×32 pixels. */

import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { FileError } from '../errors.ts'
import type { Dataset, Split } from './dataset.ts'
import { readContent } from './folders.ts'
import { labelsOf } from './labels.ts'

const PIXELS = 3 * 32 * 32

interface Source {
  readonly folder: string
  readonly url: string
  readonly files: Readonly<Record<Split, readonly string[]>>
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

const findFolder = (
  name: CifarName,
  { dataDir, cacheDir }: { dataDir?: string; cacheDir: string },
): string => {
  const { folder, url, files, names } = CIFAR_SOURCES[name]
  const base = dataDir ?? cacheDir
  const found = [base, join(base, folder)].find(path => existsSync(join(path, files.test[0])))
  if (found === undefined)
    throw new FileError({
      where: base,
      expected: `${files.test[0]}, here or in ${folder}`,
      got: 'neither',
      hint: `Fetch and unpack it: curl -L ${url} | tar xz -C ${base}, which gives ${names} and the records`,
    })
  return found
}

/** @throws FileError when files are missing, truncated or hold labels that no class has */
export const openCifar = async (
  name: CifarName,
  split: Split,
  places: { dataDir?: string; cacheDir: string },
): Promise<Dataset> => {
  const { files, names, labelBytes, label, classes } = CIFAR_SOURCES[name]
  const folder = findFolder(name, places)
  const record = labelBytes + PIXELS
  const parts = await Promise.all(
    files[split].map(async file => {
      const path = join(folder, file)
      const bytes = await readRecords(path, record)
      const count = bytes.length / record
      const own = Uint8Array.from({ length: count }, (_, i) => bytes[i * record + label])
      return { bytes, labels: labelsOf(own, classes, path), count }
    }),
  )
  const namesPath = join(folder, names)
  const known = existsSync(namesPath)
    ? (await readFile(namesPath, 'utf8'))
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
  const records = parts.flatMap(({ bytes, count }) =>
    Array.from({ length: count }, (_, i) => ({ bytes, start: i * record + labelBytes })),
  )
  return {
    name,
    split,
    classes: known,
    shape: [3, 32, 32],
    labels: Int32Array.from(parts.flatMap(({ labels }) => [...labels])),
    read: index => {
      const { bytes, start } = records[index]
      return bytes.subarray(start, start + PIXELS)
    },
  }
}
