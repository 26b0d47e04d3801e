/** Normalizations and their gradients, in as few passes over the large tensors as ONNX allows. */

import type { Shape } from '../../graph/index.ts'
import { sizeOf } from '../../graph/index.ts'
import type { Emitter, Lowerings } from '../emitter.ts'
import { reduceSum } from './reductions.ts'

/** Binary arithmetic on small vectors. */
const arithmetic = (emit: Emitter) => {
  const binary =
    (opType: string) =>
    (a: string, b: string): string =>
      emit.node(opType, [a, b])
  return {
    add: binary('Add'),
    sub: binary('Sub'),
    mul: binary('Mul'),
    div: binary('Div'),
    scalar: (value: number): string => emit.floats([value], []),
  }
}

/** All axes of [N, C, …] but the channels'. */
const othersOf = (shape: Shape): number[] => [...shape.keys()].filter(axis => axis !== 1)

/** 1 / √(variance + ε) */
const inverseStd = (emit: Emitter, variance: string, epsilon: number): string => {
  const { add, scalar } = arithmetic(emit)
  const std = emit.node('Sqrt', [add(variance, scalar(epsilon))])
  return emit.node('Reciprocal', [std])
}

/**
 * dx = a·dy + b·x + d with vectors a, b, d: one inference normalization (which is b·x + d in a
 * single pass, given mean 0 and variance 1), one product and one sum over the large tensors.
 */
const affineGradient = (
  emit: Emitter,
  shape: Shape,
  [x, dy]: readonly [string, string],
  [a, b, d]: readonly [string, string, string],
): string => {
  const channels = shape[1]
  const zeros = emit.floats(new Array<number>(channels).fill(0), [channels])
  const ones = emit.floats(new Array<number>(channels).fill(1), [channels])
  const affine = emit.node('BatchNormalization', [x, b, d, zeros, ones], { epsilon: { float: 0 } })
  const column = emit.int64s([1, channels, ...shape.slice(2).map(() => 1)])
  const scaled = emit.node('Mul', [dy, emit.node('Reshape', [a, column])])
  return emit.node('Add', [scaled, affine])
}

export const normalization = {
  // With momentum 0 the "running" outputs are the batch's own mean and biased variance, whatever the
  // running inputs. ONNX Runtime 1.30 writes the outputs over those inputs even where others still
  // need them (constants too), so each node gets two vectors that
  // nobody else reads: sums with a number of their own, since equal nodes would be merged.
  batchNormalization: (emit, { names: [x, scale, bias], attributes: { epsilon } }) => {
    const own = (vector: string): string =>
      emit.node('Add', [vector, emit.floats([emit.fresh()], [])])
    return emit.nodes('BatchNormalization', [x, scale, bias, own(bias), own(scale)], 3, {
      epsilon: { float: epsilon },
      momentum: { float: 0 },
      training_mode: 1,
    })
  },
  batchNormalizationGradient: (emit, { names, inputs: [{ shape }], attributes: { epsilon } }) => {
    const [x, scale, mean, variance, dy] = names
    const { add, sub, mul, scalar } = arithmetic(emit)
    const count = scalar(shape[1] / sizeOf(shape))
    const others = othersOf(shape)
    const inverse = inverseStd(emit, variance, epsilon)
    const dBias = reduceSum(emit, dy, others, false)
    const product = reduceSum(emit, mul(dy, x), others, false)
    const dScale = mul(inverse, sub(product, mul(mean, dBias)))
    const a = mul(scale, inverse)
    const b = emit.node('Neg', [mul(mul(a, inverse), mul(dScale, count))])
    const d = emit.node('Neg', [add(mul(mul(a, dBias), count), mul(b, mean))])
    return [affineGradient(emit, shape, [x, dy], [a, b, d]), dScale, dBias]
  },
  batchNormalizationInference: (emit, { names, attributes: { epsilon } }) => [
    emit.node('BatchNormalization', names, { epsilon: { float: epsilon } }),
  ],
  layerNormalization: (emit, { names, attributes: { epsilon } }) => [
    emit.node('LayerNormalization', names, { axis: -1, epsilon: { float: epsilon } }),
  ],
  layerNormalizationGradient: (emit, { names, inputs: [{ shape }], attributes: { epsilon } }) => {
    const [x, scale, dy] = names
    const { sub, mul } = arithmetic(emit)
    const meanOf = (value: string): string =>
      emit.node('ReduceMean', [value], { axes: [shape.length - 1], keepdims: 1 })
    const centered = sub(x, meanOf(x))
    const inverse = inverseStd(emit, meanOf(mul(centered, centered)), epsilon)
    const normalized = mul(centered, inverse)
    const g = mul(dy, scale)
    const projected = mul(normalized, meanOf(mul(g, normalized)))
    const rows = [...shape.keys()].slice(0, -1)
    const sum = (value: string): string =>
      rows.length === 0 ? value : reduceSum(emit, value, rows, false)
    return [
      mul(sub(sub(g, meanOf(g)), projected), inverse),
      sum(mul(dy, normalized)),
      sum(emit.node('Identity', [dy])),
    ]
  },
} satisfies Partial<Lowerings>
