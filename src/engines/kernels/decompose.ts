/**
 * Operations as formulas of simpler ones, so that the language of kernels need not know them:
 * element-wise operations, sums, extremes and moves are left, and what the libraries do.
 */

import { EngineError } from '../../errors/index.ts'
import { type Graph, type Node, sizeOf, type Value } from '../../graph/index.ts'
import * as ops from '../../ops/index.ts'
import { apply } from '../../ops/operation.ts'
import { type AttributesOf, type OperationName, operations } from '../../ops/table.ts'
import { type Rule, rewrite } from '../../passes/rewrite.ts'
import { tensorsBehind } from './reads.ts'

const { add, div, exp, log, maximum, mul, reduceMax, reduceSum, reshape, sqrt, sub } = ops

/** The rule that an operation is a formula of its inputs, where the formula gives one. */
const formula = <Name extends OperationName>(
  name: Name,
  replace: (
    inputs: readonly Value[],
    attributes: AttributesOf<Name>,
    node: Node,
  ) => readonly Value[],
  applies: (node: Node) => boolean = () => true,
): Rule<Node> => ({
  name,
  match: node => (node.op === name && applies(node) ? node : undefined),
  replace: node => replace(node.inputs, node.attributes as AttributesOf<Name>, node),
})

/** An operation that kernels do not compute. */
const missing = (name: OperationName): Rule<Node> =>
  formula(name, (_inputs, _attributes, { path }) => {
    throw new EngineError({
      where: path === '' ? name : `${path} (${name})`,
      expected: 'operations that kernels of a GPU compute',
      got: name,
      hint: 'Detectors run on the engines onnx and onednn',
    })
  })

const axesWithout = ({ shape }: Value, kept: number): number[] =>
  [...shape.keys()].filter(axis => axis !== kept)

/** A vector over the channels of [N, C, …], shaped to broadcast. */
const perChannel = (vector: Value, { shape }: Value): Value =>
  reshape(vector, [1, vector.shape[0], ...shape.slice(2).map(() => 1)])

/** x − the largest along an axis, and the sum of its exponentials. */
const shifted = (x: Value, axis: number): { difference: Value; total: Value } => {
  const difference = sub(x, reduceMax(x, [axis], { keepDims: true }))
  return { difference, total: reduceSum(exp(difference), [axis], { keepDims: true }) }
}

/** Σ x over axes, divided by their number of elements. */
const mean = (x: Value, axes: readonly number[], keepDims: boolean): Value => {
  const total = reduceSum(x, axes, { keepDims })
  return mul(total, sizeOf(total.shape) / sizeOf(x.shape))
}

/** Whether a value is had of one other of its size by light arithmetic. */
const isOfOneTensor = (value: Value): boolean => {
  const [tensor, ...others] = tensorsBehind(
    value,
    sizeOf(value.shape),
    ({ node }) => node?.op === 'relu',
  )
  return others.length === 0 && tensor !== value
}

/** x̂ = (x − mean) / √(variance + ε) of each row. */
const normalizedRows = (x: Value, epsilon: number): { normalized: Value; inverse: Value } => {
  const last = [x.shape.length - 1]
  const centered = sub(x, mean(x, last, true))
  const inverse = div(1, sqrt(add(mean(mul(centered, centered), last, true), epsilon)))
  return { normalized: mul(centered, inverse), inverse }
}

