/** Weights as whole numbers: each output channel by a scale of its own. */

import type { OnnxModel, OnnxNode, OnnxTensor } from '../model.ts'

/** A convolution or a fully connected layer whose weights are worth it. */
export interface Weighted {
  readonly node: OnnxNode
  readonly weight: OnnxTensor
  readonly bias: OnnxTensor | undefined
}

/** Fewer save nothing; gates and the first convolution, which have few, keep their precision. */
const LEAST_ELEMENTS = 1024

/** The nodes whose weights become whole numbers; each weight is read once, its first dimension is the outputs'. */
export const weightedNodes = ({ graph }: OnnxModel): readonly Weighted[] => {
  const tensors = new Map(graph.initializers.map(tensor => [tensor.name, tensor]))
  const uses = new Map<string, number>()
  for (const { inputs } of graph.nodes)
    for (const name of inputs) uses.set(name, (uses.get(name) ?? 0) + 1)
  return graph.nodes.flatMap(node => {
    const [, name = '', biasName = ''] = node.inputs
    const weight = tensors.get(name)
    const isLayer =
      node.opType === 'Conv' || (node.opType === 'Gemm' && node.attributes.transB === 1)
    if (!isLayer || weight?.dtype !== 'float32' || uses.get(name) !== 1) return []
    if (weight.data.length < LEAST_ELEMENTS) return []
    const bias = tensors.get(biasName)
    return biasName !== '' && bias === undefined ? [] : [{ node, weight, bias }]
  })
}

export interface Quantized {
  /** From −127 to 127, as the weights lie. */
  readonly values: Int8Array
  /** Weight = value · scale, one per output channel. */
  readonly scales: Float32Array
}

const LARGEST = 127

/** Symmetric, per output channel: a channel of zeros has a scale of 1. */
export const quantizeWeights = ({ data, dims: [channels] }: OnnxTensor): Quantized => {
  const weights = data as Float32Array
  const size = weights.length / channels
  const scales = new Float32Array(channels)
  const values = new Int8Array(weights.length)
  for (let channel = 0; channel < channels; channel++) {
    const own = weights.subarray(channel * size, (channel + 1) * size)
    const largest = own.reduce((most, weight) => Math.max(most, Math.abs(weight)), 0)
    scales[channel] = largest === 0 ? 1 : largest / LARGEST
    for (const [i, weight] of own.entries())
      values[channel * size + i] = Math.round(weight / scales[channel])
  }
  return { values, scales }
}
