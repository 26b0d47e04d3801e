/** What to call a block of a model that names its nodes, its weights, or neither. */

import { elementCount, type FileNode } from '../onnx/read/index.ts'
import type { Network } from './network.ts'

/** What all of these begin with, in whole steps. */
const shared = (names: readonly string[], separator: string): string => {
  const [first = [], ...rest] = names.map(name => name.split(separator).slice(0, -1))
  const length = first.findIndex((step, i) => rest.some(other => other[i] !== step))
  return (length === -1 ? first : first.slice(0, length)).join(separator).replace(/^\//, '')
}

/** Names of what a block multiplies channels by, where it has no layers. */
const ofVectors = (network: Network, nodes: readonly FileNode[]): readonly string[] =>
  nodes
    .flatMap(({ inputs }) => inputs.map(name => network.origin(name)))
    .filter(name => elementCount(network.constant(name) ?? { dims: [] }) > 1)

/** `features.4.block.1` of `features.4.block.1.fc1.weight` and its like. */
const ofWeights = (network: Network, nodes: readonly FileNode[]): string => {
  const layers = nodes.filter(({ opType }) => ['Conv', 'Gemm', 'MatMul'].includes(opType))
  const weights = layers.map(({ inputs }) => network.origin(inputs[1]))
  return shared(weights.length === 0 ? ofVectors(network, nodes) : weights, '.')
}

const ofNodes = (_: Network, nodes: readonly FileNode[]): string =>
  shared(
    nodes.map(({ name }) => name),
    '/',
  )

const ofScale = (_: Network, nodes: readonly FileNode[]): string => {
  const { name, outputs } = nodes[nodes.length - 1]
  return name || outputs[0]
}

/** One for each block: the first way of naming that tells all of them apart. */
export const pathsOf = (
  network: Network,
  blocks: readonly (readonly FileNode[])[],
): readonly string[] => {
  const ways = [ofWeights, ofNodes].map(way => blocks.map(nodes => way(network, nodes)))
  const telling = ways.find(
    names => names.every(name => name !== '') && new Set(names).size === names.length,
  )
  return telling ?? blocks.map(nodes => ofScale(network, nodes))
}
