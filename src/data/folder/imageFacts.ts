/** What there is to know of a set of images before any is read: how many, of how many classes, how large. */

import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { type DatasetOptions, isFolder, openSplits } from '../registry.ts'

/** What decides how a set is trained on. */
export interface ImageFacts {
  /** How many there are to train on. */
  readonly images: number
  readonly classes: number
  /** The middle one of their shorter sides, in pixels. */
  readonly side: number
}

const LOOKED_AT = 64

/** The middle one of the shorter sides of the images in a folder, told by some of them. */
const medianSide = async (folder: string): Promise<number | undefined> => {
  const { default: sharp } = await import('sharp')
  const files = await readdir(folder, { recursive: true })
  const images = files.filter(file => /\.(jpe?g|png|webp|avif|gif|tiff?)$/i.test(file))
  const every = Math.ceil(images.length / LOOKED_AT)
  const sides = await Promise.all(
    images
      .filter((_, i) => i % every === 0)
      .map(async file => {
        const none = { width: 0, height: 0 }
        const { width, height } = await sharp(join(folder, file))
          .metadata()
          .catch(() => none)
        return Math.min(width, height)
      }),
  )
  const known = sides.filter(side => side > 0).sort((a, b) => a - b)
  return known[Math.floor(known.length / 2)]
}

/**
 * Counts the images of a dataset, or of a folder.
 * @throws UsageError for an unknown name; FileError for missing or damaged files
 */
export const imageFacts = async (data: string, options: DatasetOptions): Promise<ImageFacts> => {
  const splits = await openSplits(data, { ...options, workers: 0 })
  try {
    const { labels, classes, shape } = await splits.open('train')
    const side = isFolder(data) ? await medianSide(data) : undefined
    return { images: labels.length, classes: classes.length, side: side ?? shape[1] }
  } finally {
    await splits.close()
  }
}
