/** Fields of a configuration that say what they may be, in words of ours, and how they are given as options. */

import { z } from 'zod'

/** How a field is given on the command line. */
export interface Option {
  /** The option's name; the field's own unless given. */
  readonly flag?: string
  /** What stands for its value in the help. */
  readonly value?: string
  readonly help: string
  /** The heading that it stands under in the help. */
  readonly group: string
  /** Whether 0 takes the setting away. */
  readonly zero?: 'none'
}

/** Makes a field one that has an option. */
export const optional = <Schema extends z.ZodType>(schema: Schema, option: Option): Schema =>
  schema.meta({ option })

/** How a field is given as an option, if it is. */
export const optionOf = (schema: z.ZodType): Option | undefined =>
  schema.meta()?.option as Option | undefined

const number = (error: string, holds: (value: number) => boolean) =>
  z.number({ error }).refine(holds, { error })

export const positive = number('a number above 0', value => value > 0)
export const notNegative = number('a number from 0', value => value >= 0)
/** A number above 0, up to a limit. */
export const upTo = (most: number) =>
  number(`a number above 0, up to ${most}`, value => value > 0 && value <= most)
/** A number within limits. */
export const between = (least: number, most: number) =>
  number(`a number from ${least} to ${most}`, value => value >= least && value <= most)
export const fraction = between(0, 1)
/** A number from 0 that is less than 1. */
export const belowOne = number('a number from 0, below 1', value => value >= 0 && value < 1)
/** A whole number within limits. */
export const whole = (least = 1, most = Number.MAX_SAFE_INTEGER) =>
  number(
    `a whole number from ${least}${most < Number.MAX_SAFE_INTEGER ? ` to ${most}` : ''}`,
    value => Number.isInteger(value) && value >= least && value <= most,
  )
export const flag = z.boolean({ error: 'true or false' })
export const text = z.string({ error: 'a text' })
/** One of several words. */
export const oneOf = <const Words extends readonly [string, ...string[]]>(words: Words) =>
  z.enum(words, { error: `one of ${words.join(', ')}` })
