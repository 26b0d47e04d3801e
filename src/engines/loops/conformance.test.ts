/** The loops of our own against the reference. */

import { describeConformance } from '../conformance.suite.ts'
import { loopsEngine } from './engine.ts'

describeConformance(loopsEngine)
