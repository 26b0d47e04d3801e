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

/** The names of recipes, or the recipe itself; what is changed is left to the schema to check. */
export const recipeFrom = (base: RecipeName | Recipe, changes: RecipeChanges | object): unknown => {
  if (typeof base === 'string' && !recipeNames.includes(base))
    throw new UsageError({
      where: 'recipe',
      expected: `one of ${recipeNames.join(', ')}`,
      got: base,
      hint: suggestion(base, recipeNames),
    })
  const recipe = structuredClone(typeof base === 'string' ? RECIPES[base] : base) as unknown as Tree
  for (const [name, value] of Object.entries(changes)) {
    if (value === undefined) continue
    if (!isGroup(value)) set(recipe, name, value)
    else recipe[name] = changeGroup((recipe[name] ?? { ...GROUPS[name] }) as Tree, value)
  }
  if (isGroup(recipe.warmUp) && recipe.warmUp.epochs === 0) delete recipe.warmUp
  return recipe
}
