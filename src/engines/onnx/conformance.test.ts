/** ONNX Runtime against the reference interpreter. */

import { describeConformance } from '../conformance.suite.ts'
import { onnxEngine } from './session.ts'

describeConformance(onnxEngine)
