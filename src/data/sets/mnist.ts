/** MNIST and Fashion-MNIST: 60,000 and 10,000 images of 28×28 in four IDX files. */

import { join } from 'node:path'
import { FileError } from '../../errors/index.ts'
import { type Dataset, type PublishedSplit, pixelDataset } from '../dataset.ts'
import { fetchCached } from './fetchCached.ts'
import { readIdx } from './idx.ts'
import { labelsOf } from './labels.ts'
import { findFile, type Places, readContent } from './localFiles.ts'

const FILES = {
  train: { images: 'train-images-idx3-ubyte', labels: 'train-labels-idx1-ubyte' },
  test: { images: 't10k-images-idx3-ubyte', labels: 't10k-labels-idx1-ubyte' },
} as const satisfies Record<PublishedSplit, object>

type Checksums = Readonly<Record<string, { readonly sha256: string } | { readonly md5: string }>>

interface Source {
  readonly classes: readonly string[]
  /** Where packages of the system put the files. */
  readonly installed?: string
  readonly package?: string
  readonly url: string
  readonly checksums: Checksums
}

export const MNIST_SOURCES = {
  'fashion-mnist': {
    classes: 'T-shirt/top,Trouser,Pullover,Dress,Coat,Sandal,Shirt,Sneaker,Bag,Ankle boot'.split(
      ',',
    ),
    installed: '/usr/share/datasets/fashion-mnist',
    package: 'dataset-fashion-mnist',
    url: 'http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/',
    // Of the decompressed files, as Debian's package has them.
    checksums: {
      'train-images-idx3-ubyte': {
        sha256: 'c59f468a2f672dc815687fe0f83887768d799fd8a3f3276145d20f83aa44d888',
      },
      'train-labels-idx1-ubyte': {
        sha256: 'bad3541b69d912435c50bb6ba87bec294ff4f6a2e1246121d8633921760443d9',
      },
      't10k-images-idx3-ubyte': {
        sha256: '5b4141f0afbad91edebe8549f8fcffe087ea10ca49f1dbef5c9a5cd8815ce37b',
      },
      't10k-labels-idx1-ubyte': {
        sha256: '0402a96d92fd2663957122ceb108a494c5af83dab82d92729df917d7dec38c34',
      },
    },
  },
  mnist: {
    classes: ['0', '1', '2', '3', '4', '5', '6', '7', '8', '9'],
    url: 'https://ossci-datasets.s3.amazonaws.com/mnist/',
    // Of the compressed files, as torchvision checks them; no SHA-256 is published.
    checksums: {
      'train-images-idx3-ubyte': { md5: 'f68b3c2dcbeaaa9fbdd348bbdeb94873' },
      'train-labels-idx1-ubyte': { md5: 'd53e105ee54ea40749a09fcbcd1e9432' },
      't10k-images-idx3-ubyte': { md5: '9fb629c4189551a2d022fa330f9573f3' },
      't10k-labels-idx1-ubyte': { md5: 'ec29112dd5afa0611ce80d1b7f02629c' },
    },
  },
} as const satisfies Record<string, Source>

export type MnistName = keyof typeof MNIST_SOURCES

const missing = (name: MnistName, file: string, where: string, cause?: unknown): FileError => {
  const { url, ...source }: Source = MNIST_SOURCES[name]
  const install = source.package ? `install Debian's ${source.package}, or ` : ''
  return new FileError(
    {
      where,
      expected: `${file} or ${file}.gz`,
      got: cause instanceof FileError ? `neither, and no download (${cause.got})` : 'neither',
      hint: `Name a folder with the four IDX files of ${name} (\`data.dataDir\`), or ${install}fetch them from ${url}`,
    },
    { cause },
  )
}

/** The path of a file: in the folder given, or installed, cached or fetched, in this order. */
const locate = async (
  name: MnistName,
  file: string,
  { dataDir, cacheDir, onProgress }: Places,
): Promise<string> => {
  const { url, checksums, installed }: Source = MNIST_SOURCES[name]
  const cache = join(cacheDir, name)
  const folders = dataDir === undefined ? [installed, cache] : [dataDir]
  for (const folder of folders) {
    const found = folder === undefined ? undefined : findFile(folder, file)
    if (found !== undefined) return found
  }
  if (dataDir !== undefined) throw missing(name, file, dataDir)
  const target = join(cache, `${file}.gz`)
  try {
    await fetchCached({ url: `${url}${file}.gz`, ...checksums[file] }, target, onProgress)
  } catch (cause) {
    throw missing(name, file, `dataset ${name}`, cause)
  }
  return target
}

/** @throws FileError when files are missing, damaged or do not belong together */
export const openMnist = async (
  name: MnistName,
  split: PublishedSplit,
  places: Places,
): Promise<Dataset> => {
  const files = FILES[split]
  const [imageFile, labelFile] = [
    await locate(name, files.images, places),
    await locate(name, files.labels, places),
  ]
  const images = readIdx(await readContent(imageFile), imageFile, 3)
  const { classes } = MNIST_SOURCES[name]
  const { data } = readIdx(await readContent(labelFile), labelFile, 1)
  const labels = labelsOf(data, classes.length, labelFile)
  const [count, height, width] = images.dims
  if (count !== labels.length)
    throw new FileError({
      where: labelFile,
      expected: `${count} labels, one for each image of ${imageFile}`,
      got: `${labels.length}`,
      hint: 'The two files belong to different sets',
    })
  const size = height * width
  return pixelDataset({
    name,
    split,
    classes,
    shape: [1, height, width] as const,
    labels,
    inMemory: true,
    read: (index: number) => images.data.subarray(index * size, (index + 1) * size),
  })
}
