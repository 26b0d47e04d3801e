/** A bool (as 0 or 1) or int tensor as floats; no gradient flows back. */

import type { Value } from '../graph/index.ts'
import { apply, type NoAttributes, type Operation } from './operation.ts'

export const castOp: Operation<'cast', NoAttributes> = {
  name: 'cast',
  infer: ([{ dtype, shape }], _attributes, refuse) => {
    if (dtype === 'float') refuse('a bool or int input', 'float')
    return [{ dtype: 'float', shape }]
  },
  gradient: () => [undefined],
}

export const cast = (x: Value): Value => apply(castOp, [x], {})[0]
