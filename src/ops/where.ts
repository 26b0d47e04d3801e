/** y = a where the condition holds, else b, broadcasting. */

import type { Value } from '../graph/index.ts'
import { broadcastShape, type Operand, operand } from './elementwise.ts'
import { apply, expectDType, type NoAttributes, type Operation } from './operation.ts'
import { sumTo } from './sumTo.ts'

export const whereOp: Operation<'where', NoAttributes> = {
  name: 'where',
  infer: (inputs, _attributes, refuse) => {
    expectDType(inputs.slice(0, 1), 'bool', refuse)
    expectDType(inputs.slice(1), 'float', refuse)
    return [
      {
        dtype: 'float',
        shape: broadcastShape(
          inputs.map(({ shape }) => shape),
          refuse,
        ),
      },
    ]
  },
  gradient: ({ inputs: [condition, a, b], cotangents: [dy] }) => [
    undefined,
    sumTo(where(condition, dy, 0), a.shape),
    sumTo(where(condition, 0, dy), b.shape),
  ],
}

export const where = (condition: Value, a: Operand, b: Operand): Value =>
  apply(whereOp, [condition, operand(a), operand(b)], {})[0]
