/**
 * Excite in a browser: everything that needs neither files nor processes, in the namespaces of Node's.
 *
 * A page asks a trained network by `openClassifier`, and trains one by `training.trainingLoop` on
 * images in memory.
 */

export type { Attention } from './attention/attention.ts'
export * as attention from './attention/index.ts'
export { gradients } from './autodiff/index.ts'
export * as errors from './errors/index.ts'
export { ExciteError } from './errors/index.ts'
export { graph, input, type Value } from './graph/index.ts'
export * as models from './models/index.ts'
export type { Model as Network } from './models/registry.ts'
export type { Layer } from './nn/index.ts'
export * as nn from './nn/index.ts'
export * as init from './nn/init.ts'
export * as onnx from './onnx/index.ts'
export * as ops from './ops/index.ts'
export {
  openClassifier,
  type PageClassifier,
  type PageClassifierOptions,
} from './page/classifier.ts'
export * as data from './page/data.ts'
export * as engines from './page/engines.ts'
export type { PageImage, PagePixels } from './page/image.ts'
export * as inspect from './page/inspect.ts'
export * as weights from './page/weights.ts'
export * as training from './train/index.ts'
export type { Guess } from './weights/guesses.ts'
