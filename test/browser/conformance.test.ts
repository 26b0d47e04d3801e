/**
 * The engines' suite, computed by WebGPU in a worker of a page: a part of it, since SwiftShader needs
 * minutes for the whole, which `npm run test:page` runs.
 */

import { afterAll, describe, it } from 'vitest'
import {
  describeConformance,
  describeContract,
  describeState,
} from '../../src/engines/conformance.suite.ts'
import { DIFFERENCES } from '../../src/engines/webgpu/software.testing.ts'
import { hasChromium, openPage } from './openPage.ts'
import { remoteEngine } from './remoteEngine.ts'

const open = () => {
  const opening = openPage(['remotePage.js', 'remoteWorker.js'])
  afterAll(async () => (await opening).close())
  return remoteEngine(opening)
}

if (!hasChromium) describe.skip('webgpu in a page: no Chromium', () => it('conforms', () => {}))
else if (process.env.EXCITE_PAGE === 'all') describeConformance(open(), DIFFERENCES)
else {
  const engine = open()
  describeContract(engine)
  describeState(engine)
}
