/** Curves of few columns that hide nothing: smoothed before they are thinned, with every spike. */

import { expect, it } from 'vitest'
import { COLUMN_NUMBERS, curveOf, HEAD_NUMBERS, smoothed } from './curve.ts'
import type { Columns } from './stepColumns.ts'

const columnsOf = (loss: readonly number[]): Columns => ({
  step: Float64Array.from(loss, (_, i) => i + 1),
  epoch: Float64Array.from(loss, (_, i) => (i + 1) / 10),
  loss: Float64Array.from(loss),
  metric: new Float64Array(loss.length),
  rate: new Float64Array(loss.length),
  seconds: new Float64Array(loss.length).fill(0.5),
})
const options = { y: 'loss', x: 'step', smooth: 0.9, width: 10, batch: 32 } as const
const columnsIn = (numbers: Float32Array) =>
  Array.from({ length: (numbers.length - HEAD_NUMBERS) / COLUMN_NUMBERS }, (_, i) => [
    ...numbers.subarray(HEAD_NUMBERS + COLUMN_NUMBERS * i, HEAD_NUMBERS + COLUMN_NUMBERS * (i + 1)),
  ])

it('an average of what is constant is that, from its first step', () => {
  expect([...smoothed(Float64Array.of(3, 3, 3, 3), 0.99)]).toEqual([3, 3, 3, 3].map(closeTo))
  expect([...smoothed(Float64Array.of(Number.NaN, 1, Number.NaN, 1), 0.5)]).toEqual([
    Number.NaN,
    1,
    1,
    1,
  ])
})
const closeTo = (value: number) => expect.closeTo(value, 12)

it('keeps every spike, and what is not finite out of it', () => {
  const loss = Array.from({ length: 1000 }, (_, i) => (i === 503 ? 99 : i === 700 ? Number.NaN : 1))
  const found = columnsIn(curveOf(columnsOf(loss), options))
  expect(found.map(([, low, high]) => [low, high])).toEqual(
    Array.from({ length: 10 }, (_, i) => [1, i === 5 ? 99 : 1]),
  )
})

it('smooths the same, however many columns there are', () => {
  const columns = columnsOf(Array.from({ length: 1000 }, (_, i) => Math.sin(i / 40)))
  const few = columnsIn(curveOf(columns, options)).at(-1)
  const many = columnsIn(curveOf(columns, { ...options, width: 1000 })).at(-1)
  expect(few?.[3]).toBe(many?.[3])
})

it('has a window of itself, by steps, epochs or seconds', () => {
  const columns = columnsOf(Array.from({ length: 100 }, (_, i) => i))
  const xs = (more: object) =>
    columnsIn(curveOf(columns, { ...options, width: 100, ...more })).map(([x]) => x)
  expect(xs({ from: 50, to: 52 })).toEqual([49, 50, 51, 52])
  expect(xs({ x: 'time', from: 10, to: 11 })).toEqual([9.5, 10, 10.5, 11])
  expect(columnsIn(curveOf(columnsOf([]), options))).toEqual([])
  expect(curveOf(columns, { ...options, y: 'speed' })[3]).toBe(64)
})

it('takes milliseconds for 100,000 steps', () => {
  const columns = columnsOf(Array.from({ length: 100_000 }, (_, i) => Math.sin(i)))
  curveOf(columns, { ...options, width: 800 })
  const before = performance.now()
  curveOf(columns, { ...options, width: 800 })
  expect(performance.now() - before).toBeLessThan(100)
})
