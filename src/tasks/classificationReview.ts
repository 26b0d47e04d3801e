/** What a classifier gets wrong, as sections of a report: class by class, which for which, image by image, and how sure of it. */

import { type Dataset, imageName } from '../data/dataset.ts'
import { type GalleryImage, galleryMarkup } from '../report/gallery.ts'
import { figure, paragraph, type Section } from '../report/html.ts'
import { type Matrix, matrixMarkup } from '../report/matrix.ts'
import { plot } from '../report/plot.ts'
import { tableMarkup } from '../report/table.ts'
import { proportionInterval } from '../stats/inference.ts'
import { accuracyText } from '../text/accuracy.ts'
import { count, percent } from '../text/numbers.ts'
import { calibrationOf, classMeasures } from './measures.ts'
import { confusionOf, gatherOutcomes, isRight, type Outcome } from './outcomes.ts'
import type { Curve, Review } from './task.ts'

/** More classes than this make a matrix that nobody reads. */
const MATRIX_CLASSES = 30
/** How many classes a table has, where there are more. */
const LISTED_CLASSES = 50
const LISTED_PAIRS = 15
const MOST_WRONG = 24

const summary = (outcomes: readonly Outcome[], { split: name }: Dataset): Section => {
  const { length } = outcomes
  const split = name === 'all' ? '' : `${name} `
  const right = outcomes.filter(isRight).length / length
  return {
    heading: 'Accuracy',
    body: [
      paragraph(`Right for ${accuracyText(right, length)} of ${count(length)} ${split}images.`),
    ],
  }
}

type Thumbnail = Parameters<Review['sections']>[0]
type Confusion = readonly (readonly number[])[]

const classTable = (confusion: Confusion, classes: readonly string[]): Section => {
  const measures = classMeasures(confusion).map((one, k) => ({ ...one, name: classes[k] }))
  const isLong = measures.length > LISTED_CLASSES
  const shown = isLong
    ? measures.toSorted((a, b) => a.f1 - b.f1).slice(0, LISTED_CLASSES)
    : measures
  const mean = (value: (one: (typeof measures)[number]) => number): string =>
    percent(measures.reduce((sum, one) => sum + value(one), 0) / measures.length, 1)
  const right = { right: true }
  const columns = ['images', 'recall', 'precision', 'F1'].map(heading => ({ heading, ...right }))
  return {
    heading: 'Class by class',
    body: [
      paragraph(
        `Recall: of the images of a class, the share that is found. Precision: of what is called so, the share that is. F1 is their harmonic mean.${isLong ? ` The ${LISTED_CLASSES} classes with the least F1, of ${count(measures.length)}.` : ''}`,
      ),
      tableMarkup({
        columns: [{ heading: 'class' }, ...columns],
        rows: [
          ...shown.map(({ name, top1, precision, f1, ...one }) => [
            name,
            count(one.count),
            ...[top1, precision, f1].map(value => percent(value, 1)),
          ]),
          [
            'mean of all classes',
            '',
            mean(one => one.top1),
            mean(one => one.precision),
            mean(one => one.f1),
          ],
        ],
      }),
    ],
  }
}

/** The confusion matrix, where there are few enough classes to read it. */
const matrixOf = (counts: Confusion, names: readonly string[]): Matrix | undefined =>
  names.length > MATRIX_CLASSES ? undefined : { names, counts, rows: 'is', columns: 'taken for' }

const confusionSection = (confusion: Confusion, names: readonly string[]): Section => {
  const pairs = confusion
    .flatMap((row, label) =>
      row.flatMap((times, predicted) =>
        times > 0 && label !== predicted ? [{ label, predicted, times }] : [],
      ),
    )
    .toSorted((a, b) => b.times - a.times)
  const cells = pairs
    .slice(0, LISTED_PAIRS)
    .map(({ label, predicted, times }) => [names[label], names[predicted], count(times)])
  const columns = [{ heading: 'is' }, { heading: 'taken for' }, { heading: 'times', right: true }]
  const matrix = matrixOf(confusion, names)
  const hasMatrix = matrix !== undefined
  return {
    heading: 'Confusion matrix',
    body: [
      ...(hasMatrix ? [matrixMarkup(matrix)] : []),
      ...(cells.length > 0 && !hasMatrix ? [tableMarkup({ columns, rows: cells })] : []),
      paragraph(
        pairs.length === 0
          ? 'No class is taken for another.'
          : `${hasMatrix ? 'Colors are shares of a row. ' : ''}Most often, ${names[pairs[0].label]} is taken for ${names[pairs[0].predicted]}: ${count(pairs[0].times)} times.`,
      ),
    ],
  }
}

/** The wrong images, those first whose own class has the least probability. */
const wrongOf = (outcomes: readonly Outcome[]): readonly Outcome[] =>
  outcomes.filter(one => !isRight(one)).toSorted((a, b) => a.probability - b.probability)

