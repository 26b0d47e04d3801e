/** What the runs of a study say together: means, intervals, and differences paired by seed. */

import {
  type Difference,
  type Estimate,
  estimate,
  holm,
  pairedDifference,
} from '../stats/inference.ts'
import { count } from '../text/numbers.ts'
import type { EpochRow } from '../train/epochRow.ts'
import type { Plan } from './plan.ts'
import type { Outcome } from './runner.ts'
import type { PaperFigure, Variant } from './study.ts'

/** Of a network, for the images of the study. */
export interface Cost {
  /** How many numbers training finds. */
  readonly parameters: number
  /** For one image. */
  readonly multiplyAdds: number
}

export interface SeedResult {
  readonly seed: number
  /** Percent of the test images that are wrong after the last epoch. */
  readonly error: number
  readonly history: readonly EpochRow[]
}

export interface VariantResult {
  readonly id: string
  readonly name: string
  readonly attention?: string | undefined
  readonly paper?: PaperFigure | undefined
  /** The paper's error less that of its baseline, in points. */
  readonly paperDifference?: number | undefined
  readonly cost: Cost
  readonly seeds: readonly SeedResult[]
  /** Over seeds; without where no run has finished. */
  readonly error?: Estimate | undefined
  /** Error less that of the baseline with the same seed, in points; `adjusted` is p after Holm. */
  readonly difference?: (Difference & { readonly adjusted?: number }) | undefined
}

/** What is said of a study besides its numbers. */
export interface Facts {
  /** The images of the study: shape [C, H, W], and how many. */
  readonly data: {
    readonly name: string
    readonly classes: number
    readonly shape: readonly number[]
    readonly train: number
    readonly test: number
  }
  /** By id of the variant. */
  readonly costs: Readonly<Record<string, Cost>>
  /** The command that gives this study again. */
  readonly command: string
  /** The version of this package. */
  readonly version: string
  /** Processor and cores. */
  readonly machine: string
}

/** What a study has come to. */
export interface StudyResults {
  /** The name that the study is asked for by. */
  readonly study: string
  /** The question, as a sentence. */
  readonly title: string
  /** The table of the paper. */
  readonly source: string
  /** What a reader must know to compare. */
  readonly note?: string | undefined
  /** The network, data set and training of the paper. */
  readonly paperSetting: string
  /** The network, data set and training of these runs. */
  readonly setting: string
  /** The id of the variant that the others are compared with. */
  readonly baseline: string
  /** What each variant came to, in the order of the paper. */
  readonly variants: readonly VariantResult[]
  /** How many runs there are to do, and how many are done. */
  readonly runs: { readonly planned: number; readonly finished: number }
  /** Variants that this version cannot build. */
  readonly leftOut: readonly { readonly name: string; readonly reason: string }[]
  /** What went wrong, run by run. */
  readonly failures: readonly {
    readonly run: string
    /** False where the second attempt succeeded. */
    readonly lost: boolean
    readonly messages: readonly string[]
  }[]
  /** The command that gives this study again. */
  readonly command: string
  /** The version of this package. */
  readonly version: string
  /** Processor and cores. */
  readonly machine: string
  /** The time that training took, of all runs together. */
  readonly seconds: number
}

const plural = (number: number, noun: string): string =>
  `${count(number)} ${noun}${number === 1 ? '' : 's'}`

const settingOf = ({ runs, seeds, recipe }: Plan, { data }: Facts): string => {
  const [{ config }] = runs
  const { epochs, batch, learningRate, schedule, labelSmoothing } = recipe
  return `${config.model} on ${data.name} (${count(data.train)} images of ${data.shape.join('×')}, ${count(data.test)} to test, ${plural(data.classes, 'class')}`
    .replace('classs', 'classes')
    .concat(
      `), ${plural(epochs, 'epoch')} of batches of ${batch}, rate ${learningRate} (${schedule.kind}), label smoothing ${labelSmoothing}, ${plural(seeds.length, 'seed')}`,
    )
}

