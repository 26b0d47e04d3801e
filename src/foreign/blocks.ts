/** Attention blocks in a model that somebody else exported, found by their formulas. */

import type { FileNode } from '../onnx/read/index.ts'
import { PATTERNS } from './attentionPatterns.ts'
import { type Described, describe, type Found } from './measureBlock.ts'
import { pathsOf } from './names.ts'
import type { Network } from './network.ts'
import { NOTHING } from './pattern.ts'

export { FAMILY_TEXTS, type Family } from './attentionPatterns.ts'

export interface ForeignBlock extends Described {
  /** From 1, in the order of computation. */
  readonly index: number
  /** What the file calls it, as far as names of weights or nodes tell. */
  readonly path: string
  /** Of one in a graph within a node: which, from the outside in, such as `If then_branch`. */
  readonly inside?: string | undefined
}

const firstOf = (network: Network, scale: FileNode): [Found, Described] | undefined => {
  for (const [family, pattern] of PATTERNS)
    for (const match of pattern(network, scale.outputs[0], NOTHING)) {
      const found = { family, match, scale }
      const described = describe(network, found)
      if (described !== undefined) return [found, described]
    }
  return undefined
}

interface Located {
  readonly nodes: readonly FileNode[]
  readonly described: Described
  readonly inside: readonly string[]
}

/** Those of a graph, then those of the graphs within its nodes. */
const locate = (network: Network, inside: readonly string[]): readonly Located[] => {
  const taken = new Set<string>()
  const own = network.graph.nodes.flatMap((node): readonly Located[] => {
    if (node.opType !== 'Mul') return []
    const [found, described] = firstOf(network, node) ?? []
    // A gate that scales twice is one block, and so are the shares of several branches.
    if (found === undefined || described === undefined || taken.has(described.value)) return []
    taken.add(described.value)
    return [{ nodes: [...found.match.nodes, found.scale], described, inside }]
  })
  const inner = [...network.inner()].flatMap(({ where, network }) =>
    locate(network, [...inside, where]),
  )
  return [...own, ...inner]
}

/** Every block of a model: those of its main graph in the order of computation, then all others. */
export const findBlocks = (network: Network): readonly ForeignBlock[] => {
  const found = locate(network, [])
  const paths = pathsOf(
    network,
    found.map(({ nodes }) => nodes),
  )
  return found.map(({ described, inside }, i) => ({
    index: i + 1,
    path: paths[i],
    inside: inside.join(' › ') || undefined,
    ...described,
  }))
}
