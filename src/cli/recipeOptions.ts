/** Every field of a recipe as an option, as the schema says. */

import { Command, Option } from 'commander'
import { z } from 'zod'
import { UsageError } from '../errors/index.ts'
import { suggestion } from '../errors/suggest.ts'
import type { Value } from '../studies/vary.ts'
import { type Option as FieldOption, optionOf } from '../train/fields.ts'
import { KINDS, recipeFrom } from '../train/recipeChanges.ts'
import { type Recipe, recipeSchema } from '../train/recipeSchema.ts'
import { RECIPES, recipeNames } from '../train/recipes.ts'
import { currentWords, flagOf, keyOf } from './flags.ts'

type Tree = Record<string, unknown>

/** One field that has an option. */
interface Field extends FieldOption {
  readonly flag: string
  readonly path: readonly string[]
  readonly schema: z.ZodType
  /** The words that it may be. */
  readonly words?: readonly string[] | undefined
}

const inner = (schema: z.ZodType): z.ZodType =>
  schema instanceof z.ZodOptional || schema instanceof z.ZodReadonly
    ? inner(schema.unwrap() as z.ZodType)
    : schema

/** The fields below a schema; those of a union's kinds side by side, each once. */
const fieldsOf = (given: z.ZodType, path: readonly string[]): readonly Field[] => {
  const schema = inner(given)
  const option = optionOf(schema) ?? optionOf(given)
  const own = (more: Partial<Field>): Field[] =>
    option === undefined
      ? []
      : [{ ...option, flag: flagOf(option.flag ?? path.at(-1) ?? ''), path, schema, ...more }]
  if (schema instanceof z.ZodDiscriminatedUnion) {
    const kinds = schema.options as readonly z.ZodObject<{ kind: z.ZodLiteral<string> }>[]
    const below = kinds.flatMap(kind => fieldsOf(kind, path))
    return [
      ...own({ path: [...path, 'kind'], words: kinds.map(({ shape }) => shape.kind.value) }),
      ...below.filter(({ flag }, i) => below.findIndex(other => other.flag === flag) === i),
    ]
  }
  if (schema instanceof z.ZodObject && option === undefined)
    return Object.entries(schema.shape).flatMap(([name, field]) =>
      fieldsOf(field as z.ZodType, [...path, name]),
    )
  return own({ words: schema instanceof z.ZodEnum ? (schema.options as string[]) : undefined })
}

const FIELDS = fieldsOf(recipeSchema, [])

/** The option of each field of a recipe, by its place in the configuration. */
export const recipeFlags: ReadonlyMap<string, string> = new Map(
  FIELDS.flatMap(({ path, flag }) => {
    const name = ['recipe', ...path].join('.')
    return path.at(-1) === 'kind'
      ? [
          [name, flag],
          [name.slice(0, -'.kind'.length), flag],
        ]
      : [[name, flag]]
  }),
)

/** What `short` has there, or else what its kind of optimizer or schedule begins with, for the help. */
const defaultOf = ({ path, words, zero }: Field): string => {
  const short = path.reduce<unknown>((at, key) => (at as Tree | undefined)?.[key], RECIPES.short)
  const kinds = path.length > 1 && words === undefined ? Object.values<Tree>(KINDS as never) : []
  const value = short ?? kinds.find(kind => path[1] in kind)?.[path[1]]
  if (value === undefined) return zero === 'none' ? ' (default: off)' : ''
  return ` (default: ${typeof value === 'boolean' ? 'on' : value})`
}

/**
 * All options of a recipe, in groups, with their defaults.
 * @param fallback - the recipe where none is named; without, the command chooses
 */
export const withRecipeOptions = (command: Command, fallback?: string): Command => {
  command.optionsGroup('Recipe (defaults are those of short):')
  const auto = fallback === undefined ? '; or auto: fitted to the images, as without a model' : ''
  command.option('--recipe <name>', `a recipe by name: ${recipeNames.join(', ')}${auto}`, fallback)
  for (const field of FIELDS) {
    const { flag, value, help, group } = field
    const option = new Option(
      value === undefined ? flag : `${flag} <${value}>`,
      help + defaultOf(field),
    )
    command.addOption(option.helpGroup(group))
    if (value === undefined)
      command.addOption(
        new Option(flag.replace('--', '--no-'), `without ${flag.slice(2)}`).helpGroup(group),
      )
  }
  return command
}

