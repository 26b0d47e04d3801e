/** A recipe by its name, with what is said otherwise. */

import { UsageError } from '../errors/index.ts'
import { suggestion } from '../errors/suggest.ts'
import type { Recipe } from './config.ts'
import { RECIPES, type RecipeName, recipeNames } from './recipes.ts'

type Fields<Group> = Group extends object
  ? { readonly [Field in keyof Group]?: Group[Field] | null }
  : never

/** Any fields of a recipe; of an optimizer, a schedule and the like any of theirs; null takes one away. */
export type RecipeChanges = {
  readonly [Field in keyof Recipe]?: Recipe[Field] extends infer Value
    ? Value extends object
      ? Fields<Value> | null
      : Value | null
    : never
}

type Tree = Record<string, unknown>

/** What an optimizer or a schedule begins with when it is another one than the recipe's. */
export const KINDS: Readonly<Record<string, object>> = {
  sgd: { kind: 'sgd', momentum: 0.9, nesterov: true },
  adamw: { kind: 'adamw', beta1: 0.9, beta2: 0.999, epsilon: 1e-8 },
  constant: { kind: 'constant' },
  'multi-step': { kind: 'multi-step', at: [0.3, 0.6, 0.9], factor: 0.1 },
  cosine: { kind: 'cosine', end: 0 },
  plateau: { kind: 'plateau', factor: 0.1, patience: 10, maxDrops: 3 },
}

/** What a group begins with that the recipe does not have. */
const GROUPS: Readonly<Record<string, object>> = {
  warmUp: { epochs: 1, from: 0.1, flat: false },
}

const isGroup = (value: unknown): value is Tree =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

const set = (record: Tree, name: string, value: unknown): void => {
  if (value === null) delete record[name]
  else record[name] = value
}

const changeGroup = (own: Tree, { kind, ...changes }: Tree): Tree => {
  const group =
    kind === undefined || kind === own.kind ? own : { ...(KINDS[String(kind)] ?? { kind }) }
  for (const [name, value] of Object.entries(changes))
    if (value !== undefined) set(group as Tree, name, value)
  return group as Tree
}

/** Recipes whose rate is linear with the batch, as their papers have it. */
const LINEAR: readonly string[] = ['senet']
/** So many epochs a rate takes to rise that is larger than the paper's. */
const RISE = 5

/**
 * The rate of another batch than a recipe's: linear with it (Goyal et al., 1706.02677). One that is
 * larger than the paper's begins there and rises.
 */
const linearRate = (
  name: RecipeName,
  batch: number,
): Pick<RecipeChanges, 'learningRate' | 'warmUp'> => {
  const own = RECIPES[name]
  const ratio = batch / own.batch
  const learningRate = Number((own.learningRate * ratio).toPrecision(6))
  return ratio > 1
    ? { learningRate, warmUp: { epochs: RISE, from: 1 / ratio, flat: false } }
    : { learningRate }
}

/** What a recipe did about another batch than its own, in words; undefined where it did nothing. */
export const linearRateNote = (
  name: unknown,
  { batch, learningRate }: Recipe,
): string | undefined => {
  const own = LINEAR.includes(String(name)) ? RECIPES[name as RecipeName] : undefined
  if (
    own === undefined ||
    batch === own.batch ||
    learningRate !== linearRate(name as RecipeName, batch).learningRate
  )
    return undefined
  const rise = batch > own.batch ? `, rising from ${own.learningRate} for ${RISE} epochs` : ''
  return `the rate of ${name} is linear with the batch: ${own.learningRate} for ${own.batch} images, ${learningRate} for ${batch}${rise}; set \`recipe.learningRate\` for another`
}

/** The names of recipes, or the recipe itself; what is changed is left to the schema to check. */
export const recipeFrom = (base: RecipeName | Recipe, given: RecipeChanges | object): unknown => {
  if (typeof base === 'string' && !recipeNames.includes(base))
    throw new UsageError({
      where: 'recipe',
      expected: `one of ${recipeNames.join(', ')}`,
      got: base,
      hint: suggestion(base, recipeNames),
    })
  const { batch, learningRate, warmUp } = given as RecipeChanges
  const isOpen = typeof batch === 'number' && learningRate === undefined
  const linear = isOpen && LINEAR.includes(String(base)) && linearRate(base as RecipeName, batch)
  const changes = linear ? { ...given, ...linear, warmUp: warmUp ?? linear.warmUp } : given
  const recipe = structuredClone(typeof base === 'string' ? RECIPES[base] : base) as unknown as Tree
  for (const [name, value] of Object.entries(changes)) {
    if (value === undefined) continue
    if (!isGroup(value)) set(recipe, name, value)
    else recipe[name] = changeGroup((recipe[name] ?? { ...GROUPS[name] }) as Tree, value)
  }
  if (isGroup(recipe.warmUp) && recipe.warmUp.epochs === 0) delete recipe.warmUp
  return recipe
}
