/** oneDNN against the reference interpreter, where the library is installed. */

import { describe, it } from 'vitest'
import { describeConformance } from '../conformance.suite.ts'
import { onednnEngine } from './engine.ts'

const missing = await onednnEngine.version().then(
  () => undefined,
  (error: Error) => error.message,
)
if (missing === undefined) describeConformance(onednnEngine)
else describe.skip(`onednn: ${missing}`, () => it('conforms', () => {}))
