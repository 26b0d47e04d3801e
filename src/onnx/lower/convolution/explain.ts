/** Which form the gradients of a graph's convolutions take, and why it is that one: its shape. */

import type { Graph, Node, Shape } from '../../../graph/index.ts'
import type { AttributesOf } from '../../../ops/table.ts'
import { choose, INPUT_GRADIENTS, type Rule, skips, WEIGHT_GRADIENTS } from './choice.ts'
import { type Geometry, geometryOf, withoutStrides } from './geometry.ts'

export interface Lowered {
  /** The layer's. */
  readonly path: string
  readonly gradient: 'input' | 'weight'
  /** The shapes of the convolution's image and weight. */
  readonly input: Shape
  readonly weight: Shape
  /** The rule's name in `choice.ts`. */
  readonly form: string
  readonly describe: string
}

const STRIDED = 'of every stride-th pixel: '

const named = (
  { name, describe }: Rule<unknown>,
  before = '',
): Pick<Lowered, 'form' | 'describe'> => ({
  form: name,
  describe: `${before}${describe}`,
})

const ofWeight = (geometry: Geometry): Pick<Lowered, 'form' | 'describe'> =>
  skips(geometry)
    ? named(choose(WEIGHT_GRADIENTS, withoutStrides(geometry)), STRIDED)
    : named(choose(WEIGHT_GRADIENTS, geometry))

const lowered = ({ op, inputs, outputs, attributes, ...node }: Node): Lowered | undefined => {
  const path = node.path.replace(/^gradient\./, '')
  if (op === 'convolutionWeightGradient') {
    const given = attributes as AttributesOf<typeof op>
    const [x, dy] = inputs
    const weight = given.weightShape
    const geometry = geometryOf(given, x.shape, weight, dy.shape)
    const form = ofWeight(geometry)
    return { path, gradient: 'weight', input: x.shape, weight, ...form }
  }
  if (op !== 'convolutionInputGradient') return undefined
  const given = attributes as AttributesOf<typeof op>
  const [weight, dy] = inputs
  const [input] = outputs.map(({ shape }) => shape)
  const geometry = geometryOf(given, input, weight.shape, dy.shape)
  const form = named(choose(INPUT_GRADIENTS, geometry))
  return { path, gradient: 'input', input, weight: weight.shape, ...form }
}

/** In the order of the graph; convolutions over one axis are none of these. */
export const describeLowerings = ({ nodes }: Graph): Lowered[] =>
  nodes.flatMap(node => lowered(node) ?? []).filter(({ weight }) => weight.length === 4)
