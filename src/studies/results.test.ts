/** From outcomes to numbers, sentences and a page. */

import { describe, expect, it } from 'vitest'
import { RECIPES } from '../train/recipes.ts'
import { conclusion, isSignificant } from './interpret.ts'
import { studyMarkdown } from './markdown.ts'
import { type Plan, planStudy } from './plan.ts'
import { studyReport } from './report.ts'
import { type Facts, type StudyResults, summarizeStudy } from './results.ts'
import type { Outcome } from './runner.ts'
import { studyRows } from './table.ts'

const TEST = 10_000

const planOf = (name: string, seeds: number): Plan =>
  planStudy(
    name,
    { model: 'resnet8', data: 'shapes', engine: 'onnxruntime', seeds, recipe: RECIPES.short },
    'folder',
  )

const row = (epoch: number, error: number) => ({
  epoch,
  learningRate: 0.1,
  trainLoss: 1,
  trainTop1: 0.5,
  testLoss: 1,
  testTop1: 1 - error / 100,
  testTop5: 0.9,
  seconds: 2,
})

const facts = ({ variants }: Plan): Facts => ({
  data: { name: 'shapes', classes: 10, shape: [3, 32, 32], train: 8000, test: TEST },
  costs: Object.fromEntries(
    variants.map(({ id }) => [id, { parameters: 75_000, multiplyAdds: 12_345_678 }]),
  ),
  command: 'excite study it',
  version: '0.0.0',
  machine: 'a machine',
})

/** Errors by variant and seed; a missing one failed twice. The epoch before the last was better. */
const study = (
  name: string,
  errors: Readonly<Record<string, readonly (number | undefined)[]>>,
): StudyResults => {
  const plan = planOf(name, Math.max(...Object.values(errors).map(({ length }) => length)))
  const outcomes = plan.runs.flatMap((run): Outcome[] => {
    const own = errors[run.variant.id]
    if (own === undefined || run.seed >= own.length) return []
    const error = own[run.seed]
    return [
      error === undefined
        ? { run, state: 'failed', history: [], reused: false, failures: ['bang', 'bang'] }
        : {
            run,
            state: 'finished',
            history: [row(1, error - 5), row(2, error)],
            reused: false,
            failures: [],
          },
    ]
  })
  return summarizeStudy(plan, outcomes, facts(plan))
}

const of = (results: StudyResults, id: string) =>
  results.variants.find(variant => variant.id === id) ?? expect.fail(id)

describe('results', () => {
  const results = study('se-excitation', {
    sigmoid: [20, 22, 24],
    tanh: [21.1, 23, 24.9],
    relu: [18, 25, 23],
  })

  it('count the error after the last epoch, not after the best', () => {
    expect(of(results, 'sigmoid').seeds.map(({ error }) => Math.round(error * 100) / 100)).toEqual([
      20, 22, 24,
    ])
    expect(of(results, 'sigmoid').error?.mean).toBeCloseTo(22, 10)
    expect(of(results, 'sigmoid').error?.halfWidth).toBeCloseTo((4.302653 * 2) / Math.sqrt(3), 5)
  })

  it('take differences by seed, which tells what means alone would not', () => {
    const { difference } = of(results, 'tanh')
    expect(difference?.mean).toBeCloseTo(1, 10)
    // 1.1, 1.0, 0.9: t = 17.32, p = 0.003317; twice that for two questions.
    expect(difference?.p).toBeCloseTo(0.003317, 5)
    expect(difference?.adjusted).toBeCloseTo(0.006633, 5)
    expect(isSignificant(of(results, 'tanh'))).toBe(true)
    expect(isSignificant(of(results, 'relu'))).toBe(false)
    expect(of(results, 'sigmoid').difference).toBeUndefined()
  })

  it("stand beside the paper's, each with its own reference", () => {
    expect(of(results, 'tanh').paperDifference).toBe(0.72)
    expect(of(results, 'sigmoid').paperDifference).toBeUndefined()
    const versus = study('versus', { plain: [10], gct: [9], sk: [8] })
    expect(of(versus, 'gct').paperDifference).toBe(-1.1)
    expect(of(versus, 'sk').paperDifference).toBe(-1.44)
  })

  it('are the same in text', () => {
    expect(studyRows(results)).toMatchInlineSnapshot(`
      [
        [
          "sigmoid",
          "22.00 ± 4.97",
          "baseline",
          "–",
          "22.28",
          "baseline",
          "0.075 M",
          "12.35 M",
        ],
        [
          "tanh",
          "23.00 ± 4.72",
          "+1.00 ± 0.25",
          "0.007",
          "23.00",
          "+0.72",
          "0.075 M",
          "12.35 M",
        ],
        [
          "ReLU",
          "22.00 ± 8.96",
          "0.00 ± 6.57",
          "1.000",
          "23.47",
          "+1.19",
          "0.075 M",
          "12.35 M",
        ],
      ]
    `)
  })
})

