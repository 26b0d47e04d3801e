/** What the fields that errors of the library name are called on the command line. */

import type { Problem } from '../errors/index.ts'
import { flagOf } from './flags.ts'

/** Fields that have an option of their own name. */
const OWN =
  `background badImages badLimit baseline classes cropPct data dataDir engine device freeze initialize input
  labelColumns labelFromName labels mean
  model offline out precision recipe resume samples seed size std task threads unfreezeAt valFraction variants vary weights workers`.split(
    /\s+/,
  )
/** Fields whose option is called otherwise. */
const OTHERS: Readonly<Record<string, string>> = {
  compatible: '--resume-compatible',
  feeds: '--feed',
  repository: '--from-hub',
  seconds: '--time-limit',
}

/** The option of a field, such as `recipe.batch` or `data.valFraction`, if it has one. */
const optionIn =
  (recipe: ReadonlyMap<string, string>) =>
  (field: string): string | undefined => {
    const name = field.replace(/^(data|study)\./, '')
    return recipe.get(field) ?? OTHERS[name] ?? (OWN.includes(name) ? flagOf(name) : undefined)
  }

/** Writes the fields in a text's backticks as options, those of recipes where asked for. */
const translator = async (ofRecipe: boolean) => {
  const recipe = ofRecipe ? (await import('./recipeOptions.ts')).recipeFlags : new Map()
  const option = optionIn(recipe)
  const text = <Text extends string | undefined>(given: Text): Text =>
    given?.replace(/`([\w.]+)`/g, (all, field: string) => option(field) ?? all) as Text
  return { option, text }
}

/** Writes what the library says as somebody reads it who types options. */
export const textInOptions = async () => (await translator(true)).text

/** A problem as somebody who types options reads it: fields, in backticks where in a text, are options. */
export const inOptions = async (problem: Problem): Promise<Problem> => {
  const { where, expected, got, context, hint } = problem
  const { option, text } = await translator(
    [where, expected, got, hint].some(text => text?.includes('recipe.')),
  )
  return {
    where: option(where) ?? text(where),
    expected: text(expected),
    got: text(got),
    context: text(context),
    hint: text(hint),
  }
}
