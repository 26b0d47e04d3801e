/** What every engine must do: each operation as the reference does it, and the contract of `run`. */

import { afterAll, describe, expect, it } from 'vitest'
import { graph, input, type Value } from '../graph/index.ts'
import { add, cast, constant, greater, less, mul, reduceSum, relu, where } from '../ops/index.ts'
import { apply, type Operation } from '../ops/operation.ts'
import { type OperationName, operations } from '../ops/table.ts'
import { type CpuDType, tensor } from '../tensor/tensor.ts'
import { drawCase } from './cases.testing.ts'
import type { Compiled, Engine, Tensor, TensorData } from './engine.ts'
import { describeExchanges } from './exchanges.suite.ts'
import { referenceEngine } from './reference/engine.ts'
import { describeSpecialValues } from './specialValues.suite.ts'
import { describeWideCases } from './wideCases.suite.ts'

const CASES = 24
const ABSOLUTE = 1e-5
const RELATIVE = 1e-4

const ARRAYS = { float32: Float32Array, int32: Int32Array, uint8: Uint8Array, bool: Uint8Array }

export interface ConformanceOptions {
  /** Operations that the engine need not pass, each with the reason. */
  readonly skip?: Readonly<Partial<Record<OperationName, string>>>
  /** Cases of special values in which the engine differs, each with the reason. */
  readonly differs?: Readonly<Record<string, string>>
}

/** All cases of an operation as one graph, since compiling is what costs. */
const casesOf = (name: OperationName) => {
  const feeds: Record<string, Tensor> = {}
  const outputs: Record<string, Value> = {}
  for (let seed = 0; seed < CASES; seed++) {
    const { inputs, attributes } = drawCase(name, seed)
    const values = inputs.map(({ shape, dtype, data }, i) => {
      const label = `case${seed}_x${i}`
      feeds[label] = { shape, data: ARRAYS[dtype as CpuDType].from(data) }
      return input(label, shape, dtype)
    })
    const results = apply(operations[name] as Operation, values, attributes)
    for (const [i, result] of results.entries()) outputs[`case${seed}_y${i}`] = result
  }
  return { graph: graph(outputs), feeds }
}

const expectClose = (label: string, got: Tensor, wanted: Tensor): void => {
  expect(got.shape, `${label}: shape`).toEqual(wanted.shape)
  expect(got.data.length, `${label}: elements`).toBe(wanted.data.length)
  for (const [i, right] of wanted.data.entries()) {
    const error = Math.abs(got.data[i] - right)
    if (!(error <= ABSOLUTE + RELATIVE * Math.abs(right)))
      expect.fail(`${label}[${i}]: got ${got.data[i]}, the reference has ${right}`)
  }
}

const describeOperations = (engine: Engine, skip: ConformanceOptions['skip'] = {}): void => {
  describe(`${engine.name}: operations against the reference`, () => {
    for (const name of Object.keys(operations) as OperationName[])
      it.skipIf(name in skip)(
        `${name}: ${CASES} random cases${skip[name] ? ` (${skip[name]})` : ''}`,
        async () => {
          const { graph, feeds } = casesOf(name)
          const wanted = await (await referenceEngine.compile(graph)).run(feeds)
          const compiled = await engine.compile(graph)
          const got = await compiled.run(feeds)
          for (const [label, tensor] of Object.entries(wanted))
            expectClose(`${name} ${label}`, got[label], tensor)
          await compiled.dispose()
        },
      )
  })
}

