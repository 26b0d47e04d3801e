import { describe, expect, it } from 'vitest'
import { type RandomStream, random } from '../../random/index.ts'
import type { Axis, Index } from './expression.ts'
import {
  along,
  coordinatesOf,
  keyOf,
  linear,
  plus,
  quotient,
  rangeOf,
  remainder,
  sum,
  times,
  whole,
} from './indexing.ts'
import { rowMajor } from './placement.ts'

const [a, b, c]: Axis[] = [4, 3, 5].map((extent, id) => ({ id, extent }))

const evaluate = ({ constant, terms }: Index, at: readonly number[]): number =>
  terms.reduce((total, { of, by }) => {
    if (of.kind === 'axis') return total + by * at[of.axis.id]
    if (of.kind === 'value') return Number.NaN
    const inner = evaluate(of.of, at)
    if (inner < 0) expect.fail(`${inner} is divided`)
    return total + by * (of.kind === 'quotient' ? Math.floor(inner / of.by) : inner % of.by)
  }, constant)

/** An index, and the same by arithmetic. */
interface Both {
  readonly index: Index
  readonly number: (at: readonly number[]) => number
}

const grown = (draw: RandomStream, steps: number): Both => {
  let count = 0
  const pick = (below: number): number => Math.floor(draw.uniform(count++) * below)
  const start = (): Both => {
    const axis = [a, b, c][pick(3)]
    return { index: along(axis), number: at => at[axis.id] }
  }
  let now = start()
  for (let step = 0; step < steps; step++) {
    const before = now
    const n = 2 + pick(5)
    const other = start()
    const moves: (() => Both)[] = [
      () => ({ index: times(before.index, n), number: at => before.number(at) * n }),
      () => ({ index: plus(before.index, n - 4), number: at => before.number(at) + n - 4 }),
      () => ({
        index: sum([before.index, times(other.index, n)]),
        number: at => before.number(at) + other.number(at) * n,
      }),
      () => ({ index: quotient(before.index, n), number: at => Math.floor(before.number(at) / n) }),
      () => ({
        index: remainder(before.index, n),
        number: at => ((before.number(at) % n) + n) % n,
      }),
    ]
    now = moves[pick(moves.length)]()
  }
  return now
}

describe('indices', () => {
  it('are what their arithmetic is, within their range', () => {
    for (let seed = 0; seed < 300; seed++) {
      const { index, number } = grown(random(seed), 7)
      const [low, high] = rangeOf(index)
      for (let i = 0; i < 60; i++) {
        const at = [i % 4, Math.floor(i / 4) % 3, Math.floor(i / 12)]
        const [got, wanted] = [evaluate(index, at), number(at)]
        if (got !== wanted || wanted < low || wanted > high)
          expect.fail(
            `seed ${seed}: ${keyOf(index)} is ${got}, not ${wanted}, in ${low} to ${high}`,
          )
      }
    }
  })

  it('of a reshape there and back are the coordinates', () => {
    const at = [along(a), along(b), along(c)]
    const flat = linear(at, rowMajor([4, 3, 5]))
    const other = coordinatesOf(flat, [6, 10])
    const back = coordinatesOf(linear(other, rowMajor([6, 10])), [4, 3, 5])
    expect(back.map(keyOf)).toEqual(at.map(keyOf))
  })

  it('of a reshape that splits or joins axes divide nothing', () => {
    const [merged] = coordinatesOf(linear([along(a), along(b)], [3, 1]), [12])
    expect(keyOf(merged)).toBe('0+3*a0+1*a1')
    const split = coordinatesOf(linear([along(a), along(b), along(c)], [15, 5, 1]), [12, 5])
    expect(split.map(keyOf)).toEqual(['0+3*a0+1*a1', '0+1*a2'])
    expect(keyOf(quotient(whole(-7), 4))).toBe('-2')
  })
})
