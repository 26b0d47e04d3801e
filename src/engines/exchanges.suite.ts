/** What every engine does where processes exchange: waits, takes the sums, and goes on. */

import { describe, expect, it } from 'vitest'
import { graph, input } from '../graph/index.ts'
import { add, allFinite, allReduce, mul, reduceSum, relu, where } from '../ops/index.ts'
import type { AllReduce, Engine } from './engine.ts'

/** The process itself and another one that has three times as much. */
const fourfold: AllReduce = async values => {
  await new Promise(resolve => setTimeout(resolve, 1))
  for (const data of values) for (const [i, value] of data.entries()) data[i] = 4 * value
}

export const describeExchanges = (engine: Engine): void => {
  describe(`${engine.name}: exchanges between processes`, () => {
    const x = input('x', [2, 3])
    const data = Float32Array.of(1, -2, 3, 4, 5, -6)
    const feeds = { x: { shape: [2, 3], data } }
    const run = async (outputs: Parameters<typeof graph>[0], exchange?: AllReduce) => {
      const compiled = await engine.compile(graph(outputs), { allReduce: exchange })
      const results = await compiled.run(feeds)
      await compiled.dispose()
      return Object.fromEntries(
        Object.entries(results).map(([name, { data }]) => [name, Array.from(data)]),
      )
    }

    it('give the sums to who reads them, and leave what was given as it is', async () => {
      const [sum, total] = allReduce(relu(x), reduceSum(x))
      const found = await run(
        { y: add(sum, x), total, given: relu(x), again: mul(allReduce(sum)[0], 2) },
        fourfold,
      )
      expect(found).toEqual({
        y: [5, -2, 15, 20, 25, -6],
        total: [20],
        given: [1, 0, 3, 4, 5, 0],
        again: [32, 0, 96, 128, 160, 0],
      })
      expect([...data]).toEqual([1, -2, 3, 4, 5, -6])
    })

    it('change nothing for a process by itself', async () => {
      expect(await run({ y: allReduce(x)[0] })).toEqual({ y: [...data] })
    })

    it('take inputs and pass sums on as outputs', async () => {
      const [sum] = allReduce(x)
      expect(await run({ sum, x }, fourfold)).toEqual({
        sum: Array.from(data, value => 4 * value),
        x: [...data],
      })
    })

    it('go between state and its guarded next value', async () => {
      const state = input('state', [6])
      const [sum] = allReduce(mul(state, 0.5))
      const finite = allFinite([sum])
      const step = graph({ state: where(finite, sum, state), finite })
      const compiled = await engine.compile(step, { state: ['state'], allReduce: fourfold })
      await compiled.state.write({ state: { shape: [6], data: data.slice() } })
      for (let i = 0; i < 3; i++) await compiled.run({})
      expect([...(await compiled.state.read('state')).data]).toEqual(Array.from(data, v => 8 * v))
      await compiled.dispose()
    })

    it('that fail end the run with their error', async () => {
      const broken: AllReduce = async () => {
        throw new TypeError('rank 1 is gone')
      }
      await expect(run({ y: allReduce(x)[0] }, broken)).rejects.toThrow('rank 1 is gone')
    })
  })
}
