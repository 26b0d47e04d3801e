/** Attention by name, with its options as text: `se:reduction=8,at=pre,stages=4`. */

import { type Refuse, refuser, UsageError } from '../errors/index.ts'
import { suggestion } from '../errors/suggest.ts'
import type { Attention, Position } from './attention.ts'
import { bam } from './bam.ts'
import { ATTENTIONS, type AttentionName, attentionNames, optionsOf, PLACED } from './catalog.ts'
import { cbam } from './cbam.ts'
import { ca } from './coordinate.ts'
import { eca } from './eca.ts'
import { fca } from './fca.ts'
import { gc } from './gc.ts'
import { gct } from './gct.ts'
import { ge } from './ge.ts'
import { type Meanings, type OptionTable, scalar, writeOptions } from './options.ts'
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

/** An attention, and the stages that get it where they were chosen. */
export interface PluggedAttention {
  readonly attention: Attention
  readonly stages?: readonly number[]
}

interface Known {
  /** Without one, any name is an option. */
  readonly table: OptionTable | undefined
  build(options: object): Attention
}

const registered = new Map<string, Known>()

const known = (name: string): Known | undefined =>
  Object.hasOwn(ATTENTIONS, name)
    ? {
        table: optionsOf(ATTENTIONS[name as AttentionName]),
        build: builders[name as AttentionName] as Known['build'],
      }
    : registered.get(name)

/** Whether an attention goes by this name. */
export const isAttention = (name: string): boolean => known(name) !== undefined

const allNames = (): readonly string[] => [...attentionNames, ...registered.keys()]

const given = (
  text: string,
  refuse: Refuse,
): readonly (readonly [name: string, text: string])[] => {
  const options = text
    .split(',')
    .filter(part => part !== '')
    .map(part => {
      const [name, value, ...more] = part.split('=')
      if (value === undefined || more.length > 0) refuse('options as name=value', part)
      return [name.trim(), value.trim()] as const
    })
  const twice = options.find(([name], i) => options.findIndex(other => other[0] === name) !== i)
  if (twice !== undefined) refuse(`${twice[0]} once`, 'it twice')
  return options
}

/** A table that knows every name: of options that are registered with an attention of the user's. */
const openTable = (names: readonly string[]): OptionTable => ({
  ...Object.fromEntries(names.map(name => [name, scalar])),
  ...PLACED,
})

/**
 * Reads `name` or `name:option=value,…`.
 * @throws UsageError that names the option at fault and what it may be
 */
export const parseAttention = (spec: string): PluggedAttention => {
  const refuse: Refuse = refuser(UsageError, `attention ${spec}`)
  const [name, ...rest] = spec.split(':')
  const found = known(name)
  if (found === undefined)
    return refuse(`one of ${allNames().join(', ')}`, name || 'none', suggestion(name, allNames()))
  const texts = given(rest.join(':'), refuse)
  const table = found.table ?? openTable(texts.map(([name]) => name))
  const names = Object.keys(table)
  const options = texts.map(([name, text]) => {
    if (!Object.hasOwn(table, name))
      refuse(`options among ${names.join(', ')}`, name, suggestion(name, names))
    const meaning = table[name].read(text)
    if (meaning === undefined) refuse(`${name} ${table[name].expected}`, text)
    return [name, meaning] as const
  })
  const { stages, ...own } = Object.fromEntries(options) as { stages?: readonly number[] }
  const attention = { ...found.build(own), spec }
  return stages === undefined ? { attention } : { attention, stages }
}

/**
 * An attention by its name and options, which can be written down.
 * @throws UsageError for an option that it does not have, or that may not be so
 */
const attentionOf = (name: string, options: object): Attention => {
  const table = known(name)?.table ?? openTable(Object.keys(options))
  const text = writeOptions(table, options, refuser(UsageError, `attention.${name}`))
  return parseAttention(text === '' ? name : `${name}:${text}`).attention
}

/** What any attention may be told besides its own options. */
export interface Placing {
  /** Where a recalibration stands; where its paper puts it unless given. */
  readonly at?: Position | undefined
  /** The stages that get it: 1 is the stem, k the papers' conv{k}_x. */
  readonly stages?: readonly number[] | undefined
}

/** The function that makes an attention of options. */
export type AttentionMaker<Options> = (options?: Options & Placing) => Attention

/** The maker of an attention that Excite knows. */
export const makerOf =
  <Name extends AttentionName>(
    name: Name,
  ): AttentionMaker<Meanings<(typeof ATTENTIONS)[Name]['options']>> =>
  (options = {}) =>
    attentionOf(name, options)

/**
 * Makes an attention of the user's own known by name, so that networks with it can be written down,
 * and built again wherever it is registered. Its options are numbers, flags and words.
 * @returns the maker to plug it in with: `resnet20({ attention: contrast({ at: 'pre' }) })`
 */
export const registerAttention = <Options extends object = Record<never, never>>(
  name: string,
  build: (options: Partial<Options>) => Attention,
): AttentionMaker<Partial<Options>> => {
  if (!/^[a-z]+$/.test(name) || Object.hasOwn(ATTENTIONS, name))
    refuser(UsageError, 'register.attention')(
      'a name of small letters that no attention has yet',
      name,
    )
  registered.set(name, {
    table: undefined,
    build: options => {
      const { at } = options as Placing
      const built = build(options as Partial<Options>)
      return { ...built, name, ...(at && built.kind === 'recalibration' ? { at } : {}) }
    },
  })
  return (options = {}) => attentionOf(name, options)
}
