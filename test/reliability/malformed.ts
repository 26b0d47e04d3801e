/** Malformed files, made by rules from a good one: the name of each is the rule. */

import type { Format } from './formats.ts'

export type Rules = Map<string, Uint8Array>

const encode = (text: string): Uint8Array => new TextEncoder().encode(text)

/** Places to cut a file at: every byte of the first, then evenly spread. */
const cutsOf = (length: number): number[] => {
  const [first, spread] = [Math.min(48, length), 60]
  const cuts = new Set<number>()
  for (let at = 0; at < first; at++) cuts.add(at)
  for (let i = 0; i < spread; i++) cuts.add(first + Math.floor(((length - first) * i) / spread))
  cuts.add(length - 1)
  return [...cuts].filter(at => at < length).sort((a, b) => a - b)
}

const write = (
  bytes: Uint8Array,
  at: number,
  size: number,
  little: boolean,
  value: number,
): void => {
  for (let i = 0; i < size; i++) {
    const place = little ? i : size - 1 - i
    bytes[at + i] = Math.floor(value / 256 ** place) % 256
  }
}

/** What other files begin with. */
const OTHERS: Readonly<Record<string, Uint8Array>> = {
  'nothing at all': new Uint8Array(),
  'one zero': new Uint8Array(1),
  'zeros only': new Uint8Array(4096),
  'ones only': new Uint8Array(4096).fill(0xff),
  'plain text': encode('hello, this is no such file\n'.repeat(9)),
  'a web page': encode('<!doctype html><html><body>404</body></html>'),
  'a pointer of Git LFS': encode('version https://git-lfs.github.com/spec/v1\noid sha256:0\n'),
  'a gzip header': Uint8Array.of(0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3),
  'a shell script': encode('#!/bin/sh\nexit 1\n'),
  'an ELF header': Uint8Array.of(0x7f, 0x45, 0x4c, 0x46, 2, 1, 1, 0),
}

const ofBytes = (
  { sample, fields = [], essential = sample.length }: Format,
  rules: Rules,
): void => {
  for (const { name, at, bytes: size, little = false, wrong } of fields)
    for (const value of wrong) {
      const bytes = new Uint8Array(sample)
      write(bytes, at, size, little, value)
      rules.set(`${name} of ${value}`, bytes)
    }
  for (const at of cutsOf(essential))
    rules.set(`ends after ${at} of ${sample.length} bytes`, sample.slice(0, at))
}

const kindOf = (value: unknown): string =>
  value === null ? 'null' : Array.isArray(value) ? 'array' : typeof value

/** A value of every kind that JSON has. */
const KINDS: Readonly<Record<string, string>> = {
  null: 'null',
  boolean: 'true',
  number: '7',
  string: '"seven"',
  array: '[[]]',
  object: '{"seven":7}',
}

/** The text of a value with the part at a path replaced; left out for undefined. */
const replaced = (value: unknown, path: readonly string[], text: string | undefined): string => {
  const [first, ...rest] = path
  if (first === undefined) return text ?? 'null'
  const inner = (key: string, part: unknown): string =>
    key === first ? replaced(part, rest, text) : JSON.stringify(part)
  const leave = (key: string): boolean => key === first && rest.length === 0 && text === undefined
  if (Array.isArray(value))
    return `[${value.flatMap((part, i) => (leave(`${i}`) ? [] : [inner(`${i}`, part)])).join()}]`
  const entries = Object.entries(value as object)
  return `{${entries.flatMap(([key, part]) => (leave(key) ? [] : [`${JSON.stringify(key)}:${inner(key, part)}`])).join()}}`
}

function* paths(
  value: unknown,
  at: readonly string[] = [],
): Generator<readonly [string[], unknown]> {
  yield [[...at], value]
  if (typeof value !== 'object' || value === null) return
  for (const [key, part] of Object.entries(value)) yield* paths(part, [...at, key])
}

/** The first number of a text, and what stands before it. */
const NUMBER = /([:[,])(\d[\d.]*)/

/** Texts that are no JSON, made of one that is. */
const notJson = (text: string): Readonly<Record<string, string>> => ({
  'a comma at the end': text.replace(/\}$/, ',}'),
  'single quotes': text.replaceAll('"', "'"),
  'no quotes': text.replaceAll('"', ''),
  'a comment': `// comment\n${text}`,
  'two values': `${text} ${text}`,
  'NaN for a number': text.replace(NUMBER, '$1NaN'),
  'Infinity for a number': text.replace(NUMBER, '$1Infinity'),
  'a hexadecimal number': text.replace(NUMBER, '$10x10'),
  'a leading zero': text.replace(NUMBER, (_, before, digits) => `${before}0${digits}`),
  'a number that overflows': text.replace(NUMBER, '$11e999'),
  'a raw newline in a string': text.replace(/"(\w)/, '"\n$1'),
  'a zero byte': `${text}\0`,
  'a nesting of 100,000': `${'['.repeat(1e5)}${']'.repeat(1e5)}`,
})

const ofJson = (
  { json: value, open = [] }: Format,
  rules: Rules,
  wrap: (text: string) => Uint8Array,
): void => {
  for (const [path, part] of paths(value)) {
    const name = path.join('.') || 'the whole'
    for (const [kind, text] of Object.entries(KINDS))
      if (kind !== kindOf(part))
        rules.set(`${name}: ${kind} for ${kindOf(part)}`, wrap(replaced(value, path, text)))
    if (typeof part === 'object' && part !== null && !Array.isArray(part) && !open.includes(name))
      for (const unknown of ['__proto__', 'constructor', 'toString', '', '\0', 'x'.repeat(65536)])
        rules.set(
          `${name}: unknown ${unknown.length > 99 ? 'name of 64 kB' : JSON.stringify(unknown)}`,
          wrap(
            replaced(
              value,
              path,
              `${JSON.stringify(part).slice(0, -1)},${JSON.stringify(unknown)}:{}}`,
            ),
          ),
        )
  }
  for (const [name, text] of Object.entries(notJson(JSON.stringify(value))))
    rules.set(name, wrap(text))
}

/** All malformed files of a format. */
export const malformedOf = (name: string, format: Format): Rules => {
  const rules: Rules = new Map(Object.entries(OTHERS))
  ofBytes(format, rules)
  if (format.json !== undefined)
    ofJson(format, rules, text => {
      if (name !== 'safetensors') return encode(text)
      const header = encode(text)
      const bytes = new Uint8Array(8 + header.length + 40)
      write(bytes, 0, 8, true, header.length)
      bytes.set(header, 8)
      return bytes
    })
  return rules
}
