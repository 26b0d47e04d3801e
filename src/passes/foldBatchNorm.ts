/**
 * Batch normalization folded into the convolution before it, for inference: with s = γ / √(σ² + ε),
 * the weight of output channel o becomes s_o·w_o, and the bias s_o·(b_o − μ_o) + β_o. Equal up to
 * rounding.
 */

import { type Graph, input, type Value } from '../graph/index.ts'
import { apply } from '../ops/operation.ts'
import { type AttributesOf, operationOf } from '../ops/table.ts'
import { type Rewritten, rewrite, rule } from './rewrite.ts'

export interface Folded extends Rewritten {
  /** The weights of the graph's inputs: those that were, and those that changed. */
  readonly tensors: ReadonlyMap<string, Float32Array>
}

type Vectors = readonly Float32Array[]

/** The weight and bias of both in one, computed in double precision. */
const fold = (
  weight: Float32Array,
  bias: Float32Array | undefined,
  [scale, shift, mean, variance]: Vectors,
  epsilon: number,
): [weight: Float32Array, bias: Float32Array] => {
  const factors = Array.from(scale, (value, o) => value / Math.sqrt(variance[o] + epsilon))
  const each = weight.length / factors.length
  // Not by Float32Array.from, which collects its values first: a network has tens of millions.
  const scaled = new Float32Array(weight.length)
  for (const [o, factor] of factors.entries())
    for (let i = o * each; i < (o + 1) * each; i++) scaled[i] = factor * weight[i]
  const shifts = factors.map((factor, o) => factor * ((bias?.[o] ?? 0) - mean[o]) + shift[o])
  return [scaled, Float32Array.from(shifts)]
}

const nameOf = ({ name = '' }: Value): string => name

/** Folds wherever a normalization follows a convolution; elsewhere it stays. */
export const foldBatchNorm = (graph: Graph, tensors: ReadonlyMap<string, Float32Array>): Folded => {
  const changed = new Map(tensors)
  const tensorOf = (value: Value): Float32Array => changed.get(nameOf(value)) as Float32Array
  const law = rule({
    name: 'foldBatchNorm',
    match: ({ op, inputs: [x, ...vectors], attributes }) => {
      if (op !== 'batchNormalizationInference' || x.node?.op !== 'convolution') return undefined
      const { epsilon } = attributes as AttributesOf<typeof op>
      return { result: x, convolution: x.node, vectors, epsilon }
    },
    refuse: ({ result, convolution, vectors }, uses) => {
      const weights = convolution.inputs.slice(1)
      if (uses(result) > 1) return 'the result of the convolution is read elsewhere'
      if (weights.some(value => uses(value) > 1)) return 'the weights are read elsewhere'
      const isKnown = (value: Value): boolean => tensors.has(nameOf(value))
      return [...weights, ...vectors].every(isKnown) ? undefined : 'the weights are not known'
    },
    replace: ({ convolution, vectors, epsilon }) => {
      const [x, weight, bias] = convolution.inputs
      const names = [nameOf(weight), bias?.name ?? nameOf(weight).replace(/weight$/, 'folded_bias')]
      const folded = fold(tensorOf(weight), bias && tensorOf(bias), vectors.map(tensorOf), epsilon)
      for (const [i, name] of names.entries()) changed.set(name, folded[i])
      const own = [input(names[0], weight.shape), input(names[1], [weight.shape[0]])]
      return apply(operationOf(convolution), [x, ...own], convolution.attributes)
    },
  })
  const { graph: folded, ...report } = rewrite(graph, [law])
  const named = new Set(folded.inputs.map(nameOf))
  return {
    graph: folded,
    ...report,
    tensors: new Map([...changed].filter(([name]) => named.has(name))),
  }
}
