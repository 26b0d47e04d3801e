/** The plots of a study: differences with their intervals, seeds side by side, and the course of each. */

import type { Mark, Point } from '../report/marks.ts'
import { plot } from '../report/plot.ts'
import type { Figure } from '../report/svg.ts'
import { isSignificant } from './interpret.ts'
import type { SeedResult, StudyResults, VariantResult } from './results.ts'

/** Of what differs by more than noise, and of what does not. */
const SURE = 1
const UNSURE = 0

const ROW = 30
/** The paper's dots stand a little under the row's own, so that neither hides the other. */
const BELOW = 0.3

/** Error less the baseline's, a row each, the paper's beside it where it is known. */
export const differencesFigure = ({ variants, baseline }: StudyResults): Figure | undefined => {
  const rows = variants.filter(({ difference }) => difference !== undefined)
  if (rows.length === 0) return undefined
  const reference = variants.find(({ id }) => id === baseline)?.name ?? baseline
  const marks = rows.flatMap((row, at): Mark[] => {
    const { mean = 0, halfWidth } = row.difference ?? {}
    const color = isSignificant(row) ? SURE : UNSURE
    return [
      ...(halfWidth === undefined
        ? []
        : [
            {
              kind: 'intervals',
              lying: true,
              ranges: [[at, mean - halfWidth, mean + halfWidth]],
              color,
            } as const,
          ]),
      { kind: 'dots', points: [[mean, at]], color, radius: 4 },
    ]
  })
  // The label stands at the last point: that of the first row, away from the axis.
  const paper = rows
    .flatMap(({ paperDifference }, at): Point[] =>
      paperDifference === undefined ? [] : [[paperDifference, at + BELOW]],
    )
    .reverse()
  return plot({
    width: 480,
    height: 70 + ROW * rows.length,
    x: { label: `error minus that of “${reference}”, in points: left is better` },
    y: { categories: rows.map(({ name }) => name) },
    marks: [
      { kind: 'rule', x: 0 },
      ...(paper.length === 0
        ? []
        : [{ kind: 'dots', points: paper, color: 'faint', radius: 3, label: 'paper' } as const]),
      ...marks,
    ],
  })
}

/** No error is below 0 or above 100 %, whatever the interval of few seeds says. */
const within = [0, 100] as const

/** Each seed as a line across the variants: where lines run together, pairs tell more than means. */
export const seedsFigure = ({ variants }: StudyResults): Figure | undefined => {
  const shown = variants.filter(({ seeds }) => seeds.length > 0)
  const seeds = [...new Set(shown.flatMap(({ seeds }) => seeds.map(({ seed }) => seed)))].sort(
    (a, b) => a - b,
  )
  if (shown.length < 2) return undefined
  const at = (variant: VariantResult, seed: number): number =>
    variant.seeds.find(result => result.seed === seed)?.error ?? Number.NaN
  return plot({
    width: Math.max(420, 90 * shown.length),
    height: 280,
    x: { label: 'variant', categories: shown.map(({ id }) => id) },
    y: { label: 'test error (%)' },
    marks: [
      ...seeds.map(
        (seed): Mark => ({
          kind: 'line',
          points: shown.map((variant, i): Point => [i, at(variant, seed)]),
          color: 'faint',
          width: 1,
          label: `seed ${seed}`,
        }),
      ),
      {
        kind: 'intervals',
        ranges: shown.flatMap(({ error }, i) =>
          error?.halfWidth === undefined
            ? []
            : [[i, error.mean - error.halfWidth, error.mean + error.halfWidth] as const],
        ),
        within,
      },
      {
        kind: 'dots',
        points: shown.map(({ error }, i): Point => [i, error?.mean ?? Number.NaN]),
        radius: 4,
      },
    ],
  })
}

const course = (seeds: readonly SeedResult[]): readonly (readonly Point[])[] =>
  seeds.map(({ history }) =>
    history.map(({ epoch, testTop1 }): Point => [epoch, 100 * (1 - testTop1)]),
  )

/** The mean at each epoch over the seeds that have it. */
const meanCourse = (seeds: readonly SeedResult[]): readonly Point[] => {
  const lines = course(seeds)
  return (lines[0] ?? []).map(([epoch], i) => {
    const errors = lines.flatMap(line => line[i]?.[1] ?? [])
    return [epoch, errors.reduce((sum, error) => sum + error, 0) / errors.length]
  })
}

/** Test error by epoch, a plot a variant, all with the same axes, the baseline's mean in each. */
export const courseFigures = ({ variants, baseline }: StudyResults): readonly Figure[] => {
  const shown = variants.filter(({ seeds }) => seeds.length > 0)
  const errors = shown.flatMap(({ seeds }) =>
    course(seeds)
      .flat()
      .map(([, error]) => error),
  )
  if (errors.length === 0) return []
  const reference = meanCourse(variants.find(({ id }) => id === baseline)?.seeds ?? [])
  // Logarithmic, or the first epochs would hide the last. A resolution above 0, which has no logarithm.
  const domain = [Math.max(Math.min(...errors), 0.01) / 1.1, Math.max(...errors) * 1.1] as const
  return shown.map(({ id, name, seeds }) =>
    plot({
      title: name,
      width: 340,
      height: 220,
      x: { label: 'epoch', whole: true },
      y: { label: 'test error (%)', log: true, domain },
      marks: [
        ...(id === baseline
          ? []
          : [{ kind: 'line', points: reference, color: 'faint', dashed: true } as const]),
        ...course(seeds).map((points): Mark => ({ kind: 'line', points, width: 1.2 })),
      ],
    }),
  )
}

/** From this ratio on, costs are shown on a logarithmic axis. */
const WIDE = 5

/** What the attention costs against what it gives: parameters, and error with its interval. */
export const costFigure = ({ variants, baseline }: StudyResults): Figure | undefined => {
  const shown = variants.filter(({ error }) => error !== undefined)
  const costs = new Set(shown.map(({ cost }) => cost.parameters))
  if (costs.size < 3) return undefined
  const log = Math.max(...costs) > WIDE * Math.min(...costs)
  return plot({
    width: 480,
    height: 300,
    x: { label: 'parameters (thousands)', log },
    y: { label: 'test error (%)' },
    marks: shown.flatMap(({ id, cost, error }): Mark[] => {
      const { mean = 0, halfWidth = 0 } = error ?? {}
      const x = cost.parameters / 1000
      const color = id === baseline ? 'faint' : UNSURE
      return [
        { kind: 'intervals', ranges: [[x, mean - halfWidth, mean + halfWidth]], color, within },
        { kind: 'dots', points: [[x, mean]], radius: 4, color, label: id },
      ]
    }),
  })
}
