/** Excite in a browser: everything that needs neither files nor processes. */

export { attentionNames, parseAttention } from './attention/registry.ts'
export { gradients } from './autodiff/index.ts'
export { onnxWebEngine } from './engines/onnxruntime/web.ts'
export { referenceEngine } from './engines/reference/engine.ts'
export * from './errors/index.ts'
export { graph, input } from './graph/index.ts'
export { summarize } from './inspect/summary.ts'
export { model, modelNames } from './models/registry.ts'
export { readOnnx } from './onnx/read/index.ts'
export * as ops from './ops/index.ts'
