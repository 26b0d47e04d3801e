import { describeConformance } from '../conformance.suite.ts'
import { interpreter } from './interpret.testing.ts'

/** Refused with a typed error: detectors run on processors. */
const REFUSED = 'not for kernels'
const skip = { topK: REFUSED, nonMaximumSuppression: REFUSED }

describeConformance(interpreter('kernels', {}), { skip })
describeConformance(interpreter('kernels, channels last', { channelsLast: true }), { skip })
