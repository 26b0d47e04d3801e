/** Attention by name, with its options as text: `se:reduction=8,at=pre,stages=4`. */

import { UsageError } from '../errors/index.ts'
import { suggestion } from '../errors/suggest.ts'
import type { Attention, Position } from './attention.ts'
import { bam } from './bam.ts'
import { ATTENTIONS, type AttentionName, attentionNames, optionsOf } from './catalog.ts'
import { cbam } from './cbam.ts'
import { ca } from './coordinate.ts'
import { eca } from './eca.ts'
import { fca } from './fca.ts'
import { gc } from './gc.ts'
import { gct } from './gct.ts'
import { ge } from './ge.ts'
import type { Meanings } from './options.ts'
import { se } from './se.ts'
import { simam } from './simam.ts'
import { sk } from './sk.ts'
import { splat } from './splitAttention.ts'
import { srm } from './srm.ts'

export { type AttentionName, attentionNames } from './catalog.ts'

/** What each name builds of its options. */
const builders: {
  readonly [Name in AttentionName]: (
    options: Meanings<(typeof ATTENTIONS)[Name]['options']> & { at?: Position },
  ) => Attention
} = { se, sk, gct, ge, eca, cbam, bam, srm, gc, fca, simam, ca, splat }

export interface PluggedAttention {
  readonly attention: Attention
  readonly stages?: readonly number[]
}

const refuse = (spec: string, expected: string, got: string, hint?: string): never => {
  throw new UsageError({ where: `attention ${spec}`, expected, got, ...(hint ? { hint } : {}) })
}

const given = (spec: string, text: string): readonly (readonly [name: string, text: string])[] => {
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
  return options
}

/**
 * Reads `name` or `name:option=value,…`.
 * @throws UsageError that names the option at fault and what it may be
 */
export const parseAttention = (spec: string): PluggedAttention => {
  const [name, ...rest] = spec.split(':')
  const known = attentionNames.find(known => known === name)
  if (known === undefined)
    return refuse(
      spec,
      `one of ${attentionNames.join(', ')}`,
      name || 'none',
      suggestion(name, attentionNames),
    )
  const table = optionsOf(ATTENTIONS[known])
  const names = Object.keys(table)
  const options = given(spec, rest.join(':')).map(([name, text]) => {
    if (!Object.hasOwn(table, name))
      refuse(spec, `options among ${names.join(', ')}`, name, suggestion(name, names))
    const meaning = table[name].read(text)
    if (meaning === undefined) refuse(spec, `${name} ${table[name].expected}`, text)
    return [name, meaning] as const
  })
  const { stages, ...own } = Object.fromEntries(options) as { stages?: readonly number[] }
  return {
    attention: (builders[known] as (options: object) => Attention)(own),
    ...(stages === undefined ? {} : { stages }),
  }
}
