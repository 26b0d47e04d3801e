/** What a detector gets wrong, as sections of a report: curves, class by class, kinds of errors, images with their boxes. */

import { placeBox } from '../../data/augment/place.ts'
import { type DetectionDataset, imageName } from '../../data/dataset.ts'
import type { ImageObjects } from '../../data/objects.ts'
import { galleryMarkup } from '../../report/gallery.ts'
import { figure, paragraph, type Section } from '../../report/html.ts'
import { plot } from '../../report/plot.ts'
import { tableMarkup } from '../../report/table.ts'
import { count, percent } from '../../text/numbers.ts'
import type { Curve, Review } from '../task.ts'
import { type ClassCurves, cocoCurves, type EvaluatedImage, RECALLS } from './cocoEvaluation.ts'
import { type CocoFigures, cocoFigures, FIGURE_NAMES } from './cocoFigures.ts'
import { AS_IS, detectionsOf } from './detections.ts'
import { boxesSvg, type DrawnBox } from './drawBoxes.ts'
import { ERROR_KINDS, type ErrorKind, type JudgedImage, judgeImage, SURE } from './errors.ts'
import { THRESHOLDS } from './match.ts'

const WORST = 24
/** The thresholds that are drawn: 0.5, 0.75 and 0.9. */
const DRAWN = [0, 5, 8] as const
const COLORS = { right: '#00795a', wrong: '#d55e00', missed: '#ffd400' } as const

const CURVES: readonly Curve[] = [
  { metric: 'loss', title: 'Loss' },
  { metric: 'ap', title: 'AP', percent: true },
  { metric: 'ap50', title: 'AP50', percent: true },
]
const COLUMNS: readonly Curve[] = ['ap', 'ap50', 'ap75', 'ar100'].map(metric => ({
  metric,
  title: FIGURE_NAMES[metric as keyof CocoFigures],
  percent: true,
}))

/** A figure in percent; nothing where no object counts. */
const shown = (value: number): string => (value < 0 ? '–' : percent(value, 1))

const figuresSection = (figures: CocoFigures): Section => ({
  heading: 'Average precision',
  body: [
    paragraph(
      "COCO's twelve figures: means over overlaps of 0.5 to 0.95 and over classes; s, m and l are objects of up to 32², up to 96² and more pixels.",
    ),
    tableMarkup({
      columns: Object.values(FIGURE_NAMES).map(heading => ({ heading, right: true })),
      rows: [Object.keys(FIGURE_NAMES).map(name => shown(figures[name as keyof CocoFigures]))],
    }),
  ],
})

const curvesSection = (classes: readonly ClassCurves[]): Section => {
  const counted = classes.map(([all]) => all).filter(({ counted }) => counted > 0)
  const axis = { domain: [0, 1] as const }
  return {
    heading: 'Precision and recall',
    body: [
      figure(
        [
          plot({
            width: 420,
            height: 300,
            x: { ...axis, label: 'recall' },
            y: { ...axis, label: 'precision' },
            marks: DRAWN.map((threshold, color) => ({
              kind: 'line' as const,
              label: `${Number(THRESHOLDS[threshold].toFixed(2))}`,
              color,
              points: RECALLS.map((recall, r): [number, number] => [
                recall,
                counted.reduce((sum, one) => sum + one.precisions[threshold][r], 0) /
                  counted.length,
              ]),
            })),
          }),
        ],
        'Precision at each recall, the mean of the classes, for boxes that overlap by 0.5, 0.75 and 0.9 at least. AP is the area below.',
      ),
    ],
  }
}

const classSection = (classes: readonly ClassCurves[], names: readonly string[]): Section => ({
  heading: 'Class by class',
  body: [
    tableMarkup({
      columns: [
        { heading: 'class' },
        { heading: 'objects', right: true },
        ...COLUMNS.map(({ title }) => ({ heading: title, right: true })),
      ],
      rows: classes.map((one, k) => {
        const figures: Readonly<Record<string, number>> = cocoFigures([one])
        return [
          names[k],
          count(one[0].counted),
          ...COLUMNS.map(({ metric }) => shown(figures[metric])),
        ]
      }),
    }),
  ],
})

type Judged = readonly (readonly [number, EvaluatedImage, JudgedImage])[]

