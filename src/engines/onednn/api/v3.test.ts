/** Version 3, which may not be installed here: each primitive is made by a function that there is, with as many values as it takes. */

import { expect, it } from 'vitest'
import type { Library } from '../library.ts'
import { V3 } from '../signatures.ts'
import type { Kind } from './api.ts'
import { v3 } from './v3.ts'

const VALUES: Readonly<Record<Kind, number>> = {
  convolutionForward: 10,
  convolutionBackwardData: 8,
  convolutionBackwardWeights: 9,
  poolingForward: 9,
  poolingBackward: 8,
  eltwiseForward: 5,
  eltwiseBackward: 5,
  binary: 4,
  batchNormalizationForward: 4,
  batchNormalizationBackward: 5,
  matmul: 4,
  reduction: 5,
  softmaxForward: 3,
  logSoftmaxForward: 3,
  resamplingForward: 5,
}

it.each(Object.entries(VALUES))('%s', (kind, count) => {
  let takes: readonly string[] | undefined
  const make: Library['make'] = (_, name, ...values) => {
    takes = V3[name as keyof typeof V3][1]
    expect(takes).toHaveLength(values.length + 1)
    return 0
  }
  const making = { where: 'test', engine: 1, attributes: 2, hint: 3 }
  v3({ make } as Library).describe(kind as Kind, new Array<number>(count).fill(1), making)
  expect(takes).toBeDefined()
})
