/** WebGPU on SwiftShader against the reference interpreter, where Chromium brings it. */

import { describe, it } from 'vitest'
import { describeConformance } from '../conformance.suite.ts'
import { webgpuEngine } from './compile.ts'
import { missingSoftware, softwareGpu } from './software.testing.ts'

/** A GPU may take numbers below 2⁻¹²⁶ for 0, and SwiftShader does. */
const SUBNORMAL = 'numbers below 2⁻¹²⁶ are 0'

/** Refused with a typed error: detectors run on processors. */
const REFUSED = 'not for kernels'
const skip = { topK: REFUSED, nonMaximumSuppression: REFUSED }

const differs = Object.fromEntries(
  ['div', 'mul', 'sign of a sum', 'sqrt', 'sqrt of few', 'sqrt of a sum'].map(name => [
    name,
    SUBNORMAL,
  ]),
)

if (missingSoftware === undefined) describeConformance(webgpuEngine(softwareGpu), { differs, skip })
else describe.skip(`webgpu: ${missingSoftware}`, () => it('conforms', () => {}))
