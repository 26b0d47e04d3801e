/** Selection by scale as figures: Li et al., Figures 3 and 4, and against the true scale. */

import { extent, mean, min } from 'd3-array'
import { figure, paragraph } from '../../report/html.ts'
import { legend } from '../../report/legend.ts'
import type { Mark, Point } from '../../report/marks.ts'
import { plot } from '../../report/plot.ts'
import type { Figure } from '../../report/svg.ts'
import { tableMarkup } from '../../report/table.ts'
import { signed } from '../../text/numbers.ts'
import { csv } from '../../text/table.ts'
import { grouped, SCALES, type UnitSelection } from '../selection.ts'
import { type Part, sheet } from './part.ts'

type Units = readonly UnitSelection[]

/** As many points as the paper draws. */
const GROUPS = 16
const BINS = 8
/** More would only cover each other. */
const DOTS = 300

const DIFFERENCE = 'attention of largest − smallest kernel'

/** One domain for several plots. */
const around = (values: readonly number[]): readonly [number, number] => {
  const [low = 0, high = 1] = extent(values)
  const margin = (high - low) * 0.06 || 0.01
  return [low - margin, high + margin]
}

const byChannel = (units: Units): readonly Figure[] => {
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

/** A plot with a place for each unit, along the depth of the network. */
const alongUnits = (
  units: Units,
  title: string,
  y: { readonly label: string; readonly domain?: readonly [number, number] },
  marks: readonly Mark[],
): Figure =>
  plot({
    title,
    width: Math.max(360, 70 * units.length + 60),
    x: { label: 'unit', categories: units.map(({ block }) => block) },
    y,
    marks: [{ kind: 'rule', y: 0 }, ...marks],
  })

const byUnit = (units: Units): Figure =>
  alongUnits(
    units,
    'All units',
    { label: DIFFERENCE },
    SCALES.flatMap((_, color): Mark[] => {
      const found = units.map(({ scales }, u) => ({ at: u + (color - 1) * 0.22, ...scales[color] }))
      return [
        {
          kind: 'intervals',
          ranges: found.map(({ at, difference, std }) => [at, difference - std, difference + std]),
          color,
        },
        { kind: 'dots', points: found.map(({ at, difference }) => [at, difference]), color },
      ]
    }),
  )

const byClass = (units: Units): readonly Figure[] => {
  const domain = around(
    units.flatMap(({ scales }) => scales.flatMap(one => one.classes.map(own => own.difference))),
  )
  return units.map(({ block, scales }) =>
    plot({
      title: `Unit ${block}`,
      height: 80 + 16 * scales[0].classes.length,
      x: { label: DIFFERENCE, domain },
      y: { categories: scales[0].classes.map(own => own.class) },
      marks: scales.map(({ classes }, color) => ({
        kind: 'dots',
        color,
        points: classes.map(({ difference }, k): Point => [difference, k]),
      })),
    }),
  )
}

/** How closely each unit follows the true scale. */
const correlations = (units: Units): Figure => {
  const points = units.flatMap(({ truth }, u): Point[] =>
    truth === undefined ? [] : [[u, truth.rankCorrelation]],
  )
  const low = min([-0.1, ...points.map(([, y]) => y)]) as number
  return alongUnits(
    units,
    'True scale and attention, by unit',
    { label: 'rank correlation', domain: [low - 0.1, 1] },
    [
      { kind: 'line', points },
      { kind: 'dots', points },
    ],
  )
}

/** Each image by its true scale, and the mean of eighths of them. */
const againstTruth = (units: Units): readonly Figure[] => {
  const domain = around(units.flatMap(({ truth }) => truth?.difference ?? []))
  return units.flatMap(({ block, truth }) => {
    if (truth === undefined) return []
    const points = truth.scale.map((scale, i): Point => [scale, truth.difference[i]])
    const sorted = points.toSorted(([a], [b]) => a - b)
    const border = (i: number): number => Math.round((i * sorted.length) / BINS)
    const means = Array.from({ length: BINS }, (_, bin): Point => {
      const own = sorted.slice(border(bin), border(bin + 1))
      return [mean(own, ([x]) => x) ?? 0, mean(own, ([, y]) => y) ?? 0]
    })
    return plot({
      title: `Unit ${block}: rank correlation ${signed(truth.rankCorrelation)}`,
      height: 220,
      x: { label: 'true scale of the object (times the usual)', log: true, domain: [0.48, 2.1] },
      y: { label: DIFFERENCE, domain },
      marks: [
        { kind: 'dots', points: points.slice(0, DOTS), radius: 1.6, opacity: 0.35 },
        { kind: 'line', points: means, color: 'ink', width: 2.2 },
      ],
    })
  })
}

const reading = (units: Units): string => {
  const rising = units.filter(({ scales }) => scales[2].difference > scales[0].difference)
  const [best] = units
    .flatMap(({ block, truth }) => (truth ? [{ block, of: truth.rankCorrelation }] : []))
    .sort((a, b) => Math.abs(b.of) - Math.abs(a.of))
  const known =
    best === undefined
      ? ''
      : ` Against the true scale of the object, unit ${best.block} follows it most closely: rank correlation ${signed(best.of)}. That is the better measure here: objects of this set stand anywhere, so that enlarging the center cuts many of them.`
  return `In ${rising.length} of ${units.length} units attention moves to the largest kernel as the center is enlarged from 1 to 2 times.${known}`
}

const table = (units: Units, isKnown: boolean) =>
  tableMarkup({
    columns: [
      { heading: 'unit' },
      ...SCALES.map(scale => ({ heading: `difference at ${scale.toFixed(1)} ×`, right: true })),
      ...(isKnown ? [{ heading: 'rank correlation with true scale', right: true }] : []),
    ],
    rows: units.map(({ block, scales, truth }) => [
      block,
      ...scales.map(one => `${signed(one.difference, 3)} ± ${one.std.toFixed(3)}`),
      ...(truth ? [signed(truth.rankCorrelation)] : []),
    ]),
  })

export const selectionPart = (units: Units): Part => {
  const key = legend(SCALES.map((scale, color) => ({ text: `${scale.toFixed(1)} ×`, color })))
  // The last unit of every stage.
  const last = units.filter(({ stage }, i) => units[i + 1]?.stage !== stage)
  const [channels, all, classes] = [byChannel(last), byUnit(units), byClass(last)]
  const truth = againstTruth(units)
  const isKnown = truth.length > 0
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
      isKnown &&
        figure(
          [followed],
          'Spearman’s rank correlation of the true scale of the object with the attention of the largest kernel minus that of the smallest, over images as they are.',
        ),
      isKnown &&
        figure(
          truth,
          `Against the true scale of the object, image by image as it is (up to ${DOTS} dots); the thick line is the mean of every eighth of all images. Spearman’s rank correlation over all of them. Same scale everywhere.`,
        ),
      table(units, isKnown),
    ].filter(part => part !== false),
    figures: {
      'selection-units': sheet([all], key),
      'selection-channels': sheet(channels, key),
      'selection-classes': sheet(classes, key),
      ...(isKnown && { 'selection-correlation': followed, 'selection-truth': sheet(truth) }),
    },
    tables: {
      selection: csv(
        units.flatMap(({ block, path, scales, truth }) =>
          scales.flatMap(({ scale, difference, std, classes }) =>
            [{ class: 'all', difference, std }, ...classes].map(own => ({
              unit: block,
              path,
              scale,
              std: undefined,
              ...own,
              rankCorrelation: truth?.rankCorrelation,
            })),
          ),
        ),
      ),
    },
  }
}
