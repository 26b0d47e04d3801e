/** A choice between next and present state leaves the graph only where an engine may decide in its place. */

import { expect, it } from 'vitest'
import { graph, input, type Value } from '../graph/index.ts'
import { add, less, mul, reduceSum, where } from '../ops/index.ts'
import { conditionalState } from './conditionalState.ts'

const [a, b] = [input('a', [4]), input('b', [2])]
const small = less(reduceSum(add(a, 1)), 9)
const outputs = { a: where(small, add(a, 1), a), b: where(small, mul(b, 2), b), small }

const choices = (given: Readonly<Record<string, Value>>, state = ['a', 'b']): number =>
  conditionalState(graph(given), state).graph.nodes.filter(({ op }) => op === 'where').length

it('takes out choices on one scalar, keeps every input, and names the condition', () => {
  const given = graph({ ...outputs, b: where(small, add(input('c', [2]), 1), b) })
  const { graph: rewritten, condition } = conditionalState(given, ['a', 'b'])
  expect(condition).toBe('small')
  expect(rewritten.nodes.some(({ op }) => op === 'where')).toBe(false)
  expect(rewritten.inputs).toEqual(given.inputs)
})

it.each<[string, Readonly<Record<string, Value>>]>([
  ['a condition that is no output', { a: outputs.a, b: outputs.b }],
  ['another condition for each', { ...outputs, b: where(less(reduceSum(b), 1), mul(b, 2), b) }],
  ['state that always changes', { ...outputs, b: mul(b, 2) }],
  ['a choice between others', { ...outputs, b: where(small, b, mul(b, 2)) }],
  ['a choice for each element', { ...outputs, a: where(less(a, 1), add(a, 1), a) }],
])('leaves %s as it is', (_, given) => {
  expect(choices(given)).toBe(graph(given).nodes.filter(({ op }) => op === 'where').length)
  expect(conditionalState(graph(given), ['a', 'b']).condition).toBeUndefined()
})

it('leaves a graph without state as it is', () => {
  expect(choices(outputs, [])).toBe(2)
})
