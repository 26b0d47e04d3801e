/** Graphs cut at exchanges compute what they did. */

import fc from 'fast-check'
import { expect, it } from 'vitest'
import { compileExchanging } from '../engines/exchanges.ts'
import { referenceEngine } from '../engines/reference/engine.ts'
import { graph, input, type Value } from '../graph/index.ts'
import { add, allReduce, mul, split } from '../ops/index.ts'
import { splitAtExchanges } from './splitAtExchanges.ts'

const double = async (values: readonly Float32Array[]): Promise<void> => {
  for (const data of values) for (const [i, value] of data.entries()) data[i] = 2 * value
}

it('whatever the graph', async () => {
  const step = fc.tuple(fc.constantFrom('add', 'mul', 'sum', 'sums', 'split'), fc.nat(), fc.nat())
  const property = fc.asyncProperty(
    fc.array(step, { minLength: 1, maxLength: 25 }),
    async wiring => {
      const x = input('x', [4])
      const values: Value[] = [x]
      for (const [kind, a, b] of wiring) {
        const [left, right] = [values[a % values.length], values[b % values.length]]
        if (kind === 'add') values.push(add(left, mul(right, 0.25)))
        else if (kind === 'mul') values.push(mul(left, 0.5))
        else if (kind === 'sum') values.push(allReduce(left)[0])
        else if (kind === 'sums') values.push(...allReduce(left, right))
        else values.push(mul(split(left, [4], 0)[0], 0.5))
      }
      const outputs = Object.fromEntries(values.slice(-3).map((value, i) => [`y${i}`, value]))
      const whole = graph(outputs)
      const feeds = { x: { shape: [4], data: Float32Array.of(1, 2, -3, 0.5) } }
      const wanted = await (await referenceEngine.compile(whole, { allReduce: double })).run(feeds)
      const parts = await compileExchanging(whole, [], undefined, double, part =>
        referenceEngine.compile(part),
      )
      const found = await parts.run(feeds)
      for (const name of Object.keys(wanted))
        expect([...found[name].data]).toEqual([...wanted[name].data])
    },
  )
  await fc.assert(property, { seed: 3, numRuns: 150 })
})

it('in as few parts as exchanges lie behind each other', () => {
  const x = input('x', [4])
  const [one] = allReduce(x)
  const [other] = allReduce(mul(x, 2))
  const [last] = allReduce(add(one, other))
  const { parts, outputs } = splitAtExchanges(graph({ last, x }))
  expect(parts.map(({ exchanges }) => exchanges.length)).toEqual([0, 2, 1])
  expect(outputs.x).toBe('x')
})
