/** The reference engine keeps the contract too; its operations are checked by their gradients. */

import { describeConformance } from '../conformance.suite.ts'
import { referenceEngine } from './engine.ts'

describeConformance(referenceEngine)
