/** ONNX Runtime in a page: the package onnxruntime-web, WebAssembly alone, loaded when first needed. */

import { EngineError, messageOf } from '../../errors/index.ts'
import { onnxRuntimeEngine, type Runtime } from './session.ts'

/**
 * Loads ONNX Runtime. It fetches its WebAssembly from beside the page's own script, where bundlers
 * put it; `env.wasm.wasmPaths` of onnxruntime-web names another place.
 * @throws EngineError when the package is missing
 */
const load = async (): Promise<Runtime> => {
  try {
    return await import('onnxruntime-web/wasm')
  } catch (cause) {
    throw new EngineError(
      {
        where: 'engine onnxruntime',
        expected: 'the package onnxruntime-web',
        got: messageOf(cause),
        hint: 'Run: npm install onnxruntime-web',
      },
      { cause },
    )
  }
}

/** ONNX Runtime by WebAssembly, in any browser. */
export const onnxWebEngine = onnxRuntimeEngine(load)
