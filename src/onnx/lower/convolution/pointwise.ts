/** Weight gradients of 1×1 convolutions: products of the cotangent with the input, turned. */

import type { WeightGradient } from './geometry.ts'
import { channelRows, flat } from './layout.ts'

/** dy·xᵀ image by image, then the sum over images. */
export const pointwiseEach: WeightGradient = (emit, { names: [x, dy], attributes }) => {
  const turned = emit.node('Transpose', [flat(emit, x)], { perm: [0, 2, 1] })
  const products = emit.node('MatMul', [flat(emit, dy), turned])
  const sum = emit.node('ReduceSum', [products, emit.int64s([0])], { keepdims: 0 })
  return [emit.node('Reshape', [sum, emit.int64s(attributes.weightShape)])]
}

/** One product over all images at once: for small maps. */
export const pointwiseWhole: WeightGradient = (emit, { names: [x, dy], attributes }) => {
  const { weightShape } = attributes
  const [outputs, channels] = weightShape
  const turned = emit.node('Transpose', [flat(emit, x)], { perm: [0, 2, 1] })
  const rows = emit.node('Reshape', [turned, emit.int64s([-1, channels])])
  const product = emit.node('MatMul', [channelRows(emit, dy, outputs), rows])
  return [emit.node('Reshape', [product, emit.int64s(weightShape)])]
}
