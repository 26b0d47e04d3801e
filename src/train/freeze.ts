/** Which parameters stay as they are, by patterns of names: for fine-tuning, and for gates first. */

import { UsageError } from '../errors/index.ts'
import type { Model } from '../models/registry.ts'
import { type Variable, variables } from '../nn/index.ts'

/** All but the classifier. */
const BACKBONE = 'backbone'

/** The classifier's path: that of the last weight with a row for each class. */
export const headOf = ({ network, classes }: Model): string => {
  const last = variables(network).findLast(
    ({ name, tensor: { shape } }) => name.endsWith('.weight') && shape[0] === classes,
  )
  return last === undefined ? '' : last.name.slice(0, -'.weight'.length)
}

export const isBelow = (name: string, path: string): boolean => name.startsWith(`${path}.`)

type Matcher = (variable: Variable) => boolean

/** Matches whole segments of a name, `*` for any text within one, or a role such as gct. */
const matcher = (pattern: string, head: string): Matcher => {
  if (pattern === BACKBONE && head !== '') return ({ name }) => !isBelow(name, head)
  const text = pattern.replace(/[.+?^${}()|[\]\\]/g, '\\$&').replaceAll('*', '[^.]*')
  const segments = new RegExp(`(^|\\.)${text}(\\.|$)`)
  return ({ name, role }) => role === pattern || segments.test(name)
}

/**
 * The parameters that patterns such as `backbone`, `layer1,layer2` or `!gct` freeze: those that any
 * pattern matches, or all where there is none, but not those that a pattern after `!` matches.
 * @throws UsageError when a pattern matches nothing, or nothing is left to train
 */
export const frozenBy = (model: Model, text: string): ReadonlySet<string> => {
  const refuse = (expected: string, got: string): never => {
    throw new UsageError({
      where: 'freeze',
      expected,
      got,
      hint: `Names are those of the parameters (excite summary ${model.name}). backbone is all but ${headOf(model)}, and roles go by the attention's name`,
    })
  }
  const parameters = variables(model.network).filter(({ tensor }) => tensor.kind === 'parameter')
  const head = headOf(model)
  const patterns = text.split(',').map(word => {
    const [kept, pattern] = word.startsWith('!') ? [true, word.slice(1)] : [false, word]
    const matches = matcher(pattern, head)
    if (pattern === '' || !parameters.some(matches))
      refuse('a pattern that matches a parameter', word === '' ? 'an empty one' : word)
    return { kept, matches }
  })
  const [kept, frozen] = [true, false].map(kind => patterns.filter(({ kept }) => kept === kind))
  const names = parameters
    .filter(
      one =>
        (frozen.length === 0 || frozen.some(({ matches }) => matches(one))) &&
        !kept.some(({ matches }) => matches(one)),
    )
    .map(({ name }) => name)
  if (names.length === parameters.length) refuse('something left to train', text)
  return new Set(names)
}
