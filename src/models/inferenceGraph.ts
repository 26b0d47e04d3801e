/** A network's inference as a graph: `images` and its weights under their names in, what it gives out. */

import { GraphError, UsageError } from '../errors/index.ts'
import { type Graph, graph, input, type Value } from '../graph/index.ts'
import { imagesInput, namedValues, type Statistics, trace, variables } from '../nn/index.ts'
import type { Model } from './registry.ts'

type Size = readonly [height: number, width: number]

/** A window that does not fit into a map says that the images are too small for the network. */
const tooSmall = ({ name, size }: Model, [height, width]: Size, cause: unknown): unknown => {
  const small = Math.min(height, width) < size
  if (!(cause instanceof GraphError && small && cause.expected.startsWith('a padded input')))
    return cause
  return new UsageError(
    {
      where: `model ${name}`,
      expected: `larger images, such as ${size}×${size}`,
      got: `${height}×${width}`,
      context: cause.message,
      hint: 'Give another `size`',
    },
    { cause },
  )
}

/**
 * @param size - of the images
 * @param statistics - where given, images are bytes, and the graph normalizes them
 * @param output - the name of what the network gives, where that is one value
 * @throws UsageError for images that are too small
 */
export const inferenceGraph = (
  model: Model,
  batch: number,
  size: Size,
  statistics?: Statistics,
  output = 'logits',
): Graph => {
  const { network, channels } = model
  const weights = new Map<string, Value>(
    variables(network).map(({ name, tensor }) => [name, input(name, tensor.shape)]),
  )
  const images = imagesInput([batch, channels, ...size], statistics)
  try {
    const given = trace(network, name => weights.get(name) as Value, images)
    return graph({ ...namedValues(given, output) })
  } catch (cause) {
    throw tooSmall(model, size, cause)
  }
}
