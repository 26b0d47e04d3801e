/** A contact sheet: the first images of each class as one PNG, one row per class. */

import { writeFileAtomic } from '../../platform/node/files.ts'
import type { Dataset } from '../dataset.ts'
import { interleave } from './interleave.ts'

const GAP = 2

/** @throws FileError when the file cannot be written */
export const writeContactSheet = async (
  dataset: Dataset,
  path: string,
  columns = 10,
): Promise<void> => {
  const { default: sharp } = await import('sharp')
  const { labels, classes, shape } = dataset
  const [across, down] = [shape[2] + GAP, shape[1] + GAP]
  const seen = classes.map(() => 0)
  const images = []
  for (const [index, row] of labels.entries()) {
    const column = seen[row]++
    if (column >= columns) continue
    const image = await interleave(dataset, index)
    images.push({ ...image, left: column * across + GAP, top: row * down + GAP })
  }
  const sheet = sharp({
    create: {
      width: columns * across + GAP,
      height: classes.length * down + GAP,
      channels: 3,
      background: '#fff',
    },
  })
  await writeFileAtomic(path, await sheet.composite(images).png().toBuffer())
}
