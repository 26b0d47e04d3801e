/** Shake-shake: the forward share is α, the backward one β, whatever α was. */

import { describe, expect, it } from 'vitest'
import { gradients } from '../autodiff/index.ts'
import { referenceEngine } from '../engines/reference/engine.ts'
import { graph, input, type Value } from '../graph/index.ts'
import { mul, reduceSum } from '../ops/index.ts'
import { inference, type Mode } from './layer.ts'
import { type Backward, shake } from './shake.ts'

const SHAPE = [2, 1, 1, 2]
const A = [1, 2, 3, 4]
const B = [10, 20, 30, 40]
const COTANGENT = [1, 2, 3, 5]
const ALPHA = [0.25, 0.75]
const BETA = [0.9, 0.2]

const run = async (backward: Backward, training: boolean) => {
  const asked: Value[] = []
  const mode: Mode = {
    ...inference,
    training,
    uniform: shape => {
      const value = input(['alpha', 'beta'][asked.length], shape)
      asked.push(value)
      return value
    },
  }
  const [a, b] = [input('a', SHAPE), input('b', SHAPE)]
  const y = shake(a, b, backward, mode)
  const [da, db] = gradients(reduceSum(mul(y, input('cotangent', SHAPE))), [a, b])
  const made = graph({ y, da, db })
  const values: Record<string, readonly number[]> = {
    a: A,
    b: B,
    cotangent: COTANGENT,
    alpha: ALPHA,
    beta: BETA,
  }
  const compiled = await referenceEngine.compile(made)
  const outputs = await compiled.run(
    Object.fromEntries(
      made.inputs.map(({ name = '', shape }) => [
        name,
        { shape, data: Float64Array.from(values[name]) },
      ]),
    ),
  )
  return { asked: asked.length, outputs }
}

const expectClose = (got: ArrayLike<number>, wanted: readonly number[]): void => {
  expect(got).toHaveLength(wanted.length)
  for (const [i, value] of wanted.entries()) expect(got[i]).toBeCloseTo(value, 12)
}

/** share·a + (1 − share)·b, the share that of the image. */
const mixed = (share: readonly number[]) =>
  A.map((a, i) => share[i >> 1] * a + (1 - share[i >> 1]) * B[i])

describe('shake', () => {
  it.each([
    ['shake', BETA, 2],
    ['even', [0.5, 0.5], 1],
  ] as const)('%s: forward by α, backward by β', async (backward, beta, draws) => {
    const { asked, outputs } = await run(backward, true)
    const { y, da, db } = outputs
    expect(asked).toBe(draws)
    expectClose(y.data, mixed(ALPHA))
    expectClose(
      da.data,
      COTANGENT.map((g, i) => g * beta[i >> 1]),
    )
    expectClose(
      db.data,
      COTANGENT.map((g, i) => g * (1 - beta[i >> 1])),
    )
  })

  it('is the mean in inference, and asks for nothing', async () => {
    const { asked, outputs } = await run('shake', false)
    expect(asked).toBe(0)
    expectClose(outputs.y.data, mixed([0.5, 0.5]))
  })
})
