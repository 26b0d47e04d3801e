/** ONNX Runtime against the reference interpreter. */

import { describeConformance } from '../conformance.suite.ts'
import { onnxEngine } from './engine.ts'

describeConformance(onnxEngine)
