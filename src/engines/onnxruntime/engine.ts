/** ONNX Runtime in Node: the package onnxruntime-node, loaded when first needed, without its telemetry. */

import { EngineError, messageOf } from '../../errors/index.ts'
import { onnxRuntimeEngine } from './session.ts'

/**
 * Loads ONNX Runtime; that costs a tenth of a second. From 1.29 on it reports use to Microsoft unless
 * `ORT_DISABLE_TELEMETRY` is set when it starts (its first session): a device id and a database in
 * `~/.cache/Microsoft`, a log in the temporary folder, look-ups of the collector's host. It reads
 * the process's environment, which `process.env` of the main thread writes to.
 * `EXCITE_ORT_TELEMETRY=1` leaves it as the user has it.
 * @throws EngineError when the package is missing or can't be loaded
 */
export const loadRuntime = async (): Promise<typeof import('onnxruntime-node')> => {
  if (process.env.EXCITE_ORT_TELEMETRY !== '1') process.env.ORT_DISABLE_TELEMETRY = '1'
  try {
    return await import('onnxruntime-node')
  } catch (cause) {
    throw new EngineError(
      {
        where: 'engine onnxruntime',
        expected: 'the package onnxruntime-node',
        got: messageOf(cause),
        hint: 'Run: npm install onnxruntime-node',
      },
      { cause },
    )
  }
}

/** CPU by ONNX Runtime, everywhere. */
export const onnxEngine = onnxRuntimeEngine(loadRuntime)

/** Compiles the bytes of an ONNX file, whose inputs and outputs are those of a graph. */
export const compileOnnx = onnxEngine.compileModel
