/** The arena: no two blocks that live at the same time share a byte, and dead ones are used again. */

import { describe, expect, it } from 'vitest'
import { random } from '../random/index.ts'
import { type Block, block, placeOf, planArena, touch } from './arena.ts'

const living = (bytes: number, first: number, last: number): Block => {
  const made = block(bytes)
  touch(made, first)
  touch(made, last)
  return made
}

describe('planArena', () => {
  it('keeps blocks apart that live at the same time, over random lives', () => {
    for (let seed = 0; seed < 20; seed++) {
      const draw = random(seed)
      const blocks = Array.from({ length: 60 }, (_, i) => {
        const first = Math.floor(draw.uniform(3 * i) * 50)
        const last = first + Math.floor(draw.uniform(3 * i + 1) * 12)
        return living(4 * (1 + Math.floor(draw.uniform(3 * i + 2) * 500)), first, last)
      })
      const total = planArena(blocks)
      for (const [i, a] of blocks.entries()) {
        expect(a.place % 64).toBe(0)
        expect(a.place + a.bytes).toBeLessThanOrEqual(total)
        for (const b of blocks.slice(i + 1)) {
          if (a.last < b.first || b.last < a.first) continue
          expect(a.place + a.bytes <= b.place || b.place + b.bytes <= a.place).toBe(true)
        }
      }
    }
  })

  it('gives the place of a dead block to the next', () => {
    const blocks = [living(640, 0, 1), living(640, 2, 3), living(640, 4, 5)]
    expect(planArena(blocks)).toBe(640)
  })

  it('lets a window live and lie where its parent does', () => {
    const parent = living(640, 0, 1)
    const inner = block(64, parent, 128)
    touch(inner, 9)
    expect(parent.last).toBe(9)
    planArena([living(64, 0, 9), parent])
    expect(placeOf(inner)).toBe(parent.place + 128)
  })
})
