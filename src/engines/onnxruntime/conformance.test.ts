/** ONNX Runtime against the reference interpreter; also with state in chunks of a few elements. */

import { describeConformance, describeState } from '../conformance.suite.ts'
import { describeVectors } from '../wideCases.suite.ts'
import { loadRuntime, onnxEngine } from './engine.ts'
import { onnxRuntimeEngine } from './session.ts'

describeConformance(onnxEngine)

const chunked = { ...onnxRuntimeEngine(loadRuntime, 1), name: 'onnx in chunks' }
describeState(chunked)
describeVectors(chunked)
