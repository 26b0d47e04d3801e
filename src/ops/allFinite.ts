/** Whether every element of all inputs is a finite number, as one bool. */

import type { Value } from '../graph/index.ts'
import { apply, expectFloats, type NoAttributes, type Operation } from './operation.ts'

export const allFiniteOp: Operation<'allFinite', NoAttributes> = {
  name: 'allFinite',
  infer: (inputs, _attributes, refuse) => {
    if (inputs.length === 0) refuse('at least one input', 'none')
    expectFloats(inputs, refuse)
    return [{ dtype: 'bool', shape: [] }]
  },
  gradient: ({ inputs }) => inputs.map(() => undefined),
}

export const allFinite = (inputs: readonly Value[]): Value => apply(allFiniteOp, inputs, {})[0]
