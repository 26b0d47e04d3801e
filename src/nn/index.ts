/** Layers: records of named children and a forward function. */

export { dropout, lambda, sequential } from './combine.ts'
export { compareTensors, listed } from './compareTensors.ts'
export { type ConvolutionLayerOptions, conv1d, conv2d } from './convolution.ts'
export * as init from './init.ts'
export { initialize } from './initialize.ts'
export {
  type AnyLayer,
  type Bound,
  type Buffer,
  buffer,
  type Initializer,
  inference,
  isValue,
  type Layer,
  layer,
  type Mode,
  type Named,
  namedValues,
  type Parameter,
  parameter,
  type TaskNetwork,
  trace,
  type Values,
  type Variable,
  variables,
} from './layer.ts'
export { linear } from './linear.ts'
export {
  type BatchNormOptions,
  batchNorm2d,
  frozenBatchNorm2d,
  layerNorm,
} from './normalization.ts'
export { imagesInput, normalizeImages, type Statistics } from './normalizeImages.ts'
export {
  groupNorm,
  instanceNorm,
  type LocalResponseOptions,
  localResponseNorm,
  NORMS,
  type Norm,
  norm,
} from './norms.ts'
export { adaptiveAveragePool, flatten, globalAveragePool, globalMean } from './pooling.ts'
export { type Backward, shake } from './shake.ts'
export { channelShuffle } from './shuffle.ts'
export { tap, tapEnds } from './tap.ts'
