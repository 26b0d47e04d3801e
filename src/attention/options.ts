/** How an option of an attention or a network is written as text, what is expected of it, and what it means. */

import type { Refuse } from '../errors/index.ts'
import { suggestion } from '../errors/suggest.ts'

export interface Option<Meaning = unknown> {
  /** What may be given, to be read after the option's name: `among l1, l2`, `as a number above 0`. */
  readonly expected: string
  /** The same for a list of all options; a plain number or flag needs no saying. */
  readonly values?: string
  /** Undefined for a text that is none. */
  read(text: string): Meaning | undefined
  /** The text that means this; of what the option may not be, one that `read` refuses. */
  write(meaning: Meaning): string
}

/** Whether two options' meanings are the same; they are plain data. */
const isSame = (a: unknown, b: unknown): boolean => plain(a) === plain(b)
const plain = (meaning: unknown): string =>
  JSON.stringify(meaning instanceof Map ? [...meaning] : meaning) ?? ''

/** Options by name, each of which may be left out. */
export type OptionTable = Readonly<Record<string, Option>>

/** What a table's options mean, once read. */
export type Meanings<Table extends OptionTable> = {
  readonly [Name in keyof Table]?: Table[Name] extends Option<infer Meaning> ? Meaning : never
}

/** One of several words, each with its meaning. */
const among = <Meaning>(
  meanings: Readonly<Record<string, Meaning>>,
  values?: string,
): Option<Meaning> => {
  const expected = `among ${Object.keys(meanings).join(', ')}`
  const read = (text: string) => (Object.hasOwn(meanings, text) ? meanings[text] : undefined)
  const write = (meaning: Meaning) =>
    Object.keys(meanings).find(word => isSame(meanings[word], meaning)) ?? String(meaning)
  return { expected, read, write, ...(values === undefined ? {} : { values }) }
}

export const flag: Option<boolean> = among({ true: true, false: false })

/** One of several words that stand for themselves. */
export const oneOf = <Word extends string>(...words: readonly Word[]): Option<Word> =>
  among(
    Object.fromEntries(words.map(word => [word, word])) as Record<string, Word>,
    words.join(', '),
  )

/** One of several words that stand for something else. */
export const named = <Meaning>(meanings: Readonly<Record<string, Meaning>>): Option<Meaning> =>
  among(meanings, Object.keys(meanings).join(', '))

const number = (expected: string, holds: (number: number) => boolean): Option<number> => ({
  expected,
  read: text => {
    const value = text === '' ? Number.NaN : Number(text)
    return Number.isFinite(value) && holds(value) ? value : undefined
  },
  write: String,
})

export const positive = number('as a number above 0', value => value > 0)

/** A share that is never the whole. */
export const rate = number('as a number from 0, below 1', value => value >= 0 && value < 1)

/** A whole number within bounds. */
export const whole = (least: number, most = Number.MAX_SAFE_INTEGER): Option<number> =>
  number(
    most === Number.MAX_SAFE_INTEGER
      ? `as a whole number from ${least}`
      : `as a whole number from ${least} to ${most}`,
    value => Number.isInteger(value) && value >= least && value <= most,
  )

/** An odd number from 1: the width of something with a middle. */
export const odd = number('as an odd number', value => Number.isInteger(value) && value % 2 === 1)

/** One or more, with + between. */
export const list = <Meaning>(item: Option<Meaning>, example: string): Option<Meaning[]> => ({
  expected: `${item.expected}, with + between, such as ${example}`,
  values: example,
  read: text => {
    const items = text.split('+').map(part => item.read(part.trim()))
    return items.some(item => item === undefined) ? undefined : (items as Meaning[])
  },
  write: items => (Array.isArray(items) ? items.map(item.write).join('+') : String(items)),
})

/** Pairs of whole numbers, with + between: 256x56+512x28. */
export const pairs = (example: string): Option<ReadonlyMap<number, number>> => ({
  expected: `as pairs of whole numbers, with + between, such as ${example}`,
  values: example,
  read: text => {
    const found = text.split('+').map(pair => /^(\d+)x(\d+)$/.exec(pair.trim()))
    if (found.some(pair => pair === null || Number(pair[1]) * Number(pair[2]) === 0))
      return undefined
    return new Map(found.map(pair => [Number(pair?.[1]), Number(pair?.[2])]))
  },
  write: meaning =>
    meaning instanceof Map ? [...meaning].map(pair => pair.join('x')).join('+') : String(meaning),
})

/** A number, a flag or a word: an option of which nothing is known but its name. */
export const scalar: Option = {
  expected: 'as a number, true, false or a word',
  read: text => {
    if (text === '' || /[,+=]/.test(text)) return undefined
    if (text === 'true' || text === 'false') return text === 'true'
    return Number.isNaN(Number(text)) ? text : Number(text)
  },
  write: meaning => (typeof meaning === 'object' ? '' : `${meaning}`),
}

/**
 * Options as text, after their names: `reduction=8,at=pre`.
 * @param refuse - is told what is expected, and what was given instead
 */
export const writeOptions = (table: OptionTable, given: object, refuse: Refuse): string => {
  const names = Object.keys(table)
  return Object.entries(given)
    .filter(([, meaning]) => meaning !== undefined)
    .map(([name, meaning]) => {
      if (!Object.hasOwn(table, name))
        refuse(`options among ${names.join(', ')}`, name, suggestion(name, names))
      const { write, read, expected } = table[name]
      const text = write(meaning)
      if (!isSame(read(text), meaning)) refuse(`${name} ${expected}`, plain(meaning))
      return `${name}=${text}`
    })
    .join(',')
}
