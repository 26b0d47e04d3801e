/** A contact sheet: the first images of each class as one PNG, a row a class. */

import { writeFileAtomic } from '../../platform/node/files.ts'
import type { Dataset } from '../dataset.ts'
import { interleaved } from './interleaved.ts'

const GAP = 2

/** The first `columns` indices of every class. */
const firstOfEach = ({ classes, labels }: Dataset, columns: number): number[][] => {
  const rows: number[][] = classes.map(() => [])
  for (const [index, label] of labels.entries())
    if (rows[label].length < columns) rows[label].push(index)
  return rows
}

/** @throws FileError when the file cannot be written */
export const writeContactSheet = async (
  dataset: Dataset,
  path: string,
  columns = 10,
): Promise<void> => {
  const { default: sharp } = await import('sharp')
  const [channels, height, width] = dataset.shape
  const rows = firstOfEach(dataset, columns)
  const composites = await Promise.all(
    rows.flatMap((indices, row) =>
      indices.map(async (index, column) => {
        const pixels = interleaved(await dataset.read(index), dataset.shape)
        const input = await sharp(pixels, {
          raw: { width, height, channels: channels as 1 | 3 },
        })
          .png()
          .toBuffer()
        return { input, left: column * (width + GAP) + GAP, top: row * (height + GAP) + GAP }
      }),
    ),
  )
  const sheet = sharp({
    create: {
      width: columns * (width + GAP) + GAP,
      height: rows.length * (height + GAP) + GAP,
      channels: 3,
      background: '#fff',
    },
  })
  await writeFileAtomic(path, await sheet.composite(composites).png().toBuffer())
}
