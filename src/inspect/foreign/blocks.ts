/** Squeeze-and-excite blocks in a model that somebody else exported, found by their formula. */

import { elementCount, type FileNode, intOf } from '../../engines/onnx/read/index.ts'
import { activation, alongChannels, gate, linear, squeeze } from './disguises.ts'
import { pathsOf } from './names.ts'
import type { Network } from './network.ts'
import { all, type Match, NOTHING, type Pattern, product, the } from './pattern.ts'

export type Family = keyof typeof FAMILIES

export interface ForeignBlock {
  /** From 1, in the order of computation. */
  readonly index: number
  /** What the file calls it, as far as names of weights or nodes tell. */
  readonly path: string
  readonly family: Family
  readonly channels: number
  /** Of the layer between both; undefined where there is none. */
  readonly hidden?: number
  /** channels / hidden */
  readonly reduction?: number
  /** Along the channels, of a gate that is a convolution there. */
  readonly kernel?: number
  readonly squeeze: string
  readonly activation?: string
  readonly gate: string
  /** Of the layers, in their order. */
  readonly biases: readonly boolean[]
  readonly parameters: number
  /** Of the layers, for one picture. */
  readonly multiplyAdds: number
  /** Of the map that is scaled: [height, width]. */
  readonly map?: readonly [height: number, width: number]
  /** Multiplications that scale the map. */
  readonly scaling?: number
  /** The value of the gate in the file. */
  readonly value: string
  readonly nodes: readonly string[]
}

const map = the('map')

/** s in x̃ = s·u, u being the map: s = σ(W₂ δ(W₁ z)), z the squeezed u (Hu et al., equations 2 to 4). */
const FAMILIES = {
  'squeeze-excite': gate(linear('fc2', activation(linear('fc1', squeeze(map))))),
  'one layer': gate(linear('fc2', squeeze(map))),
  'along channels': gate(alongChannels('fc2', squeeze(map))),
  /** SENet's Table 16: both layers at every place. */
  'without squeeze': gate(linear('fc2', activation(linear('fc1', map)))),
} satisfies Readonly<Record<string, Pattern>>

/** What each family is, where a reader has no table of ours at hand. */
export const FAMILY_TEXTS: Readonly<Record<Family, string>> = {
  'squeeze-excite': 'squeeze, two layers with a bottleneck, gate',
  'one layer': 'gate without bottleneck: one fully connected layer',
  'along channels': 'gate without bottleneck: a convolution along the channels (ECA)',
  'without squeeze': 'two 1×1 convolutions at every place, gate',
}

const PATTERNS = Object.entries(FAMILIES).map(
  ([family, excitation]) => [family as Family, product(all(the('gate'), excitation), map)] as const,
)

interface Layer {
  readonly into: number
  readonly out: number
  readonly kernel: number
  readonly bias: boolean
  readonly parameters: number
  readonly multiplyAdds: number
}

/** The numbers of a node's constant operands. */
const sizesIn = (network: Network, { inputs }: FileNode): number =>
  inputs
    .flatMap(name => (name === '' ? [] : (network.constant(name) ?? [])))
    .reduce((sum, tensor) => sum + elementCount(tensor), 0)

const layerOf = (network: Network, { parts }: Match, name: string): Layer | undefined => {
  const node = parts.get(name)
  const shape = node && network.shapes.get(node.inputs[1])
  if (node === undefined || shape === undefined || shape.length < 2) return undefined
  const outFirst = node.opType === 'Conv' || intOf(node, 'transB', 0) === 1
  const [a, b, ...kernel] = shape
  const [out, into] = outFirst ? [a, b] : [b, a]
  const size = kernel.reduce((product, one) => product * one, 1)
  const added = parts.get(`${name} bias`)
  const norm = parts.get(`${name} norm`)
  return {
    into,
    out,
    kernel: size,
    bias: node.inputs.length > 2 || added !== undefined || norm !== undefined,
    parameters:
      sizesIn(network, node) +
      (added ? sizesIn(network, added) : 0) +
      // Scale and shift; mean and variance are no parameters.
      (norm ? 2 * out : 0),
    multiplyAdds: into * out * size,
  }
}

interface Found {
  readonly family: Family
  readonly match: Match
  readonly scale: FileNode
}

type Described = Omit<ForeignBlock, 'index' | 'path'>

/** H and W of a map whose channels number so many, wherever they stand. */
const placeOf = (
  network: Network,
  value: string,
  channels: number,
): readonly [number, number] | undefined => {
  const shape = network.shapes.get(value)
  if (shape?.length !== 4) return undefined
  return shape[1] === channels
    ? [shape[2], shape[3]]
    : shape[3] === channels
      ? [shape[1], shape[2]]
      : undefined
}

/** Nothing where widths do not fit: then it is another thing of the same form. */
const describe = (network: Network, { family, match, scale }: Found): Described | undefined => {
  const { values, kinds, nodes } = match
  const mapped = values.get('map') as string
  const [first, last] = [layerOf(network, match, 'fc1'), layerOf(network, match, 'fc2')]
  if (last === undefined) return undefined
  const along = family === 'along channels'
  const channels = along ? network.shapes.get(mapped)?.[1] : last.out
  if (channels === undefined || (!along && (first ?? last).into !== channels)) return undefined
  const place = placeOf(network, mapped, channels)
  const known = network.shapes.get(mapped)
  if (known !== undefined && known.length === 4 && place === undefined) return undefined
  const layers = [...(first ? [first] : []), last]
  const slopes = nodes.find(({ opType }) => opType === 'PRelu')
  const times = along
    ? channels
    : family === 'without squeeze'
      ? (place ?? [1, 1])[0] * (place ?? [1, 1])[1]
      : 1
  const act = kinds.get('activation')
  return {
    family,
    channels,
    ...(first === undefined ? {} : { hidden: first.out, reduction: channels / first.out }),
    ...(along ? { kernel: last.kernel } : {}),
    squeeze: kinds.get('squeeze') ?? 'none',
    ...(act === undefined ? {} : { activation: act }),
    gate: kinds.get('gate') ?? '',
    biases: layers.map(({ bias }) => bias),
    parameters:
      layers.reduce((sum, { parameters }) => sum + parameters, 0) +
      (slopes ? sizesIn(network, slopes) : 0),
    multiplyAdds: times * layers.reduce((sum, { multiplyAdds }) => sum + multiplyAdds, 0),
    ...(place === undefined ? {} : { map: place, scaling: channels * place[0] * place[1] }),
    value: values.get('gate') as string,
    nodes: [...nodes, scale].map(({ name, outputs }) => name || outputs[0]),
  }
}

const firstOf = (network: Network, scale: FileNode): Found | undefined => {
  for (const [family, pattern] of PATTERNS)
    for (const match of pattern(network, scale.outputs[0], NOTHING)) return { family, match, scale }
  return undefined
}

/** Every block of a model's main graph, in the order of computation. */
export const findBlocks = (network: Network): readonly ForeignBlock[] => {
  const taken = new Set<string>()
  const found = network.graph.nodes.flatMap(node => {
    if (node.opType !== 'Mul') return []
    const found = firstOf(network, node)
    const described = found && describe(network, found)
    // A gate that scales twice is one block.
    if (found === undefined || described === undefined || taken.has(described.value)) return []
    taken.add(described.value)
    return [{ found, described }]
  })
  const paths = pathsOf(
    network,
    found.map(({ found }) => [...found.match.nodes, found.scale]),
  )
  return found.map(({ described }, i) => ({ index: i + 1, path: paths[i], ...described }))
}
