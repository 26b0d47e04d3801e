/** The order of lowered reductions, which decides what memory a training step takes. */

import { expect, it } from 'vitest'
import { graph, input } from '../../graph/index.ts'
import { allFinite } from '../../ops/index.ts'
import { emit } from '../emit.ts'

it('allFinite adds a sum up as soon as it is made: else ONNX Runtime begins with the last one', () => {
  const values = ['a', 'b', 'c'].map(name => input(name, [4]))
  const { nodes } = emit(graph({ finite: allFinite(values) })).graph
  const order = nodes.map(({ opType }) => opType).filter(op => op === 'ReduceSum' || op === 'Add')
  expect(order).toEqual(['ReduceSum', 'Add', 'ReduceSum', 'Add', 'ReduceSum', 'Add'])
})
