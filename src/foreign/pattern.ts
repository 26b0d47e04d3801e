/**
 * Patterns of operators, written as the formulas that they look for. A pattern looks at a value and
 * yields every way in which it is what was meant; what copies or reshapes is looked through.
 */

import type { FileNode } from '../onnx/read/index.ts'
import type { Network } from './network.ts'

/** What was found on the way to here. */
export interface Match {
  /** Values by the names that a pattern gives them. */
  readonly values: ReadonlyMap<string, string>
  /** Nodes by the parts that they play. */
  readonly parts: ReadonlyMap<string, FileNode>
  /** What something is called, where it could have been several things. */
  readonly kinds: ReadonlyMap<string, string>
  readonly nodes: readonly FileNode[]
}

export const NOTHING: Match = { values: new Map(), parts: new Map(), kinds: new Map(), nodes: [] }

export type Pattern = (network: Network, value: string, match: Match) => Iterable<Match>

const having = <V>(map: ReadonlyMap<string, V>, name: string, value: V): ReadonlyMap<string, V> =>
  new Map([...map, [name, value]])

/** Whatever it is; the same wherever the name comes again. */
export const the = (name: string): Pattern =>
  function* (network, value, match) {
    const origin = network.origin(value)
    const known = match.values.get(name)
    if (known === undefined) yield { ...match, values: having(match.values, name, origin) }
    else if (known === origin) yield match
  }

/** Any of these. */
export const either = (...patterns: readonly Pattern[]): Pattern =>
  function* (network, value, match) {
    for (const pattern of patterns) yield* pattern(network, value, match)
  }

/** All of these at once, in this order. */
export const all = (...patterns: readonly Pattern[]): Pattern =>
  function* (network, value, match) {
    const [pattern, ...rest] = patterns
    if (pattern === undefined) yield match
    else
      for (const found of pattern(network, value, match)) yield* all(...rest)(network, value, found)
  }

function* operands(
  network: Network,
  values: readonly string[],
  patterns: readonly Pattern[],
  match: Match,
): Iterable<Match> {
  const [pattern, ...rest] = patterns
  if (pattern === undefined) yield match
  else
    for (const found of pattern(network, values[0], match))
      yield* operands(network, values.slice(1), rest, found)
}

type Test = (node: FileNode, network: Network) => boolean

/** An operator, its first operands, and what else must hold of it. */
export const op = (type: string, patterns: readonly Pattern[], test: Test = () => true): Pattern =>
  function* (network, value, match) {
    const origin = network.origin(value)
    const node = network.maker(origin)
    if (node?.opType !== type || node.outputs[0] !== origin || !test(node, network)) return
    const inputs = node.inputs.slice(0, patterns.length)
    if (inputs.length < patterns.length || inputs.includes('')) return
    yield* operands(network, inputs, patterns, { ...match, nodes: [...match.nodes, node] })
  }

/** An operator of two operands that may change places; the first given is the first looked at. */
const commutative = (type: string, a: Pattern, b: Pattern): Pattern =>
  function* (network, value, match) {
    const origin = network.origin(value)
    const node = network.maker(origin)
    if (node?.opType !== type || node.inputs.length !== 2) return
    const [left, right] = node.inputs
    const found = { ...match, nodes: [...match.nodes, node] }
    yield* operands(network, [left, right], [a, b], found)
    yield* operands(network, [right, left], [a, b], found)
  }

export const sum = (a: Pattern, b: Pattern): Pattern => commutative('Add', a, b)
export const product = (a: Pattern, b: Pattern): Pattern => commutative('Mul', a, b)

/** More than any network has branches, or steps from one part of a block to the next. */
const MOST = 16

/** What a sum is of, however it is written. */
const termsOf = (network: Network, value: string): readonly string[] => {
  const terms: string[] = []
  const open = [network.origin(value)]
  for (let at = open.pop(); at !== undefined && terms.length < MOST; at = open.pop()) {
    const node = network.maker(at)
    const isSum = node?.opType === 'Add' || node?.opType === 'Sum'
    if (isSum && open.length < MOST) open.push(...node.inputs.map(input => network.origin(input)))
    else terms.push(at)
  }
  return terms
}

/** One of the terms of a sum, or the value itself. */
export const anyTerm = (pattern: Pattern): Pattern =>
  function* (network, value, match) {
    for (const term of termsOf(network, value)) yield* pattern(network, term, match)
  }

const CUTTING: ReadonlySet<string> = new Set(['Slice', 'Split', 'Gather'])

/** The whole, or a piece that was cut out of it. */
export const pieceOf = (pattern: Pattern): Pattern =>
  function* (network, value, match) {
    const nodes = [...match.nodes]
    let at = network.origin(value)
    for (let step = 0; step < MOST; step++) {
      yield* pattern(network, at, { ...match, nodes })
      const node = network.maker(at)
      if (node === undefined || !CUTTING.has(node.opType) || node.inputs.length === 0) return
      nodes.push(node)
      at = network.origin(node.inputs[0])
    }
  }

/** Whatever operators of these kinds make, in a few steps, from what the pattern is of. */
export const madeFrom = (kinds: ReadonlySet<string>, pattern: Pattern): Pattern =>
  function* (network, value, match) {
    const seen = new Set([network.origin(value)])
    const nodes = [...match.nodes]
    for (const at of seen) {
      for (const found of pattern(network, at, { ...match, nodes })) return yield found
      const node = network.maker(at)
      if (node === undefined || !kinds.has(node.opType)) continue
      nodes.push(node)
      if (seen.size > MOST) return
      for (const input of node.inputs) if (input !== '') seen.add(network.origin(input))
    }
  }

/** As far as float16 and scales of eight bits tell. */
const TOLERANCE = 2e-3

export const isNear = (found: number | undefined, wanted: number): boolean =>
  found !== undefined && Math.abs(found - wanted) <= TOLERANCE * Math.max(1, Math.abs(wanted))

export const number = (wanted: number): Pattern =>
  function* (network, value, match) {
    if (isNear(network.number(value), wanted)) yield match
  }

/** A tensor of the file. */
export const constant: Pattern = function* (network, value, match) {
  if (network.constant(value) !== undefined) yield match
}

/** The node that makes this value plays a part. */
export const as = (part: string, pattern: Pattern): Pattern =>
  function* (network, value, match) {
    const node = network.maker(network.origin(value))
    for (const found of pattern(network, value, match))
      if (node !== undefined) yield { ...found, parts: having(found.parts, part, node) }
  }

/** A pattern around another; `again` is the value that the inner one was found at. */
export type Form = (inner: Pattern, again: Pattern) => Pattern

/** One of several forms, which is told by its name. */
export const oneOf =
  (what: string, forms: Readonly<Record<string, readonly Form[]>>) =>
  (inner: Pattern): Pattern => {
    const again = the(`what ${what} is of`)
    const patterns = Object.entries(forms).map(([kind, ways]): [string, Pattern] => [
      kind,
      either(...ways.map(form => form(all(again, inner), again))),
    ])
    return function* (network, value, match) {
      for (const [kind, pattern] of patterns)
        for (const found of pattern(network, value, match))
          yield { ...found, kinds: having(found.kinds, what, kind) }
    }
  }
