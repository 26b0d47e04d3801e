/** Attention by name, with its options as text: `se:reduction=8,at=pre,stages=4`. */

import { z } from 'zod'
import { UsageError } from '../errors.ts'
import { suggestion } from '../suggest.ts'
import { type Attention, POSITIONS, type Position } from './attention.ts'
import { gct } from './gct.ts'
import { se } from './se.ts'
import { type Branch, sk } from './sk.ts'

const flag = z.enum(['true', 'false']).transform(text => text === 'true')
const positive = z.coerce.number().positive()
const natural = z.coerce.number().int().positive()
const list = <Item extends z.ZodType>(item: Item) =>
  z.preprocess(text => String(text).split('+'), z.array(item))

/** The papers' notation: K3 is 3×3, K5 and K7 are 3×3 with dilation 2 and 3. */
const BRANCHES: Readonly<Record<string, Branch>> = {
  '1': { kernel: 1 },
  '3': { kernel: 3 },
  '5': { kernel: 3, dilation: 2 },
  '7': { kernel: 3, dilation: 3 },
}
const branch = z.enum(['1', '3', '5', '7']).transform(kernel => BRANCHES[kernel])

const everywhere = { stages: list(z.coerce.number().int().min(1).max(5)).optional() }
const recalibration = { ...everywhere, at: z.enum(POSITIONS).optional() }

/** What stands behind each name: its options as they come in text, and what they make. */
const kinds = {
  se: {
    options: z.strictObject({
      ...recalibration,
      reduction: positive.optional(),
      bias: flag.optional(),
      squeeze: z.enum(['mean', 'max', 'none']).optional(),
      gate: z.enum(['sigmoid', 'tanh', 'relu']).optional(),
    }),
    build: se,
  },
  sk: {
    options: z.strictObject({
      ...everywhere,
      branches: list(branch).optional(),
      reduction: positive.optional(),
      floor: natural.optional(),
      select: flag.optional(),
      split: flag.optional(),
    }),
    build: sk,
  },
  gct: {
    options: z.strictObject({
      ...recalibration,
      norm: z.enum(['l2', 'l1']).optional(),
      afterRelu: flag.optional(),
      epsilon: positive.optional(),
    }),
    build: gct,
  },
} as const

/** The names that an attention can be asked for by. */
export const attentionNames = Object.keys(kinds) as readonly AttentionName[]
export type AttentionName = keyof typeof kinds

export interface PluggedAttention {
  readonly attention: Attention
  readonly stages?: readonly number[]
}

const refuse = (spec: string, expected: string, got: string, hint?: string): never => {
  throw new UsageError({ where: `attention ${spec}`, expected, got, ...(hint ? { hint } : {}) })
}

const optionsOf = (spec: string, text: string): Record<string, string> => {
  const options = text
    .split(',')
    .filter(part => part !== '')
    .map(part => {
      const [name, value, ...more] = part.split('=')
      if (value === undefined || more.length > 0) refuse(spec, 'options as name=value', part)
      return [name.trim(), value.trim()] as const
    })
  const twice = options.find(([name], i) => options.findIndex(other => other[0] === name) !== i)
  if (twice !== undefined) refuse(spec, `${twice[0]} once`, 'it twice')
  return Object.fromEntries(options)
}

/**
 * Reads `name` or `name:option=value,…`.
 * @throws UsageError that names the option at fault and what it may be
 */
export const parseAttention = (spec: string): PluggedAttention => {
  const [name, ...rest] = spec.split(':')
  if (!Object.hasOwn(kinds, name))
    refuse(
      spec,
      `one of ${attentionNames.join(', ')}`,
      name || 'none',
      suggestion(name, attentionNames),
    )
  const kind = kinds[name as AttentionName]
  const given = optionsOf(spec, rest.join(':'))
  const { success, error, data } = kind.options.safeParse(given)
  if (!success) {
    const [issue] = error.issues
    const names = Object.keys(kind.options.shape)
    if (issue.code === 'unrecognized_keys')
      refuse(
        spec,
        `options among ${names.join(', ')}`,
        issue.keys[0],
        suggestion(issue.keys[0], names),
      )
    const option = String(issue.path[0])
    const expected =
      issue.code === 'invalid_value'
        ? `${option} among ${issue.values.join(', ')}`
        : `a valid ${option} (${issue.message})`
    refuse(spec, expected, given[option])
  }
  const { stages, ...options } = data as { stages?: readonly number[]; at?: Position }
  return {
    attention: (kind.build as (options: object) => Attention)(options),
    ...(stages === undefined ? {} : { stages }),
  }
}
