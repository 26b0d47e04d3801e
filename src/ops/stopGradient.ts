/** y = x, through which no gradient flows back. */

import type { Value } from '../graph/index.ts'
import { apply, type NoAttributes, type Operation } from './operation.ts'

export const stopGradientOp: Operation<'stopGradient', NoAttributes> = {
  name: 'stopGradient',
  infer: ([x]) => [x],
  gradient: () => [undefined],
}

export const stopGradient = (x: Value): Value => apply(stopGradientOp, [x], {})[0]
