/** What a network that gives labels gets wrong, as sections of a report: label by label, and image by image. */

import { type Dataset, imageName } from '../data/dataset.ts'
import { galleryMarkup } from '../report/gallery.ts'
import { figure, paragraph, type Section } from '../report/html.ts'
import { plot } from '../report/plot.ts'
import { tableMarkup } from '../report/table.ts'
import { sigmoid } from '../tensor/probabilities.ts'
import { count, percent } from '../text/numbers.ts'
import { labelMeasures, type Operating, type Scores, scoresOf } from './labelMeasures.ts'
import type { Curve, Review } from './task.ts'
import { valuesOf } from './values.ts'

/** More curves than this are not told apart. */
const DRAWN_LABELS = 12
const MOST_WRONG = 24
/** More points than this do not change how a curve looks. */
const DRAWN_POINTS = 200

const COLUMNS: readonly Curve[] = [
  { metric: 'ap', title: 'AP', percent: true },
  { metric: 'threshold', title: 'threshold', percent: true },
  { metric: 'recall', title: 'recall', percent: true },
  { metric: 'precision', title: 'precision', percent: true },
  { metric: 'f1', title: 'F1', percent: true },
]

const CURVES: readonly Curve[] = [
  { metric: 'loss', title: 'Loss' },
  { metric: 'mAP', title: 'Mean average precision', percent: true },
  { metric: 'f1', title: 'F1', percent: true },
]

type Measured = ReturnType<typeof labelMeasures>

const tableSection = ({ rows }: Measured, classes: readonly string[]): Section => ({
  heading: 'Label by label',
  body: [
    paragraph(
      'AP: the area under precision over recall. A label holds from its threshold on, which has the best F1 of the images of validation.',
    ),
    tableMarkup({
      columns: [
        { heading: 'label' },
        ...['images', ...COLUMNS.map(({ title }) => title)].map(heading => ({
          heading,
          right: true,
        })),
      ],
      rows: rows.map((row, k) => [
        classes[k],
        count(row.count),
        ...COLUMNS.map(({ metric }) => percent(row[metric as 'ap'], 1)),
      ]),
    }),
  ],
})

const curveOf = (points: readonly Operating[]): readonly (readonly [number, number])[] => {
  const every = Math.ceil(points.length / DRAWN_POINTS)
  return points
    .filter((_, i) => i % every === 0 || i === points.length - 1)
    .map(({ recall, precision }) => [recall, precision])
}

const curvesSection = ({ curves, rows }: Measured, classes: readonly string[]): Section => {
  const share = { domain: [0, 1] as const }
  const shown = classes
    .map((name, k) => ({ name, points: curves[k], ...rows[k] }))
    .filter(({ count }) => count > 0)
    .slice(0, DRAWN_LABELS)
  return {
    heading: 'Precision and recall',
    body: [
      figure(
        shown.map(({ name, points, ap, recall, precision }) =>
          plot({
            title: `${name}, AP ${percent(ap, 1)}`,
            width: 240,
            height: 200,
            x: { ...share, label: 'recall' },
            y: { ...share, label: 'precision' },
            marks: [
              { kind: 'line', points: curveOf(points) },
              { kind: 'dots', points: [[recall, precision]], radius: 4, color: 1 },
            ],
          }),
        ),
        `Each label over all thresholds; the dot is at its own.${shown.length < classes.length ? ` The first ${shown.length} of ${count(classes.length)}.` : ''}`,
      ),
    ],
  }
}

/** For each image the label that it is most wrong about; the worst first. */
const worstOf = ({ data, indices, logits }: Scores) => {
  const values = valuesOf(data)
  const { length } = data.classes
  return indices
    .map((index, row) => {
      const errors = data.classes.map((_, k) =>
        Math.abs(sigmoid(logits[row * length + k]) - values[index][k]),
      )
      const label = errors.indexOf(Math.max(...errors))
      return { index, label, error: errors[label], holds: values[index][label] > 0.5 }
    })
    .sort((a, b) => b.error - a.error)
}

const wrongSection = async (
  scores: Scores,
  thumbnail: (index: number) => Promise<string>,
): Promise<Section> => {
  const { data } = scores
  const shown = worstOf(scores).slice(0, MOST_WRONG)
  const images = await Promise.all(
    shown.map(async ({ index, label, error, holds }) => ({
      source: await thumbnail(index),
      name: imageName(data, index),
      lines: [
        `${holds ? 'is' : 'is not'} ${data.classes[label]}`,
        `says ${percent(holds ? 1 - error : error, 0)}`,
      ],
    })),
  )
  return {
    heading: 'Most wrong images',
    body: [
      paragraph(
        'The images with the label that is furthest from what is said of it. Missing labels are found here.',
      ),
      galleryMarkup(images),
    ],
  }
}

/** Reviews a network that gives labels, by thresholds that are given or chosen on the dataset itself. */
export const labelsReview = (data: Dataset, thresholds: readonly number[] | undefined): Review => {
  const scores = scoresOf(data)
  const { classes, split } = data
  return {
    curves: CURVES,
    add: scores.add,
    perClass: () => ({ columns: COLUMNS, rows: labelMeasures(scores, thresholds).rows }),
    sections: async thumbnail => {
      const measured = labelMeasures(scores, thresholds)
      return [
        {
          heading: 'Labels',
          body: [
            paragraph(
              `Mean average precision ${percent(measured.mAP)}, F1 ${percent(measured.f1)}, over ${count(scores.indices.length)} ${split === 'all' ? '' : `${split} `}images.`,
            ),
          ],
        },
        tableSection(measured, classes),
        curvesSection(measured, classes),
        await wrongSection(scores, thumbnail),
      ]
    },
  }
}