const galleryOf = (
  wrong: readonly Outcome[],
  data: Dataset,
  thumbnail: Thumbnail,
): Promise<readonly GalleryImage[]> =>
  Promise.all(
    wrong
      .slice(0, MOST_WRONG)
      .map(async ({ index, label, predicted, confidence, probability }) => ({
        source: await thumbnail(index),
        name: imageName(data, index),
        lines: [
          `says ${data.classes[predicted]} ${percent(confidence, 0)}`,
          `is ${data.classes[label]} ${percent(probability, 0)}`,
        ],
      })),
  )

const wrongSection = async (
  outcomes: readonly Outcome[],
  data: Dataset,
  thumbnail: Thumbnail,
): Promise<Section> => {
  const wrong = wrongOf(outcomes)
  const images = await galleryOf(wrong, data, thumbnail)
  return {
    heading: 'Most wrong images',
    body: [
      paragraph(
        wrong.length === 0
          ? 'None is wrong.'
          : `${images.length < wrong.length ? `The ${images.length} of ${count(wrong.length)} wrong images` : `All ${count(wrong.length)} wrong images, those first`} whose own class has the least probability. Wrong labels are found here, and images that no one could tell.`,
      ),
      ...(images.length === 0 ? [] : [galleryMarkup(images)]),
    ],
  }
}

/** Less than this nobody would act on. */
const WELL = 0.02

const calibrationSection = (outcomes: readonly Outcome[]): Section => {
  const { bins, error, surplus } = calibrationOf(outcomes)
  const verdict =
    Math.abs(surplus) < WELL
      ? 'On average its probabilities are as they should be.'
      : `On average its probabilities are ${(100 * Math.abs(surplus)).toFixed(1)} points too ${surplus > 0 ? 'high' : 'low'}.`
  const share = { domain: [0, 1] as const }
  return {
    heading: 'Calibration',
    body: [
      paragraph(
        `Whether it is right as often as it says. Expected calibration error ${percent(error, 1)}. ${verdict}`,
      ),
      figure(
        [
          plot({
            width: 340,
            height: 300,
            x: { ...share, label: 'probability of what it says' },
            y: { ...share, label: 'share that is right' },
            marks: [
              {
                kind: 'line',
                points: [
                  [0, 0],
                  [1, 1],
                ],
                color: 'faint',
                dashed: true,
              },
              {
                kind: 'intervals',
                ranges: bins.map(({ confidence, accuracy, count }) => {
                  const [low, high] = proportionInterval(accuracy * count, count)
                  return [confidence, low, high]
                }),
              },
              {
                kind: 'dots',
                points: bins.map(({ confidence, accuracy }) => [confidence, accuracy]),
              },
            ],
          }),
        ],
        'Images by the probability of what is said of them, in fifteenths; bars are 95 % intervals. On the dashed line it is right as often as it says; below it is too sure.',
      ),
    ],
  }
}

const LOSS: Curve = { metric: 'loss', title: 'Loss' }
const TOP1: Curve = { metric: 'top1', title: 'Accuracy', percent: true }
const TOP5: Curve = { metric: 'top5', title: 'Top-5 accuracy', percent: true }

const PER_CLASS: readonly Curve[] = [
  { metric: 'top1', title: 'recall', percent: true, ofImages: true },
  { metric: 'precision', title: 'precision', percent: true },
  { metric: 'f1', title: 'F1', percent: true },
]

/** The sections of what is right and wrong, shorter than a review. */
export const accuracySections = async (
  outcomes: readonly Outcome[],
  data: Dataset,
  thumbnail: Thumbnail,
): Promise<readonly Section[]> => [
  summary(outcomes, data),
  confusionSection(confusionOf(outcomes, data.classes.length), data.classes),
  await wrongSection(outcomes, data, thumbnail),
]

/** Reviews a classifier on a dataset. */
export const classificationReview = (data: Dataset): Review => {
  const { classes } = data
  const { outcomes, add } = gatherOutcomes(data)
  return {
    curves: [LOSS, TOP1, ...(classes.length > 5 ? [TOP5] : [])],
    add,
    perClass: () => ({
      columns: PER_CLASS,
      rows: classMeasures(confusionOf(outcomes, classes.length)).map(one => ({ ...one })),
    }),
    sections: async thumbnail => {
      const [accuracy, confusion, wrong] = await accuracySections(outcomes, data, thumbnail)
      const table = classTable(confusionOf(outcomes, classes.length), classes)
      return [accuracy, confusion, table, wrong, calibrationSection(outcomes)]
    },
    findings: async thumbnail => {
      const wrong = wrongOf(outcomes)
      return {
        matrix: matrixOf(confusionOf(outcomes, classes.length), classes),
        wrong: wrong.length,
        images: await galleryOf(wrong, data, thumbnail),
      }
    },
  }
}