const FORMULAS: readonly Rule<Node>[] = [
  // Engines split graphs where processes exchange: what is left is for one process.
  formula('allReduce', inputs => inputs),
  formula('reduceMean', ([x], { axes, keepDims }) => [mean(x, axes, keepDims)]),
  formula('reduceSumSquare', ([x], { axes, keepDims }) => [
    reduceSum(mul(x, x), axes, { keepDims }),
  ]),
  // max(u, 0) > 0 where u > 0: of a normalized tensor, u is had for less than what ReLU gave.
  formula(
    'reluGradient',
    ([{ node }, dy]) => [ops.reluGradient((node as Node).inputs[0], dy)],
    ({ inputs: [y] }) => {
      const [u] = y.node?.op === 'relu' ? y.node.inputs : []
      return u !== undefined && isOfOneTensor(u)
    },
  ),
  formula('softmax', ([x], { axis }) => {
    const { difference, total } = shifted(x, axis)
    return [div(exp(difference), total)]
  }),
  formula('logSoftmax', ([x], { axis }) => {
    const { difference, total } = shifted(x, axis)
    return [sub(difference, log(total))]
  }),
  // All of all: the least of "is finite" as numbers.
  formula(
    'allFinite',
    inputs => {
      const each = inputs.map(input => ops.cast(ops.allFinite([input])))
      return [
        ops.greater(
          each.reduce((least, next) => ops.minimum(least, next)),
          0.5,
        ),
      ]
    },
    ({ inputs }) => inputs.length > 1,
  ),
  formula(
    'convolution',
    ([x, weight, bias], attributes) => {
      const [y] = apply(operations.convolution, [x, weight], attributes)
      return [add(y, perChannel(bias, y))]
    },
    ({ inputs }) => inputs.length > 2,
  ),
  /*
   * Mean and variance in one pass, by d = x − s with s the first element of the channel:
   * mean = s + Σd/M, variance = Σd²/M − (Σd/M)². With s = 0 a large mean would cancel the variance.
   */
  formula('batchNormalization', ([x, scale, bias], { epsilon }) => {
    const axes = axesWithout(x, 1)
    const [, channels] = x.shape
    const first = ops.slice(
      x,
      x.shape.map(() => 0),
      x.shape.map((_, axis) => (axis === 1 ? channels : 1)),
    )
    const difference = sub(x, first)
    const shift = mean(difference, axes, false)
    const square = mean(mul(difference, difference), axes, false)
    const average = add(reshape(first, [channels]), shift)
    const variance = maximum(sub(square, mul(shift, shift)), 0)
    const factor = div(scale, sqrt(add(variance, epsilon)))
    const centered = sub(x, perChannel(average, x))
    const y = add(mul(centered, perChannel(factor, x)), perChannel(bias, x))
    return [y, average, variance]
  }),
  formula('batchNormalizationInference', ([x, scale, bias, average, variance], { epsilon }) => {
    const factor = div(scale, sqrt(add(variance, epsilon)))
    const centered = sub(x, perChannel(average, x))
    return [add(mul(centered, perChannel(factor, x)), perChannel(bias, x))]
  }),
  formula('batchNormalizationGradient', ([x, scale, average, variance, dy], { epsilon }) => {
    const axes = axesWithout(x, 1)
    const share = scale.shape[0] / sizeOf(x.shape)
    const inverse = div(1, sqrt(add(variance, epsilon)))
    const normalized = mul(sub(x, perChannel(average, x)), perChannel(inverse, x))
    const dBias = reduceSum(dy, axes)
    const dScale = reduceSum(mul(dy, normalized), axes)
    const centered = sub(
      sub(dy, perChannel(mul(dBias, share), x)),
      mul(normalized, perChannel(mul(dScale, share), x)),
    )
    return [mul(centered, perChannel(mul(scale, inverse), x)), dScale, dBias]
  }),
  formula('layerNormalization', ([x, scale, bias], { epsilon }) => [
    add(mul(normalizedRows(x, epsilon).normalized, scale), bias),
  ]),
  formula('layerNormalizationGradient', ([x, scale, dy], { epsilon }) => {
    const [last, others] = [[x.shape.length - 1], axesWithout(x, x.shape.length - 1)]
    const { normalized, inverse } = normalizedRows(x, epsilon)
    const g = mul(dy, scale)
    const projected = mul(normalized, mean(mul(g, normalized), last, true))
    const dx = mul(sub(sub(g, mean(g, last, true)), projected), inverse)
    return [dx, reduceSum(mul(dy, normalized), others), reduceSum(dy, others)]
  }),
  formula('roiAlign', (inputs, attributes) => {
    const [boxes, levels] = inputs.slice(-2)
    return [ops.roiAlignByProducts(inputs.slice(0, -2), boxes, levels, attributes)]
  }),
  formula('roiAlignGradient', ([boxes, levels, dy], attributes) =>
    ops.roiAlignGradientByProducts(boxes, levels, dy, attributes),
  ),
  missing('topK'),
  missing('nonMaximumSuppression'),
]

/** A number for each value, in the order of asking. */
const numbering = (): ((value: Value) => number) => {
  const numbers = new Map<Value, number>()
  return value => {
    if (!numbers.has(value)) numbers.set(value, numbers.size)
    return numbers.get(value) as number
  }
}

/** Takes what was computed before where the same operation is applied to the same values again. */
const reuse = (): Rule<Node> => {
  const numberOf = numbering()
  const seen = new Map<string, Node>()
  return {
    name: 'reuse',
    match: node => {
      const key = `${node.op} ${JSON.stringify(node.attributes)} ${node.inputs.map(numberOf)}`
      const before = seen.get(key)
      if (before === undefined) seen.set(key, node)
      return before
    },
    replace: before => before.outputs,
  }
}

/** Gives a graph of simple operations that computes the same, up to rounding. */
export const decompose = (given: Graph): Graph => {
  let graph = given
  // Formulas hold operations that have formulas themselves.
  for (let applied = 1; applied > 0; ) {
    const result = rewrite(graph, FORMULAS as readonly Rule[])
    graph = result.graph
    applied = Object.values(result.applied).reduce((total, count) => total + count, 0)
  }
  return { ...rewrite(graph, [reuse() as Rule]).graph, inputs: given.inputs }
}
