/**
 * Excite as a library: the same code that the command line calls.
 *
 * The main job is a few calls: `openImages`, a network of `models`, `train`, `openClassifier`. What
 * they stand on is in namespaces.
 */

export type { Attention } from './attention/attention.ts'
export * as attention from './attention/index.ts'
export { gradients } from './autodiff/index.ts'
export type { Dataset } from './data/dataset.ts'
export * as data from './data/index.ts'
export { type Images, openImages } from './data/openImages.ts'
export type { DatasetOptions as ImagesOptions } from './data/registry.ts'
export type { Engine, Tensor } from './engines/engine.ts'
export * as engines from './engines/index.ts'
export * as errors from './errors/index.ts'
export { ExciteError } from './errors/index.ts'
export * as foreign from './foreign/index.ts'
export { graph, input, type Value } from './graph/index.ts'
export * as inspect from './inspect/index.ts'
export * as models from './models/index.ts'
export type { Model as Network } from './models/registry.ts'
export type { Layer } from './nn/index.ts'
export * as nn from './nn/index.ts'
export * as init from './nn/init.ts'
export * as onnx from './onnx/index.ts'
export * as ops from './ops/index.ts'
export {
  type Classifier,
  type ClassifierOptions,
  openClassifier,
} from './runs/classifier.ts'
export { type Detector, openDetector } from './runs/detector.ts'
export { register } from './runs/register.ts'
export { type SuggestedTraining, type SuggestOptions, suggest } from './runs/suggest.ts'
export {
  type EpochReport,
  type ResumeOptions,
  type Run,
  resume,
  type TrainOptions,
  train,
} from './runs/train.ts'
export * as studies from './studies/index.ts'
export * as training from './train/index.ts'
export type { Guess } from './weights/guesses.ts'
export * as weights from './weights/index.ts'
