/**
 * Batch normalization folded into the convolution before it, for inference: with s = γ / √(σ² + ε),
 * the weight of output channel o becomes s_o·w_o, and the bias s_o·(b_o − μ_o) + β_o.
 */

import type { Graph, Node, Value } from '../graph/index.ts'

export interface Folded {
  readonly graph: Graph
  /** The weights of the graph's inputs: those that were, and those that changed. */
  readonly tensors: ReadonlyMap<string, Float32Array>
}

/** A convolution and the normalization that alone reads its result. */
interface Pair {
  readonly convolution: Node
  readonly normalization: Node
}

/** How often each value is read, as an input of a node or as an output of the graph. */
const countReads = ({ nodes, outputs }: Graph): Map<Value, number> => {
  const reads = new Map<Value, number>()
  for (const value of [...nodes.flatMap(({ inputs }) => inputs), ...Object.values(outputs)])
    reads.set(value, (reads.get(value) ?? 0) + 1)
  return reads
}

const findPairs = (graph: Graph, tensors: ReadonlyMap<string, Float32Array>): Pair[] => {
  const reads = countReads(graph)
  const known = ({ name }: Value): boolean => name !== undefined && tensors.has(name)
  return graph.nodes.flatMap(normalization => {
    if (normalization.op !== 'batchNormalizationInference') return []
    const [x, ...vectors] = normalization.inputs
    const convolution = x.node
    if (convolution?.op !== 'convolution') return []
    const weights = convolution.inputs.slice(1)
    const alone = [x, ...weights].every(value => reads.get(value) === 1)
    return alone && [...weights, ...vectors].every(known) ? [{ convolution, normalization }] : []
  })
}

/** The weight and bias of both in one, computed in double precision. */
const foldedTensors = (
  { convolution, normalization }: Pair,
  tensorOf: (value: Value) => Float32Array,
): { weight: Float32Array; bias: Float32Array } => {
  const [, weight, bias] = convolution.inputs
  const [scale, shift, mean, variance] = normalization.inputs.slice(1).map(tensorOf)
  const { epsilon } = normalization.attributes as { epsilon: number }
  const factors = Array.from(scale, (value, o) => value / Math.sqrt(variance[o] + epsilon))
  const before = bias === undefined ? undefined : tensorOf(bias)
  const old = tensorOf(weight)
  const each = old.length / factors.length
  // Not by Float32Array.from, which collects its values first: a network has tens of millions.
  const scaled = new Float32Array(old.length)
  for (const [o, factor] of factors.entries())
    for (let i = o * each; i < (o + 1) * each; i++) scaled[i] = factor * old[i]
  return {
    weight: scaled,
    bias: Float32Array.from(
      factors,
      (factor, o) => factor * ((before?.[o] ?? 0) - mean[o]) + shift[o],
    ),
  }
}

/** Folds wherever a normalization follows a convolution; elsewhere it stays. */
export const foldBatchNorm = (graph: Graph, tensors: ReadonlyMap<string, Float32Array>): Folded => {
  const pairs = findPairs(graph, tensors)
  const changed = new Map(tensors)
  const biases: Value[] = []
  const gone = new Set<Value>()
  const replacements = new Map<Node, Node | undefined>()
  for (const pair of pairs) {
    const { convolution, normalization } = pair
    const [x, weight, old] = convolution.inputs
    const made = foldedTensors(pair, ({ name = '' }) => changed.get(name) ?? new Float32Array())
    const { name: weightName = '' } = weight
    const name = old?.name ?? weightName.replace(/weight$/, 'folded_bias')
    const bias: Value = old ?? { dtype: 'float32', shape: [weight.shape[0]], index: 0, name }
    if (old === undefined) biases.push(bias)
    changed.set(weightName, made.weight)
    changed.set(name, made.bias)
    for (const vector of normalization.inputs.slice(1)) gone.add(vector)
    // The convolution now gives what the normalization gave; whoever reads that need not change.
    replacements.set(convolution, {
      ...convolution,
      inputs: [x, weight, bias],
      outputs: normalization.outputs,
    })
    replacements.set(normalization, undefined)
  }
  const nodes = graph.nodes.flatMap(node =>
    replacements.has(node) ? (replacements.get(node) ?? []) : node,
  )
  const read = new Set(nodes.flatMap(({ inputs }) => inputs))
  const inputs = [...graph.inputs.filter(value => !gone.has(value) || read.has(value)), ...biases]
  const named = new Set(inputs.map(({ name }) => name))
  return {
    graph: { inputs, nodes, outputs: graph.outputs },
    tensors: new Map([...changed].filter(([name]) => named.has(name))),
  }
}
