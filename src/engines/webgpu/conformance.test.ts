/** WebGPU on SwiftShader against the reference interpreter, where Chromium brings it. */

import { describe, it } from 'vitest'
import { describeConformance } from '../conformance.suite.ts'
import { webgpuEngine } from './compile.ts'
import { DIFFERENCES, missingSoftware, softwareGpu } from './software.testing.ts'

if (missingSoftware === undefined) describeConformance(webgpuEngine(softwareGpu), DIFFERENCES)
else describe.skip(`webgpu: ${missingSoftware}`, () => it('conforms', () => {}))
