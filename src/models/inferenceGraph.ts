/** A network's inference as a graph: `images` and its weights under their names in, `logits` out. */

import { type Graph, graph, input, type Value } from '../graph/index.ts'
import { trace, variables } from '../nn/index.ts'
import type { Model } from './registry.ts'

/** @param size - [height, width] of the pictures */
export const inferenceGraph = (
  { network, channels }: Model,
  batch: number,
  size: readonly [height: number, width: number],
): Graph => {
  const weights = new Map<string, Value>(
    variables(network).map(({ name, tensor }) => [name, input(name, tensor.shape)]),
  )
  const images = input('images', [batch, channels, ...size])
  return graph({ logits: trace(network, name => weights.get(name) as Value, images) })
}
