/** Operations on symbolic values: one file a family, and the table of all. */

export {
  elu,
  hardSigmoid,
  hardSwish,
  relu,
  reluGradient,
  sigmoid,
  silu,
  tanh,
} from './activations.ts'
export { allFinite } from './allFinite.ts'
export { allReduce } from './allReduce.ts'
export { abs, add, div, exp, log, mul, neg, power, sign, sqrt, sub } from './arithmetic.ts'
export {
  batchNormalization,
  batchNormalizationGradient,
  batchNormalizationInference,
} from './batchNormalization.ts'
export { expand, reduceSum, sumTo } from './broadcast.ts'
export { cast } from './cast.ts'
export { clip, equal, greater, less, maximum, minimum, where } from './comparison.ts'
export { concat, split } from './concat.ts'
export { constant, zeros } from './constant.ts'
export { convolution, convolutionInputGradient, convolutionWeightGradient } from './convolution.ts'
export type { Operand } from './elementwise.ts'
export { gather, gatherGradient } from './gather.ts'
export { layerNormalization, layerNormalizationGradient } from './layerNormalization.ts'
export { matmul } from './matmul.ts'
export { nonMaximumSuppression } from './nonMaximumSuppression.ts'
export { oneHot } from './oneHot.ts'
export type { NoAttributes, Operation } from './operation.ts'
export { pad, slice } from './pad.ts'
export { averagePool, averagePoolGradient, maxPool, maxPoolGradient } from './pooling.ts'
export { reduceMax, reduceMean, reduceMin, reduceSumSquare } from './reductions.ts'
export { reshape } from './reshape.ts'
export {
  type RoiAlignAttributes,
  roiAlign,
  roiAlignByProducts,
  roiAlignGradient,
  roiAlignGradientByProducts,
} from './roiAlign.ts'
export { logSoftmax, softmax } from './softmax.ts'
export { stopGradient } from './stopGradient.ts'
export { type AttributesOf, type OperationName, operationOf, operations } from './table.ts'
export { flatIndices, topK } from './topK.ts'
export { transpose } from './transpose.ts'
export { upsampleNearest } from './upsampleNearest.ts'
export type { PerAxis } from './window.ts'
