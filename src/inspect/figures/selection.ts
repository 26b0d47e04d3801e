/** Selection by scale as figures: Li et al., Figures 3 and 4, and against the true scale. */

import { figure, paragraph } from '../../report/html.ts'
import { legend } from '../../report/legend.ts'
import type { Mark, Point } from '../../report/marks.ts'
import { plot } from '../../report/plot.ts'
import type { Figure } from '../../report/svg.ts'
import { tableMarkup } from '../../report/table.ts'
import { average } from '../../stats/moments.ts'
import { signed } from '../../text/numbers.ts'
import { csv } from '../../text/table.ts'
import { grouped, SCALES, type UnitSelection } from '../selection.ts'
import { type Part, sheet } from './part.ts'

/** As many points as the paper draws. */
const GROUPS = 16

const low = (values: readonly number[]): number => values.reduce((a, b) => Math.min(a, b))
const high = (values: readonly number[]): number => values.reduce((a, b) => Math.max(a, b))
const around = (values: readonly number[]): readonly [number, number] => {
  if (values.length === 0) return [0, 1]
  const margin = (high(values) - low(values)) * 0.06 || 0.01
  return [low(values) - margin, high(values) + margin]
}

const byChannel = (units: readonly UnitSelection[]): readonly Figure[] => {
  const curves = units.map(({ scales }) => scales.map(({ channels }) => grouped(channels, GROUPS)))
  const domain = around(curves.flat(2))
  return units.map(({ block }, u) =>
    plot({
      title: `Unit ${block}`,
      height: 210,
      x: { label: 'group of channels', whole: true },
      y: { label: 'attention of the largest kernel', domain },
      marks: curves[u].map((values, color) => ({
        kind: 'line',
        color,
        points: values.map((value, i): Point => [i + 1, value]),
      })),
    }),
  )
}

const byUnitWidth = ({ length }: readonly UnitSelection[]): number =>
  Math.max(360, 70 * length + 60)

const byUnit = (units: readonly UnitSelection[]): Figure =>
  plot({
    title: 'All units',
    width: byUnitWidth(units),
    x: { label: 'unit', categories: units.map(({ block }) => block) },
    y: { label: 'attention of largest − smallest kernel' },
    marks: [
      { kind: 'rule', y: 0 },
      ...SCALES.flatMap((_, color): Mark[] => {
        const at = (u: number): number => u + (color - 1) * 0.22
        const points = units.map(({ scales }, u): Point => [at(u), scales[color].difference])
        const ranges = units.map(({ scales }, u) => {
          const { difference, std } = scales[color]
          return [at(u), difference - std, difference + std] as const
        })
        return [
          { kind: 'intervals', ranges, color },
          { kind: 'dots', points, color },
        ]
      }),
    ],
  })

const byClass = (units: readonly UnitSelection[]): readonly Figure[] => {
  const domain = around(
    units.flatMap(({ scales }) => scales.flatMap(one => one.classes.map(own => own.difference))),
  )
  return units.map(({ block, scales }) =>
    plot({
      title: `Unit ${block}`,
      height: 80 + 16 * scales[0].classes.length,
      x: { label: 'attention of largest − smallest kernel', domain },
      y: { categories: scales[0].classes.map(own => own.class) },
      marks: scales.map(({ classes }, color) => ({
        kind: 'dots',
        color,
        points: classes.map(({ difference }, k): Point => [difference, k]),
      })),
    }),
  )
}

const BINS = 8
/** More would only cover each other. */
const DOTS = 300

/** How closely each unit follows the true scale, along the depth of the network. */
const correlations = (units: readonly UnitSelection[]): readonly Figure[] => {
  const points = units.flatMap(({ truth }, u): Point[] =>
    truth === undefined ? [] : [[u, truth.rankCorrelation]],
  )
  if (points.length === 0) return []
  return [
    plot({
      title: 'True scale and attention, by unit',
      width: byUnitWidth(units),
      x: { label: 'unit', categories: units.map(({ block }) => block) },
      y: {
        label: 'rank correlation',
        domain: [Math.min(-0.2, ...points.map(([, y]) => y - 0.1)), 1],
      },
      marks: [
        { kind: 'rule', y: 0 },
        { kind: 'line', points },
        { kind: 'dots', points },
      ],
    }),
  ]
}

