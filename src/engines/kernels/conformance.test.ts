import { describeConformance } from '../conformance.suite.ts'
import { interpreter } from './interpret.testing.ts'

describeConformance(interpreter('kernels', {}))
describeConformance(interpreter('kernels, channels last', { channelsLast: true }))
