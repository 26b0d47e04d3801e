/** From a study and the user's settings to the runs that it takes, each an ordinary training. */

import { join } from 'node:path'
import { UsageError } from '../errors/index.ts'
import { suggestion } from '../errors/suggest.ts'
import { attentionOf } from '../models/registry.ts'
import { type Config, checkConfig, type Recipe } from '../train/config.ts'
import { recipeFrom } from '../train/recipeChanges.ts'
import { findStudy } from './registry.ts'
import { missing, type Study, type Variant } from './study.ts'

/** On what and how a study is run. */
export interface StudySettings extends Omit<Config, 'attention' | 'recipe' | 'seed'> {
  /** Changes to the recipe of the study, by field. */
  readonly recipe: unknown
  /** How many: 0, 1, … */
  readonly seeds: number
  /** The variants to run, by id; all unless given. The baseline is always among them. */
  readonly variants?: readonly string[]
  /** In place of the study's own. */
  readonly baseline?: string
}

/** One training of a study. */
export interface PlannedRun {
  /** The network of the run. */
  readonly variant: Variant
  /** What its randomness depends on. */
  readonly seed: number
  /** The run folder. */
  readonly folder: string
  /** All that the training is given. */
  readonly config: Config
}

/** A study, run by run. */
export interface Plan {
  /** The name that the study is asked for by. */
  readonly name: string
  /** The study as data. */
  readonly study: Study
  /** Where runs and results go. */
  readonly folder: string
  /** The variant that the others are compared with. */
  readonly baseline: Variant
  /** Those that run, in the order of the paper's table. */
  readonly variants: readonly Variant[]
  /** One run of each variant has each of them. */
  readonly seeds: readonly number[]
  /** Those of the paper that this version cannot build, and why. */
  readonly leftOut: readonly { readonly variant: Variant; readonly reason: string }[]
  /** All variants of a seed, then those of the next: so that a part already compares. */
  readonly runs: readonly PlannedRun[]
  /** The training that all runs share. */
  readonly recipe: Recipe
}

const find = (study: Study, id: string, option: string): Variant => {
  const found = study.variants.find(variant => variant.id === id)
  if (found !== undefined) return found
  const ids = study.variants.map(variant => variant.id)
  const expected = `a variant of the study: ${ids.join(', ')}`
  throw new UsageError({ where: option, expected, got: id, hint: suggestion(id, ids) })
}

const refuseAttention = (name: string): void => {
  const attention = attentionOf(name)
  if (attention === undefined) return
  throw new UsageError({
    where: 'study.model',
    expected: 'a backbone without attention of its own: that is what a study varies',
    got: name,
    hint: `Leave the attention out, such as: ${name.replace(`${attention}-`, '').replace('sknet', 'resnext')}`,
  })
}

/**
 * @param folder - where the study's runs and results go
 * @param study - the study itself, where it is none that has a name
 * @throws UsageError for unknown names, settings that do not fit, or a baseline that cannot be built
 */
export const planStudy = (
  name: string,
  settings: StudySettings,
  folder: string,
  study: Study = findStudy(name),
): Plan => {
  if (study.variants.some(({ attention }) => attention !== undefined))
    refuseAttention(settings.model)
  const { seeds: count, variants: wanted, baseline: id = study.baseline, ...rest } = settings
  const { recipe: base, ...common } = rest
  const baseline = find(study, id, 'study.baseline')
  const chosen = new Set(wanted?.map(id => find(study, id, 'study.variants').id))
  const all = study.variants.filter(
    variant => wanted === undefined || variant === baseline || chosen.has(variant.id),
  )
  const leftOut = all.flatMap(variant => {
    const reason = missing(variant)
    return reason === undefined ? [] : [{ variant, reason }]
  })
  const variants = all.filter(variant => !leftOut.some(other => other.variant === variant))
  if (!variants.includes(baseline))
    throw new UsageError({
      where: 'study.baseline',
      expected: 'a variant that this version can build',
      got: `${id} (${missing(baseline)})`,
    })
  const seeds = Array.from({ length: count }, (_, seed) => seed)
  const runs = seeds.flatMap(seed =>
    variants.map(variant => ({
      variant,
      seed,
      folder: join(folder, `${variant.id}-seed${seed}`),
      config: checkConfig({
        ...common,
        attention: variant.attention,
        variations: variant.variations
          ? { ...common.variations, ...variant.variations }
          : common.variations,
        seed,
        recipe: recipeFrom(base as Recipe, variant.changes ?? {}),
      }),
    })),
  )
  const { recipe } = runs[0].config
  return { name, study, folder, baseline, variants, seeds, leftOut, runs, recipe }
}
