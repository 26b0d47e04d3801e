/** What computes: graphs are compiled by an engine and run. */

export type { Compiled, CompileOptions, Engine, Tensor, Tensors } from './engine.ts'
export { onnxEngine } from './onnxruntime/engine.ts'
export { referenceEngine } from './reference/engine.ts'
export { type AvailableEngine, openEngine } from './registry.ts'