const number = (text: string, flag: string): number => {
  const value = text.trim() === '' ? Number.NaN : Number(text)
  if (Number.isFinite(value)) return value
  throw new UsageError({ where: flag, expected: 'a number', got: text })
}

const oneOf = (flag: string, text: string, words: readonly string[]): string => {
  if (words.includes(text)) return text
  throw new UsageError({
    where: flag,
    expected: `one of ${words.join(', ')}`,
    got: text,
    hint: suggestion(text, words),
  })
}

/** What was typed, as the field holds it; null takes the setting away. */
const meaningOf = ({ flag, words, schema, zero }: Field, given: unknown): unknown => {
  if (typeof given === 'boolean') return given
  const text = String(given)
  if (words !== undefined) return oneOf(flag, text, words)
  if (schema instanceof z.ZodArray) return text.split(',').map(part => number(part, flag))
  if (!(schema instanceof z.ZodObject)) {
    const value = number(text, flag)
    return value === 0 && zero === 'none' ? null : value
  }
  const names = Object.keys(schema.shape)
  const numbers = text.split(',').map(part => number(part, flag))
  if (numbers.length > names.length)
    throw new UsageError({ where: flag, expected: `at most ${names.length} numbers`, got: text })
  if (numbers[0] === 0) return null
  return Object.fromEntries(numbers.map((value, i) => [names[i], value]))
}

/** A value at its place, as a change to a recipe. */
const changeAt = ([first, ...rest]: readonly string[], value: unknown): Tree =>
  rest.length === 0 ? { [first]: value } : { [first]: changeAt(rest, value) }

const merged = (a: Tree, b: Tree): Tree => {
  const result = { ...a }
  for (const [name, value] of Object.entries(b))
    result[name] =
      name in a && typeof value === 'object' && value !== null
        ? merged(a[name] as Tree, value as Tree)
        : value
  return result
}

/** What an option changes in a recipe. */
const changeOf = (field: Field, given: unknown): Tree => {
  const value = meaningOf(field, given)
  // A part of the augmentation holds one number: without it there is no such part.
  const depth = value === null && field.path[0] === 'augment' ? 2 : field.path.length
  return changeAt(field.path.slice(0, depth), value)
}

/** `lr=0.01,0.1` as an option and its values; with semicolons between them where values have commas. */
export const variedOption = (text: string): { option: string; values: readonly Value[] } => {
  const [, name = '', list = ''] = /^(?:--)?([a-z-]+)=(.*)$/s.exec(text) ?? []
  const [flag] = currentWords([`--${name}`], new Command(), () => {})
  const field = FIELDS.find(field => field.flag === flag)
  if (field === undefined)
    throw new UsageError({
      where: '--vary',
      expected: 'an option of the recipe and its values',
      got: text,
      hint:
        suggestion(
          name,
          FIELDS.map(({ flag }) => flag.slice(2)),
        ) ?? 'For example: --vary lr=0.01,0.05,0.1',
    })
  const isFlag = field.value === undefined
  const values = list.split(list.includes(';') ? ';' : ',').filter(value => value !== '')
  return {
    option: flag.slice(2),
    values: values.map(value => ({
      text: value,
      changes: changeOf(field, isFlag ? oneOf('--vary', value, ['on', 'off']) === 'on' : value),
    })),
  }
}

const given = (flags: Tree): readonly Field[] =>
  FIELDS.filter(({ flag }) => flags[keyOf(flag)] !== undefined)

/** The options of a recipe that were given. */
export const givenOverrides = (flags: Tree): readonly string[] =>
  given(flags).map(({ flag }) => flag)

/**
 * The recipe with what the command line says otherwise; to be checked by the schema.
 * @throws UsageError for an unknown name, or text where a number belongs
 */
export const recipeOf = (flags: Tree): unknown => {
  const changes = given(flags).reduce<Tree>(
    (all, field) => merged(all, changeOf(field, flags[keyOf(field.flag)])),
    {},
  )
  // By its name, or whole as a configuration file has it.
  return recipeFrom(flags.recipe as keyof typeof RECIPES | Recipe, changes)
}