const percentWrong = ({ testTop1 }: EpochRow): number => 100 * (1 - testTop1)

const seedResults = (variant: Variant, outcomes: readonly Outcome[]): readonly SeedResult[] =>
  outcomes.flatMap(({ run, state, history }) => {
    const last = history.at(-1)
    if (run.variant.id !== variant.id || state !== 'finished' || last === undefined) return []
    return [{ seed: run.seed, error: percentWrong(last), history }]
  })

/** The error that a variant's figure is to be compared with: its table's plain one, if it has one. */
const paperDifference = (variant: Variant, baseline: Variant): number | undefined => {
  const reference = variant.paper?.plain ?? baseline.paper?.top1
  if (variant === baseline || variant.paper === undefined || reference === undefined)
    return undefined
  return Math.round((variant.paper.top1 - reference) * 100) / 100
}

const compared = (
  variant: Variant,
  plan: Plan,
  outcomes: readonly Outcome[],
  facts: Facts,
): VariantResult => {
  const resolution = 100 / facts.data.test
  const seeds = seedResults(variant, outcomes)
  const errors = seeds.map(({ error }) => error)
  const others = seedResults(plan.baseline, outcomes)
  const pairs = seeds.flatMap(({ seed, error }) => {
    const other = others.find(result => result.seed === seed)
    return other === undefined ? [] : [[error, other.error] as const]
  })
  return {
    id: variant.id,
    name: variant.name,
    attention: variant.attention,
    paper: variant.paper,
    paperDifference: paperDifference(variant, plan.baseline),
    cost: facts.costs[variant.id],
    seeds,
    error: seeds.length === 0 ? undefined : estimate(errors, resolution),
    difference:
      variant === plan.baseline || pairs.length === 0
        ? undefined
        : pairedDifference(
            pairs.map(([own]) => own),
            pairs.map(([, other]) => other),
            resolution,
          ),
  }
}

/** Puts Holm's p beside each; those without a p stay as they are. */
const corrected = (variants: readonly VariantResult[]): readonly VariantResult[] => {
  const tested = variants.flatMap(({ difference }) =>
    difference?.p === undefined ? [] : [difference.p],
  )
  const adjusted = holm(tested).values()
  return variants.map(variant => {
    const { difference } = variant
    if (difference?.p === undefined) return variant
    return { ...variant, difference: { ...difference, adjusted: adjusted.next().value ?? 1 } }
  })
}

const failuresOf = (outcomes: readonly Outcome[]): StudyResults['failures'] =>
  outcomes.flatMap(({ run, state, failures }) =>
    failures.length === 0
      ? []
      : [{ run: runName(run), lost: state === 'failed', messages: failures }],
  )

/** How a run is called in lines and lists. */
export const runName = ({ variant, seed }: Outcome['run']): string =>
  `${variant.name}, seed ${seed}`

/** Sums up the runs of a study that have ended. */
export const summarizeStudy = (
  plan: Plan,
  outcomes: readonly Outcome[],
  facts: Facts,
): StudyResults => {
  const { study, name, baseline, variants, runs, leftOut } = plan
  const rows = variants.map(variant => compared(variant, plan, outcomes, facts))
  return {
    study: name,
    title: study.title,
    source: study.source,
    note: study.note,
    paperSetting: study.setting,
    setting: settingOf(plan, facts),
    baseline: baseline.id,
    variants: corrected(rows),
    runs: {
      planned: runs.length,
      finished: outcomes.filter(({ state }) => state === 'finished').length,
    },
    leftOut: leftOut.map(({ variant, reason }) => ({ name: variant.name, reason })),
    failures: failuresOf(outcomes),
    command: facts.command,
    version: facts.version,
    machine: facts.machine,
    seconds: outcomes
      .flatMap(({ history }) => history)
      .reduce((sum, { seconds }) => sum + seconds, 0),
  }
}