/** Each image by its true scale, and the mean of eighths of them. */
const againstTruth = (units: readonly UnitSelection[]): readonly Figure[] => {
  const domain = around(units.flatMap(({ truth }) => truth?.difference ?? []))
  return units.flatMap(({ block, truth }) => {
    if (truth === undefined) return []
    const points = truth.scale.map((scale, i): Point => [scale, truth.difference[i]])
    const sorted = points.toSorted(([a], [b]) => a - b)
    const means = Array.from({ length: BINS }, (_, bin): Point => {
      const border = (i: number): number => Math.round((i * sorted.length) / BINS)
      const own = sorted.slice(border(bin), border(bin + 1))
      return [average(own.map(([x]) => x)), average(own.map(([, y]) => y))]
    })
    return plot({
      title: `Unit ${block}: rank correlation ${signed(truth.rankCorrelation)}`,
      height: 220,
      x: { label: 'true scale of the object (times the usual)', log: true, domain: [0.48, 2.1] },
      y: { label: 'attention of largest − smallest kernel', domain },
      marks: [
        { kind: 'dots', points: points.slice(0, DOTS), radius: 1.6, opacity: 0.35 },
        { kind: 'line', points: means, color: 'ink', width: 2.2 },
      ],
    })
  })
}

/** The last unit of every stage. */
const lastOfStages = (units: readonly UnitSelection[]): readonly UnitSelection[] =>
  units.filter(({ stage }, i) => units[i + 1]?.stage !== stage)

const reading = (units: readonly UnitSelection[]): string => {
  const rising = units.filter(({ scales }) => scales[2].difference > scales[0].difference)
  const truth = units.flatMap(({ block, truth }) =>
    truth ? [{ block, of: truth.rankCorrelation }] : [],
  )
  const [best] = truth.toSorted((a, b) => Math.abs(b.of) - Math.abs(a.of))
  const known =
    best === undefined
      ? ''
      : ` Against the true scale of the object, unit ${best.block} follows it most closely: rank correlation ${signed(best.of)}. That is the better measure here: objects of this set stand anywhere, so that enlarging the center cuts many of them.`
  return `In ${rising.length} of ${units.length} units attention moves to the largest kernel as the center is enlarged from 1 to 2 times.${known}`
}

export const selectionPart = (units: readonly UnitSelection[]): Part => {
  const key = legend(SCALES.map((scale, color) => ({ text: `${scale.toFixed(1)} ×`, color })))
  const last = lastOfStages(units)
  const [channels, all, classes] = [byChannel(last), byUnit(units), byClass(last)]
  const truth = againstTruth(units)
  const followed = correlations(units)
  return {
    heading: 'Selection by scale',
    body: [
      paragraph(reading(units)),
      figure(
        [all],
        'Attention of the largest kernel minus that of the smallest, mean over channels; dot and line are mean and one standard deviation over images whose center is enlarged 1.0, 1.5 and 2.0 times.',
        { key },
      ),
      figure(
        channels,
        `Attention of the largest kernel in ${GROUPS} groups of successive channels, mean over all images, in the last unit of each stage. Same scale everywhere.`,
        { key },
      ),
      figure(classes, 'By class, in the last unit of each stage. Same scale everywhere.', { key }),
      ...(truth.length === 0
        ? []
        : [
            figure(
              followed,
              'Spearman’s rank correlation of the true scale of the object with the attention of the largest kernel minus that of the smallest, over images as they are.',
            ),
            figure(
              truth,
              `Against the true scale of the object, image by image as it is (up to ${DOTS} dots); the thick line is the mean of every eighth of all images. Spearman’s rank correlation over all of them. Same scale everywhere.`,
            ),
          ]),
      tableMarkup({
        columns: [
          { heading: 'unit' },
          ...SCALES.map(scale => ({ heading: `difference at ${scale.toFixed(1)} ×`, right: true })),
          ...(truth.length === 0
            ? []
            : [{ heading: 'rank correlation with true scale', right: true }]),
        ],
        rows: units.map(unit => [
          unit.block,
          ...unit.scales.map(one => `${signed(one.difference, 3)} ± ${one.std.toFixed(3)}`),
          ...(unit.truth === undefined ? [] : [signed(unit.truth.rankCorrelation)]),
        ]),
      }),
    ],
    figures: {
      'selection-units': sheet([all], key),
      'selection-channels': sheet(channels, key),
      'selection-classes': sheet(classes, key),
      ...(truth.length === 0
        ? {}
        : { 'selection-correlation': followed[0], 'selection-truth': sheet(truth) }),
    },
    tables: {
      selection: csv(
        units.flatMap(unit =>
          unit.scales.flatMap(one =>
            [{ class: 'all', difference: one.difference }, ...one.classes].map(own => ({
              unit: unit.block,
              path: unit.path,
              scale: one.scale,
              class: own.class,
              difference: own.difference,
              std: own.class === 'all' ? one.std : undefined,
              rankCorrelation: unit.truth?.rankCorrelation,
            })),
          ),
        ),
      ),
    },
  }
}