export const describeContract = (engine: Engine): void => {
  const x = input('x', [2, 3])
  const data = Float32Array.of(-1, 2, -3, 4, -5, 6)
  const doubled = graph({ y: mul(x, 2), same: x, fixed: constant([7, 8]), alias: mul(x, 2) })
  const compiling = engine.compile(doubled)
  const feed = { x: { shape: [2, 3], data } }
  const plain = (data: TensorData): number[] => [...data]

  describe(`${engine.name}: the contract of run`, () => {
    afterAll(async () => (await compiling).dispose())

    it('returns every output under its name, inputs and constants included', async () => {
      const { y, same, fixed, alias } = await (await compiling).run(feed)
      expect(plain(y.data)).toEqual([-2, 4, -6, 8, -10, 12])
      expect(plain(alias.data)).toEqual(plain(y.data))
      expect(plain(same.data)).toEqual([...data])
      expect(plain(fixed.data)).toEqual([7, 8])
    })

    it('gives the same bits again, leaves inputs alone, and outputs to their owner', async () => {
      const compiled = await compiling
      const first = await compiled.run(feed)
      const kept = plain(first.y.data)
      const second = await compiled.run({ x: { shape: [2, 3], data: data.map(v => v + 1) } })
      const third = await compiled.run(feed)
      expect(plain(first.y.data)).toEqual(kept)
      expect(plain(second.y.data)).not.toEqual(kept)
      expect(plain(third.y.data)).toEqual(kept)
      expect([...data]).toEqual([-1, 2, -3, 4, -5, 6])
    })

    it('takes an output under the name of an input, as training steps do', async () => {
      const weight = input('weight', [2])
      const compiled = await engine.compile(graph({ weight: add(weight, 1) }))
      const one = await compiled.run({ weight: { shape: [2], data: Float32Array.of(1, 2) } })
      const two = await compiled.run(one)
      expect(plain(two.weight.data)).toEqual([3, 4])
      await compiled.dispose()
    })

    it('ignores tensors that the graph does not ask for', async () => {
      const { y } = await (await compiling).run({
        ...feed,
        z: { shape: [], data: Float32Array.of(1) },
      })
      expect(plain(y.data)).toHaveLength(6)
    })

    it.each([
      ['input x: expected float32 [2, 3], got nothing', {}],
      ['input x: expected shape [2, 3], got [3, 2]', { x: { shape: [3, 2], data } }],
      ['input x: expected 6 elements, got 5', { x: { shape: [2, 3], data: data.slice(1) } }],
      [
        'input x: expected float32 data (Float32Array or Float64Array), got Int32Array',
        { x: { shape: [2, 3], data: Int32Array.from(data) } },
      ],
    ])('refuses with: %s', async (message, feeds) => {
      await expect((await compiling).run(feeds as never)).rejects.toThrow(message)
    })

    it('takes bytes, says what its outputs are, and refuses types that it does not have', async () => {
      const [bytes, labels] = [input('bytes', [3], 'uint8'), input('labels', [3], 'int32')]
      const outputs = {
        sum: add(mul(cast(bytes), 2), cast(labels)),
        bytes,
        labels,
        large: greater(cast(bytes), 9),
      }
      const compiled = await engine.compile(graph(outputs))
      const found = await compiled.run({
        bytes: tensor(Uint8Array.of(0, 7, 255)),
        labels: tensor(Int32Array.of(-1, 2, 70_000)),
      })
      expect(plain(found.sum.data)).toEqual([-1, 16, 70_510])
      expect(plain(found.bytes.data)).toEqual([0, 7, 255])
      expect(plain(found.labels.data)).toEqual([-1, 2, 70_000])
      expect(plain(found.large.data)).toEqual([0, 0, 1])
      const { sum, ...others } = Object.fromEntries(
        Object.entries(found).map(([name, { dtype }]) => [name, dtype]),
      )
      expect(others).toEqual({ bytes: 'uint8', labels: 'int32', large: 'bool' })
      expect(sum).toMatch(/^float/)
      await compiled.dispose()
      const half = engine.compile(graph({ y: mul(input('x', [1], 'float16'), 2) }))
      if ((await engine.version()) === 'float64') {
        const { y } = await (await half).run({ x: tensor(Uint16Array.of(0x3e00)) })
        expect(plain(y.data)).toEqual([3])
      } else
        await expect(half).rejects.toThrow(
          `engine ${engine.name}: expected values of float32, int32, uint8, bool, got float16 (input x)`,
        )
    })

    it('refuses to run without inputs, or after dispose', async () => {
      const compiled = await engine.compile(graph({ y: relu(x) }))
      await expect(compiled.run(undefined as never)).rejects.toThrow(
        'run: expected tensors by name, got undefined',
      )
      await compiled.dispose()
      await compiled.dispose()
      const disposed = 'expected a graph in use, got a disposed one'
      await expect(compiled.run(feed)).rejects.toThrow(`run: ${disposed}`)
      await expect(compiled.state.read('x')).rejects.toThrow(`state: ${disposed}`)
    })

    it('is not disposed during a run', async () => {
      const compiled = await engine.compile(graph({ y: relu(x) }))
      const running = compiled.run(feed)
      const disposing = compiled.dispose().then(
        () => 'disposed',
        (error: Error) => error.message,
      )
      expect(plain((await running).y.data)).toEqual([0, 2, 0, 4, 0, 6])
      expect(await disposing).toBe(
        'dispose: expected no run in progress, got 1. Await the run first',
      )
      await compiled.dispose()
    })
  })
}

const vector = (...data: number[]): Tensor => ({
  shape: [data.length],
  data: Float32Array.from(data),
})
const scalar = (value: number): Tensor => ({ shape: [], data: Float32Array.of(value) })

