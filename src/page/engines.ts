/** What computes in a page. */

export type { Compiled, CompileOptions, Engine, Tensor, Tensors } from '../engines/engine.ts'
export { onnxWebEngine } from '../engines/onnxruntime/web.ts'
export { referenceEngine } from '../engines/reference/engine.ts'
export { webgpuWebEngine } from '../engines/webgpu/web.ts'
