/** How well numbers are predicted, as sections of a report: predicted against true, and the furthest off. */

import { type Dataset, imageName } from '../data/dataset.ts'
import type { Tensors } from '../engines/engine.ts'
import { galleryMarkup } from '../report/gallery.ts'
import { figure, paragraph, type Section } from '../report/html.ts'
import { plot } from '../report/plot.ts'
import type { Figure } from '../report/svg.ts'
import { tableMarkup } from '../report/table.ts'
import { count } from '../text/numbers.ts'
import { errorSums } from './errorSums.ts'
import type { Curve, Review } from './task.ts'
import { valuesOf } from './values.ts'

const MOST_WRONG = 24
/** More dots than this hide each other. */
const DRAWN_IMAGES = 2000

const COLUMNS: readonly Curve[] = [
  { metric: 'mae', title: 'MAE' },
  { metric: 'rmse', title: 'RMSE' },
  { metric: 'r2', title: 'R²' },
]

/** One image, as it was predicted. */
interface Predicted {
  readonly index: number
  readonly values: readonly number[]
}

const short = (value: number): string => `${Number(value.toPrecision(4))}`

const againstTruth = (
  name: string,
  k: number,
  images: readonly Predicted[],
  truths: readonly Float32Array[],
): Figure => {
  const every = Math.ceil(images.length / DRAWN_IMAGES)
  const points = images
    .filter((_, i) => i % every === 0)
    .map(({ index, values }) => [truths[index][k], values[k]] as const)
  const all = points.flat()
  const domain = [
    all.reduce((a, b) => Math.min(a, b)),
    all.reduce((a, b) => Math.max(a, b)),
  ] as const
  return plot({
    title: name,
    width: 340,
    height: 320,
    x: { label: 'true', domain },
    y: { label: 'predicted', domain },
    marks: [
      {
        kind: 'line',
        points: domain.map(value => [value, value] as const),
        color: 'faint',
        dashed: true,
      },
      { kind: 'dots', points, radius: 2, opacity: 0.5 },
    ],
  })
}

/**
 * Reviews a network that predicts numbers.
 * @param predicted - the numbers of an image, by its row in the outputs
 * @param center - about what true numbers are
 */
export const numbersReview = (
  data: Dataset,
  predicted: (outputs: Tensors, row: number) => readonly number[],
  center: readonly number[],
): Review => {
  const { classes, split } = data
  const truths = valuesOf(data)
  const sums = errorSums(data, center)
  const images: Predicted[] = []
  const wrongSection = async (thumbnail: (index: number) => Promise<string>): Promise<Section> => {
    const scales = sums.measures().map(({ rmse }) => rmse || 1)
    const distance = ({ index, values }: Predicted): number =>
      Math.max(...values.map((value, k) => Math.abs(value - truths[index][k]) / scales[k]))
    const shown = images.toSorted((a, b) => distance(b) - distance(a)).slice(0, MOST_WRONG)
    const gallery = await Promise.all(
      shown.map(async ({ index, values }) => ({
        source: await thumbnail(index),
        name: imageName(data, index),
        lines: classes.map(
          (name, k) => `${name} ${short(values[k])}, true ${short(truths[index][k])}`,
        ),
      })),
    )
    return {
      heading: 'Furthest off',
      body: [
        paragraph(
          'The images whose predicted numbers are furthest from the true ones, in units of the error. Wrong numbers in the table are found here.',
        ),
        galleryMarkup(gallery),
      ],
    }
  }
  return {
    curves: [{ metric: 'loss', title: 'Loss' }, ...COLUMNS],
    add: (outputs, { indices, count }) => {
      for (let row = 0; row < count; row++) {
        const values = predicted(outputs, row)
        sums.add(values, indices[row])
        images.push({ index: indices[row], values })
      }
    },
    perClass: () => ({ columns: COLUMNS, rows: sums.measures() }),
    sections: async thumbnail => [
      {
        heading: 'Predicted against true',
        body: [
          tableMarkup({
            columns: [
              { heading: 'number' },
              ...COLUMNS.map(({ title }) => ({ heading: title, right: true })),
            ],
            rows: sums
              .measures()
              .map((row, k) => [
                classes[k],
                ...COLUMNS.map(({ metric }) => short(row[metric as 'mae'])),
              ]),
          }),
          figure(
            classes.map((name, k) => againstTruth(name, k, images, truths)),
            `${count(images.length)} ${split === 'all' ? '' : `${split} `}images. On the dashed line the network is right.`,
          ),
        ],
      },
      await wrongSection(thumbnail),
    ],
  }
}
