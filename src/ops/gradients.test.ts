/**
 * Every gradient against central differences of the reference interpreter in float64, with random
 * cotangents. Generated from the operation table: a new operation is checked without a new test.
 */

import { afterAll, describe, expect, it } from 'vitest'
import { gradients } from '../autodiff/index.ts'
import { type Case, drawCase } from '../engines/cases.testing.ts'
import type { Compiled, Tensors } from '../engines/engine.ts'
import { referenceEngine } from '../engines/reference/engine.ts'
import { graph, input, isFloat, type Value } from '../graph/index.ts'
import { random } from '../random/index.ts'
import type { CpuDType } from '../tensor/tensor.ts'
import { add, mul, reduceSum } from './index.ts'
import { apply, type Operation } from './operation.ts'
import { type OperationName, operations } from './table.ts'

const CASES = 24
const STEP = 1e-5
const TOLERANCE = 1e-6
/** More elements than this are checked along this many random directions instead of one by one. */
const MANY = 48
const DIRECTIONS = 8

const names = Object.keys(operations) as OperationName[]
/** Gradients through the statistics of a batch do not exist by definition. */
const DIFFERENTIABLE_OUTPUTS: Partial<Record<OperationName, number>> = { batchNormalization: 1 }
/** Gradients of these are refused by a documented error, tested in errors.test.ts. */
const ONCE: readonly string[] = [
  'batchNormalizationGradient',
  'layerNormalizationGradient',
  'maxPoolGradient',
]

/** Its gradient is zero, whatever the differences say. */
const BLOCKING: readonly string[] = ['stopGradient']

/** Inputs that get no gradient by definition: the boxes of regions. */
const isConstant = (name: OperationName, index: number, count: number): boolean =>
  (name === 'roiAlign' && index === count - 2) || (name === 'roiAlignGradient' && index === 0)

interface Checked {
  readonly compiled: Compiled
  readonly feeds: Record<
    string,
    { shape: readonly number[]; data: Float64Array | Int32Array | Uint8Array }
  >
  readonly floats: readonly string[]
}

const ARRAYS = {
  float32: Float64Array,
  int32: Int32Array,
  uint8: Uint8Array,
  bool: Uint8Array,
}

/** A graph of Σ cotangent·output and its gradients with respect to every float input. */
const build = async (
  name: OperationName,
  { inputs, attributes }: Case,
  seed: number,
): Promise<Checked> => {
  const values = inputs.map(({ shape, dtype }, i) => input(`x${i}`, shape, dtype))
  const all = apply(operations[name] as Operation, values, attributes)
  // Of nothing every gradient would be right.
  expect(all, name).not.toHaveLength(0)
  const outputs = all
    .slice(0, DIFFERENTIABLE_OUTPUTS[name] ?? Number.POSITIVE_INFINITY)
    .filter(({ dtype }) => isFloat(dtype))
  const cotangents = outputs.map(({ shape }, i) => input(`dy${i}`, shape))
  const total = outputs
    .map((output, i) => reduceSum(mul(output, cotangents[i])))
    .reduce<Value>((sum, term) => add(sum, term), reduceSum(mul(input('unused', [1]), 0)))
  const floats = values.filter(
    ({ dtype }, i) => isFloat(dtype) && !isConstant(name, i, values.length),
  )
  const named = Object.fromEntries(
    gradients(total, floats).map((gradient, i) => [`d${floats[i].name}`, gradient]),
  )
  const draw = random(seed).fork('cotangent')
  const feeds: Checked['feeds'] = { unused: { shape: [1], data: new Float64Array(1) } }
  for (const [i, { shape, dtype, data }] of inputs.entries())
    feeds[`x${i}`] = { shape, data: ARRAYS[dtype as CpuDType].from(data) }
  for (const [i, { shape }] of cotangents.entries()) {
    const size = shape.reduce((a, b) => a * b, 1)
    const data = Float64Array.from({ length: size }, (_, k) => draw.fork(i).normal(k))
    feeds[`dy${i}`] = { shape, data }
  }
  const compiled = await referenceEngine.compile(graph({ total, ...named }))
  return { compiled, feeds, floats: floats.map(({ name = '' }) => name) }
}

/** The directions along which an input of this size is moved. */
const directions = (size: number, seed: number): Float64Array[] => {
  if (size <= MANY)
    return Array.from({ length: size }, (_, i) => {
      const unit = new Float64Array(size)
      unit[i] = 1
      return unit
    })
  const draw = random(seed).fork('direction')
  return Array.from({ length: DIRECTIONS }, (_, i) =>
    Float64Array.from({ length: size }, (_, k) => draw.fork(i).normal(k) / Math.sqrt(size)),
  )
}

const check = async (operation: OperationName, seed: number): Promise<void> => {
  const { compiled, feeds, floats } = await build(operation, drawCase(operation, seed), seed)
  const exact = await compiled.run(feeds)
  const totalAt = async (input: string, direction: Float64Array, step: number): Promise<number> => {
    const { shape, data } = feeds[input]
    const moved = Float64Array.from(data, (value, i) => value + step * direction[i])
    const { total } = await compiled.run({ ...feeds, [input]: { shape, data: moved } } as Tensors)
    return total.data[0]
  }
  for (const name of floats)
    for (const direction of directions(feeds[name].data.length, seed)) {
      const rise = (await totalAt(name, direction, STEP)) - (await totalAt(name, direction, -STEP))
      const numeric = BLOCKING.includes(operation) ? 0 : rise / (2 * STEP)
      const gradient = exact[`d${name}`].data
      const analytic = direction.reduce((sum, part, i) => sum + part * gradient[i], 0)
      const error = Math.abs(analytic - numeric) / Math.max(1, Math.abs(numeric))
      expect(
        error,
        `${operation}, seed ${seed}, ${name}: ${analytic} against ${numeric}`,
      ).toBeLessThan(TOLERANCE)
    }
}

describe('gradients against central differences', () => {
  let checked = 0
  for (const name of names.filter(name => !ONCE.includes(name)))
    it(`${name}: ${CASES} random cases`, async () => {
      for (let seed = 0; seed < CASES; seed++) {
        await check(name, seed)
        checked++
      }
    })
  afterAll(() => console.log(`${checked} gradient cases`))
})
