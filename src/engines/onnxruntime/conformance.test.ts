/** ONNX Runtime against the reference interpreter; also with state in chunks of a few elements. */

import { describeConformance, describeState } from '../conformance.suite.ts'
import { describeVectors } from '../wideCases.suite.ts'
import { loadRuntime, onnxEngine } from './engine.ts'
import { onnxRuntimeEngine } from './session.ts'

/** Its MaxPool compares numbers, beginning with the lowest one. A pass over the map in addition would show both, also in every file that users export. */
const COMPARES = 'MaxPool compares numbers, from the lowest on'

describeConformance(onnxEngine, {
  differs: {
    'maxPool of −Infinity alone': COMPARES,
    'maxPool of NaN among numbers': COMPARES,
  },
})

const chunked = { ...onnxRuntimeEngine(loadRuntime, 1), name: 'onnx in chunks' }
describeState(chunked)
describeVectors(chunked)
