/** A model whose larger layers compute with bytes; the range of what goes in is measured image by image, as it runs. */

import type { OnnxModel, OnnxNode, OnnxTensor } from '../model.ts'
import { quantizeWeights, type Weighted, weightedNodes } from './weights.ts'

/** ONNX Runtime's integer convolution takes weights without a sign: 128 is zero. */
const ZERO = 128

/** [out, …] as [in, out], for a product of matrices. */
const transposed = (values: Uint8Array, [rows, columns]: readonly number[]): Uint8Array =>
  Uint8Array.from(
    { length: values.length },
    (_, i) => values[(i % rows) * columns + Math.floor(i / rows)],
  )

interface Parts {
  readonly nodes: readonly OnnxNode[]
  readonly initializers: readonly OnnxTensor[]
}

/** y = (Σ (x − x₀)(w − w₀)) · sₓ · s_w + b, in whole numbers within the brackets. */
const layer = ({ node, weight, bias }: Weighted): Parts => {
  const [input] = node.inputs
  const name = (part: string): string => `${weight.name}_${part}`
  const { values, scales } = quantizeWeights(weight)
  const bytes = Uint8Array.from(values, value => value + ZERO)
  const isConv = node.opType === 'Conv'
  const [channels] = weight.dims
  const perChannel = isConv ? [1, channels, ...weight.dims.slice(2).map(() => 1)] : [1, channels]
  const step = (opType: string, inputs: string[], output: string, attributes = {}): OnnxNode => ({
    ...{ opType, name: name(opType), inputs, outputs: [output], attributes },
  })
  const product = [`${input}_bytes`, name('bytes'), `${input}_zero`, 'weights_zero']
  const [output] = node.outputs
  return {
    nodes: [
      isConv
        ? step('ConvInteger', product, name('sums'), node.attributes)
        : step('MatMulInteger', product, name('sums')),
      step('Cast', [name('sums')], name('floats'), { to: 1 }),
      step('Mul', [`${input}_scale`, name('scales')], name('scale')),
      {
        ...step('Mul', [name('floats'), name('scale')], bias ? name('scaled') : output),
        name: name('Scale'),
      },
      ...(bias ? [step('Add', [name('scaled'), name('bias')], output)] : []),
    ],
    initializers: [
      isConv
        ? { name: name('bytes'), dtype: 'uint8', dims: weight.dims, data: bytes }
        : {
            ...{ name: name('bytes'), dtype: 'uint8', dims: weight.dims.toReversed() },
            data: transposed(bytes, weight.dims),
          },
      { name: name('scales'), dtype: 'float32', dims: perChannel, data: scales },
      ...(bias ? [{ ...bias, name: name('bias'), dims: perChannel }] : []),
    ],
  }
}

/** The model with weights as bytes, a quarter of the size, and ranges of activations found as it runs. */
export const dynamicInt8 = (model: OnnxModel): OnnxModel => {
  const layers = new Map(weightedNodes(model).map(one => [one.node, one]))
  const dropped = new Set([...layers.values()].flatMap(one => one.node.inputs.slice(1)))
  const measured = new Set<string>()
  const initializers: OnnxTensor[] = [
    ...model.graph.initializers.filter(({ name }) => !dropped.has(name)),
    { name: 'weights_zero', dtype: 'uint8', dims: [], data: Uint8Array.of(ZERO) },
  ]
  const nodes = model.graph.nodes.flatMap((node): readonly OnnxNode[] => {
    const found = layers.get(node)
    if (found === undefined) return [node]
    const made = layer(found)
    initializers.push(...made.initializers)
    const [input] = node.inputs
    if (measured.has(input)) return made.nodes
    measured.add(input)
    const outputs = ['bytes', 'scale', 'zero'].map(part => `${input}_${part}`)
    return [
      {
        ...{ opType: 'DynamicQuantizeLinear', name: `${input}/Quantize`, inputs: [input], outputs },
        attributes: {},
      },
      ...made.nodes,
    ]
  })
  return { ...model, graph: { ...model.graph, nodes, initializers } }
}
