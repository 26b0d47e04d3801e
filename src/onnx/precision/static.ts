/**
 * A model whose larger layers compute with bytes, by ranges that were measured beforehand: pairs of
 * QuantizeLinear and DequantizeLinear, which runtimes fuse into integer layers and others compute as
 * they stand.
 */

import type { OnnxModel, OnnxNode, OnnxTensor } from '../model.ts'
import { quantizeWeights, weightedNodes } from './weights.ts'

/** The least and the largest value of an activation. */
export type Range = readonly [low: number, high: number]

/** What a layer gives, behind a ReLU that alone reads it: the ReLU's cut is then the range's. */
const resultOf = (node: OnnxNode, nodes: readonly OnnxNode[]): string => {
  const [output] = node.outputs
  const readers = nodes.filter(({ inputs }) => inputs.includes(output))
  return readers.length === 1 && readers[0].opType === 'Relu' ? readers[0].outputs[0] : output
}

/**
 * The activations whose ranges are needed: what goes into the layers, and what comes out of
 * convolutions. Fully connected layers give the answer, which stays as exact as it can.
 */
export const rangedValues = (model: OnnxModel): readonly string[] => {
  const { nodes } = model.graph
  const names = weightedNodes(model).flatMap(({ node }) => [
    node.inputs[0],
    ...(node.opType === 'Conv' ? [resultOf(node, nodes)] : []),
  ])
  return [...new Set(names)]
}

const lowName = (i: number): string => `low_${i}`
const highName = (i: number): string => `high_${i}`

/** The model with the least and largest value of activations as outputs, to be run on images. */
export const measuring = (model: OnnxModel, values: readonly string[]): OnnxModel => {
  const reduce = (opType: string, value: string, output: string): OnnxNode => ({
    ...{ opType, name: output, inputs: [value], outputs: [output], attributes: { keepdims: 0 } },
  })
  const outputs = values.flatMap((_, i) => [lowName(i), highName(i)])
  return {
    ...model,
    graph: {
      ...model.graph,
      nodes: [
        ...model.graph.nodes,
        ...values.flatMap((value, i) => [
          reduce('ReduceMin', value, lowName(i)),
          reduce('ReduceMax', value, highName(i)),
        ]),
      ],
      outputs: outputs.map(name => ({ name, dtype: 'float32', shape: [] })),
    },
  }
}

/** The names of a value's measures, by its place. */
export const measureNames = (i: number) => ({ low: lowName(i), high: highName(i) })

const STEPS = 255

/** Scale and zero of a range as bytes; zero is in it, exactly: padding is made of it. */
const affine = ([low, high]: Range): { readonly scale: number; readonly zero: number } => {
  const [from, to] = [Math.min(low, 0), Math.max(high, 0)]
  const scale = Math.fround((to - from) / STEPS) || 1
  return { scale, zero: Math.round(-from / scale) }
}

/** @param ranges - of all `rangedValues`, by name */
export const staticInt8 = (model: OnnxModel, ranges: ReadonlyMap<string, Range>): OnnxModel => {
  const { graph } = model
  const layers = weightedNodes(model)
  const initializers: OnnxTensor[] = []
  const float = (name: string, data: Float32Array, dims: readonly number[] = []): string => {
    initializers.push({ name, dtype: 'float32', dims, data })
    return name
  }
  const step = (opType: string, output: string, inputs: string[], axis?: number): OnnxNode => ({
    ...{ opType, name: `${output}/${opType}`, inputs, outputs: [output] },
    attributes: axis === undefined ? {} : { axis },
  })
  const scales = new Map<string, number>()
  /** The nodes that make a value go through bytes. */
  const throughBytes = (value: string): readonly OnnxNode[] => {
    const range = ranges.get(value)
    if (range === undefined) return []
    const { scale, zero } = affine(range)
    scales.set(value, scale)
    const by = float(`${value}_scale`, Float32Array.of(scale))
    const at = `${value}_zero`
    initializers.push({ name: at, dtype: 'uint8', dims: [], data: Uint8Array.of(zero) })
    return [
      step('QuantizeLinear', `${value}_bytes`, [value, by, at]),
      step('DequantizeLinear', `${value}_rounded`, [`${value}_bytes`, by, at]),
    ]
  }
  const known = new Map(layers.map(one => [one.node, one]))
  const rounded = (name: string): string => (scales.has(name) ? `${name}_rounded` : name)
  const nodes: OnnxNode[] = graph.inputs.flatMap(({ name }) => throughBytes(name))
  for (const node of graph.nodes) {
    const layer = known.get(node)
    const scale = scales.get(node.inputs[0])
    // What only a ReLU reads goes through bytes behind it.
    const inputs = node.inputs.map(rounded)
    if (layer === undefined || scale === undefined) nodes.push({ ...node, inputs })
    else {
      const { weight, bias } = layer
      const [channels] = weight.dims
      const { values, scales: own } = quantizeWeights(weight)
      const by = float(`${weight.name}_scales`, own, [channels])
      const bytes = `${weight.name}_bytes`
      initializers.push({ name: bytes, dtype: 'int8', dims: weight.dims, data: values })
      nodes.push(step('DequantizeLinear', `${weight.name}_rounded`, [bytes, by], 0))
      const read = [inputs[0], `${weight.name}_rounded`]
      if (bias !== undefined) {
        const sums = own.map(value => value * scale)
        const whole = Int32Array.from(bias.data as Float32Array, (value, i) =>
          Math.round(value / sums[i]),
        )
        const name = `${weight.name}_bias`
        initializers.push({ name, dtype: 'int32', dims: [channels], data: whole })
        const of = float(`${name}_scales`, sums, [channels])
        nodes.push(step('DequantizeLinear', `${name}_rounded`, [name, of], 0))
        read.push(`${name}_rounded`)
      }
      nodes.push({ ...node, inputs: read })
    }
    for (const output of node.outputs) nodes.push(...throughBytes(output))
  }
  const replaced = new Set(
    layers
      .filter(({ node }) => scales.has(node.inputs[0]))
      .flatMap(({ node }) => node.inputs.slice(1)),
  )
  return {
    ...model,
    graph: {
      ...graph,
      nodes,
      initializers: [
        ...graph.initializers.filter(({ name }) => !replaced.has(name)),
        ...initializers,
      ],
    },
  }
}
