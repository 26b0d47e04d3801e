/** What the command line says of attention, from the catalog of all. */

import { POSITIONS } from '../attention/attention.ts'
import { ATTENTIONS, attentionNames, EVERYWHERE, optionsOf } from '../attention/catalog.ts'
import type { OptionTable } from '../attention/options.ts'

const WIDTH = 96

/** Options as text, with what they may be where that needs saying. */
const described = (options: OptionTable): readonly string[] =>
  Object.entries(options).map(([name, { values }]) => (values ? `${name} (${values})` : name))

/** Parts with commas between, in lines that begin where the first does. */
const wrapped = (parts: readonly string[], indent: number): string => {
  const lines: string[] = []
  for (const [i, part] of parts.entries()) {
    const text = i === parts.length - 1 ? part : `${part},`
    const last = lines.at(-1)
    if (last === undefined || indent + last.length + 1 + text.length > WIDTH) lines.push(text)
    else lines[lines.length - 1] = `${last} ${text}`
  }
  return lines.join(`\n${' '.repeat(indent)}`)
}

const COLUMN = 2 + Math.max(...attentionNames.map(name => name.length)) + 2

const replacements = attentionNames.filter(name => ATTENTIONS[name].kind === 'replacement')

/** What attentions share. */
export const SHARED_OPTIONS = `All take stages (${EVERYWHERE.stages.values}; stage k is layer k − 1, 1 the stem), and all but ${replacements.join(' and ')} take at:
${wrapped(POSITIONS, 0)}.`

/** For help: every attention with its own options, then what they share. */
export const ATTENTION_HELP = `Attention, as NAME or NAME:option=value,…
${attentionNames
  .map(name => {
    const options = described(ATTENTIONS[name].options)
    return `  ${name.padEnd(COLUMN - 2)}${options.length === 0 ? '(no options of its own)' : wrapped(options, COLUMN)}`
  })
  .join('\n')}
  ${SHARED_OPTIONS.replaceAll('\n', '\n  ')}
  What each is, and its paper: excite models --attention`

/** For lists of what there is: one attention as data. */
export const attentionRow = (name: keyof typeof ATTENTIONS) => {
  const { paper, does, kind } = ATTENTIONS[name]
  const table = optionsOf(ATTENTIONS[name])
  const options = Object.entries(table).map(([name, { expected }]) => [name, expected] as const)
  return { name, paper, does, kind, options: Object.fromEntries(options) }
}

/** The same as text. */
export const attentionText = (name: keyof typeof ATTENTIONS, place?: string): string => {
  const { paper, does, options } = ATTENTIONS[name]
  const own = described(options)
  return [
    `${name.padEnd(COLUMN - 2)}${paper}`,
    `${does}; ${place ? `at ${place}` : 'replaces the spatial convolution'}`,
    ...(own.length === 0 ? [] : [wrapped(own, COLUMN - 2)]),
  ].join(`\n${' '.repeat(COLUMN - 2)}`)
}