describe('verdicts', () => {
  const said = (results: StudyResults) =>
    results.variants.map(variant => conclusion(variant, results))

  it('are plain sentences', () => {
    expect(
      said(
        study('se-excitation', {
          sigmoid: [20, 22, 24],
          tanh: [21.1, 23, 24.9],
          relu: [18, 25, 23],
        }),
      ),
    ).toMatchInlineSnapshot(`
      [
        undefined,
        "“tanh” has 1.00 points more error than “sigmoid”: more than noise (95 % interval +0.75 to +1.25, 3 seeds; p = 0.007). The paper found +0.72 points.",
        "“ReLU” has the same error as “sigmoid”: no more than noise (95 % interval −6.57 to +6.57, 3 seeds; p = 1.000). The paper found +1.19 points.",
      ]
    `)
  })

  it('say what would count alone and does not among several', () => {
    // Interval and p of tanh by scipy's stats.t.interval and ttest_rel; Holm doubles the smaller p.
    const [, tanh] = said(
      study('se-excitation', {
        sigmoid: [20, 22, 24],
        tanh: [20.9, 22.9, 25.6],
        relu: [18, 25, 23],
      }),
    )
    expect(tanh).toContain(
      ': more than noise if it were the only comparison, but not surely among 2 (95 % interval +0.13 to +2.14, 3 seeds; p = 0.040 alone, 0.080 among 2).',
    )
  })

  it('claim nothing from one seed, nor from none', () => {
    expect(
      said(study('se-excitation', { sigmoid: [20], tanh: [21], relu: [undefined] })),
    ).toMatchInlineSnapshot(`
      [
        undefined,
        "“tanh” has 1.00 points more error than “sigmoid” with one seed: no telling whether that is more than noise. The paper found +0.72 points.",
        "“ReLU” cannot be compared: no seed has finished in both.",
      ]
    `)
  })
})

describe('a study with a failed run', () => {
  const results = study('se-squeeze', { mean: [20, 21, 22], max: [19, undefined, 21] })

  it('compares the seeds that both have', () => {
    expect(of(results, 'max').difference).toMatchObject({ count: 2, mean: expect.closeTo(-1, 10) })
    expect(results.runs).toEqual({ planned: 6, finished: 5 })
  })

  it('says so on its page', () => {
    const page = studyMarkdown(results)
    expect(page).toContain('**5 of 6 runs are finished.**')
    expect(page).toContain('- maximum, seed 1: failed twice and is left out: bang')
    expect(page).toContain('| maximum | 19.00 | – | 21.00 |')
  })
})

describe('the report', () => {
  const complete = study('se-reduction', {
    plain: [20, 22, 24],
    r2: [19, 21, 23.1],
    r16: [18, 25, 23],
  })

  it('is one file with every section that has something to show', () => {
    const html = studyReport(complete)
    const headings = [...html.matchAll(/<h2[^>]*>([^<]*)</g)].map(([, heading]) => heading)
    expect(headings).toEqual(['Results', 'Differences', 'Seeds', 'Learning curves', 'Reproduce'])
    expect(html).not.toMatch(/(src|href)="https?:/)
    expect(html).not.toContain('NaN')
  })

  it('of one seed, or of nothing finished, still is a page', () => {
    for (const errors of [{ mean: [20], max: [21] }, { mean: [undefined] }]) {
      const html = studyReport(study('se-squeeze', errors))
      expect(html).toContain('</html>')
      expect(html).not.toContain('NaN')
    }
  })
})