const errorsSection = (judged: Judged): Section => {
  const times = (kind: ErrorKind): number =>
    judged.reduce(
      (sum, [, , { kinds, missed }]) =>
        sum + (kind === 'missed' ? missed.length : kinds.filter(one => one === kind).length),
      0,
    )
  return {
    heading: 'Errors by kind',
    body: [
      paragraph(`Of detections with a score of ${SURE} or more.`),
      tableMarkup({
        columns: [
          { heading: 'kind' },
          { heading: 'times', right: true },
          { heading: 'what it is' },
        ],
        rows: Object.entries(ERROR_KINDS).map(([kind, text]) => [
          kind,
          count(times(kind as ErrorKind)),
          text,
        ]),
      }),
    ],
  }
}

const wrongOf = ({ kinds, missed }: JudgedImage): number =>
  missed.length + kinds.filter(kind => kind !== undefined && kind !== 'right').length

/** The boxes of an image in pixels of the network's input. */
const drawnOf = (
  { truth, found }: EvaluatedImage,
  { kinds, missed }: JudgedImage,
  placement: Parameters<typeof placeBox>[1],
): DrawnBox[] => {
  const box = ({ boxes }: Pick<ImageObjects, 'boxes'>, i: number): DrawnBox['box'] => {
    const [x1, y1, x2, y2] = placeBox(boxes.subarray(4 * i, 4 * i + 4), placement)
    return [x1, y1, x2 - x1, y2 - y1]
  }
  return [
    ...missed.map(i => ({ box: box(truth, i), color: COLORS.missed, dashed: true })),
    ...kinds.flatMap((kind, i) =>
      kind === undefined
        ? []
        : [{ box: box(found, i), color: kind === 'right' ? COLORS.right : COLORS.wrong }],
    ),
  ]
}

const worstSection = async (
  judged: Judged,
  data: DetectionDataset,
  thumbnail: (index: number) => Promise<string>,
): Promise<Section> => {
  const worst = judged
    .filter(([, , one]) => wrongOf(one) > 0)
    .toSorted((a, b) => wrongOf(b[2]) - wrongOf(a[2]))
  const [, height, width] = data.shape
  const images = await Promise.all(
    worst.slice(0, WORST).map(async ([index, image, one]) => {
      const boxes = drawnOf(image, one, data.objects.place(index, AS_IS))
      const svg = boxesSvg({ width, height }, boxes, await thumbnail(index))
      const wrong = wrongOf(one) - one.missed.length
      return {
        source: `data:image/svg+xml;base64,${btoa(svg)}`,
        name: imageName(data, index),
        lines: [`${wrong} wrong, ${one.missed.length} missed`],
      }
    }),
  )
  return {
    heading: 'Most wrong images',
    body: [
      paragraph(
        worst.length === 0
          ? 'None is wrong.'
          : `${images.length < worst.length ? `The ${images.length} with the most errors of ${count(worst.length)} images that have any` : `All ${count(worst.length)} images that have errors`}. Green boxes are right, orange ones wrong; dashed yellow ones are objects that were missed.`,
      ),
      ...(images.length === 0 ? [] : [galleryMarkup(images)]),
    ],
  }
}

/** Reviews a detector on a dataset. */
export const detectionReview = (data: DetectionDataset): Review => {
  const { objects, classes } = data
  const images = new Map<number, EvaluatedImage>()
  const curves = () => cocoCurves([...images.values()], classes.length)
  return {
    curves: CURVES,
    add: (outputs, { indices, count }) => {
      for (const [row, index] of indices.subarray(0, count).entries()) {
        const found = detectionsOf(outputs, row, objects.place(index, AS_IS))
        images.set(index, { truth: objects.of(index), found })
      }
    },
    perClass: () => ({
      columns: COLUMNS,
      rows: curves().map(one => ({ count: one[0].counted, ...cocoFigures([one]) })),
    }),
    sections: async thumbnail => {
      const own = curves()
      const judged = [...images].map(([index, image]) => [index, image, judgeImage(image)] as const)
      return [
        figuresSection(cocoFigures(own)),
        curvesSection(own),
        classSection(own, classes),
        errorsSection(judged),
        await worstSection(judged, data, thumbnail),
      ]
    },
  }
}