export const describeState = (engine: Engine): void => {
  const [weight, x] = [input('weight', [2]), input('x', [2])]
  const scale = input('scale', [])
  const next = add(weight, mul(x, relu(scale)))
  const compile = () =>
    engine.compile(graph({ weight: next, before: weight, twice: mul(weight, 2) }), {
      state: ['weight', 'scale'],
    })
  const numbers = ({ data }: Tensor): number[] => [...data]
  const read = async ({ state }: Compiled, name: string) => numbers(await state.read(name))

  describe(`${engine.name}: state`, () => {
    it('goes from run to run, and is read when asked for', async () => {
      const compiled = await compile()
      expect(compiled.state.names).toEqual(['weight', 'scale'])
      await compiled.state.write({ weight: vector(1, 2), scale: scalar(10) })
      const runs = []
      for (let i = 0; i < 3; i++) runs.push(await compiled.run({ x: vector(1, -1) }))
      expect(runs.map(({ before }) => numbers(before))).toEqual([
        [1, 2],
        [11, -8],
        [21, -18],
      ])
      expect(runs.map(({ twice }) => numbers(twice))[2]).toEqual([42, -36])
      expect(Object.keys(runs[0])).not.toContain('weight')
      expect(await read(compiled, 'weight')).toEqual([31, -28])
      expect(await read(compiled, 'scale')).toEqual([10])
      await compiled.dispose()
    })

    it('may be made in place', async () => {
      const compiled = await compile()
      await compiled.state.write({ scale: scalar(1) })
      await compiled.state.initialize('weight', values => values.set([1, 2]))
      await compiled.run({ x: vector(1, 1) })
      expect(await read(compiled, 'weight')).toEqual([2, 3])
      await compiled.state.initialize('weight', values => values.set([5, 6]))
      await compiled.run({ x: vector(1, 1) })
      expect(await read(compiled, 'weight')).toEqual([6, 7])
      await compiled.dispose()
    })

    it('changes one by one, at any turn', async () => {
      const compiled = await compile()
      await compiled.state.write({ weight: vector(1, 2), scale: scalar(1) })
      for (const value of [2, 3, -4, 5]) {
        await compiled.state.write({ scale: scalar(value) })
        await compiled.run({ x: vector(1, 1) })
      }
      expect(await read(compiled, 'weight')).toEqual([11, 12])
      await compiled.state.write({ weight: vector(0, 0) })
      await compiled.run({ x: vector(1, 1) })
      expect(await read(compiled, 'weight')).toEqual([5, 5])
      await compiled.dispose()
    })

    it.each([
      ['an output', true],
      ['not known outside', false],
    ])('changes only where the graph says so, by a condition that is %s', async (_, known) => {
      const [a, b, limit] = [input('a', [2]), input('b', [2]), input('limit', [])]
      const [nextA, nextB] = [add(a, x), mul(b, 2)]
      const small = less(reduceSum(nextA), limit)
      const guarded = graph({
        a: where(small, nextA, a),
        b: where(small, nextB, b),
        sum: reduceSum(b),
        ...(known ? { small } : {}),
      })
      const compiled = await engine.compile(guarded, { state: ['a', 'b'] })
      await compiled.state.write({ a: vector(0, 0), b: vector(1, 2) })
      const sums = []
      for (const by of [1, 100, 1, NaN, 2])
        sums.push((await compiled.run({ x: vector(by, by), limit: scalar(20) })).sum)
      expect(sums.map(numbers)).toEqual([[3], [6], [6], [12], [12]])
      expect(await read(compiled, 'a')).toEqual([4, 4])
      expect(await read(compiled, 'b')).toEqual([8, 16])
      await compiled.dispose()
    })

    it('stands beside constants', async () => {
      const compiled = await engine.compile(graph({ weight: next, twice: mul(scale, 2) }), {
        state: ['weight'],
        constants: new Map([
          ['scale', Float32Array.of(3)],
          ['unknown', Float32Array.of(1)],
        ]),
      })
      await compiled.state.write({ weight: vector(1, 2) })
      const { twice } = await compiled.run({ x: vector(1, -1) })
      await compiled.run({ x: vector(1, -1) })
      expect(numbers(twice)).toEqual([6])
      expect(await read(compiled, 'weight')).toEqual([7, -4])
      await compiled.dispose()
    })

    it('is checked', async () => {
      const compiled = await compile()
      const none = 'expected a value, got none. Call state.write or state.initialize first'
      const unknown = 'state x: expected one of weight, scale, got x'
      await expect(compiled.state.read('weight')).rejects.toThrow(`state weight: ${none}`)
      await expect(compiled.run({ x: vector(1, 1) })).rejects.toThrow(`state weight: ${none}`)
      await expect(compiled.state.write({ x: vector(1, 1) })).rejects.toThrow(unknown)
      await expect(compiled.state.initialize('x', () => {})).rejects.toThrow(unknown)
      await expect(compiled.state.read('x')).rejects.toThrow(unknown)
      await expect(compiled.state.write({ weight: vector(1) })).rejects.toThrow(
        'input weight: expected shape [2], got [1]',
      )
      await compiled.dispose()
      const short = new Map([['scale', Float32Array.of(1, 2)]])
      await expect(engine.compile(graph({ next }), { constants: short })).rejects.toThrow(
        'input scale: expected 1 elements, got 2',
      )
      await expect(engine.compile(graph({ next }), { state: ['wait'] })).rejects.toThrow(
        'state wait: expected an input of the graph',
      )
    })
  })
}

/** Declares the suite for an engine. */
export const describeConformance = (
  engine: Engine,
  { skip = {}, differs }: ConformanceOptions = {},
): void => {
  describeOperations(engine, skip)
  describeContract(engine)
  describeState(engine)
  describeExchanges(engine)
  describeSpecialValues(engine, differs)
  describeWideCases(engine)
}
