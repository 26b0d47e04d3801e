/** Int labels as rows that hold 1 at the label and 0 elsewhere. */

import type { Value } from '../graph/index.ts'
import { apply, expectDType, type Operation } from './operation.ts'

export interface OneHotAttributes {
  /** The number of classes: the size of the new last axis. */
  readonly depth: number
}

export const oneHotOp: Operation<'oneHot', OneHotAttributes> = {
  name: 'oneHot',
  infer: (inputs, { depth }, refuse) => {
    expectDType(inputs, 'int32', refuse)
    if (!Number.isInteger(depth) || depth < 1) refuse('a depth of at least 1', `${depth}`)
    return [{ dtype: 'float32', shape: [...inputs[0].shape, depth] }]
  },
  gradient: () => [undefined],
}

export const oneHot = (labels: Value, depth: number): Value =>
  apply(oneHotOp, [labels], { depth })[0]
