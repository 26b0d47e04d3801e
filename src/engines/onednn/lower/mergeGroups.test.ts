/** Which groups are joined. */

import { expect, it } from 'vitest'
import { joinedShape, joining } from './mergeGroups.ts'

it('joins groups of 2, 4 and 8 channels into sixteen', () => {
  expect(joining([32, 2, 3, 3], 16)).toBe(8)
  expect(joining([128, 4, 3, 3], 32)).toBe(4)
  expect(joining([256, 8, 3, 3], 32)).toBe(2)
  expect(joinedShape([128, 4, 3, 3], 4)).toEqual([128, 16, 3, 3])
})

it('leaves alone dense ones, wide groups, single channels, and what does not come to sixteens', () => {
  expect(joining([64, 64, 3, 3], 1)).toBe(1)
  expect(joining([64, 8, 3, 3], 1)).toBe(1)
  expect(joining([512, 16, 3, 3], 32)).toBe(1)
  expect(joining([32, 1, 3, 3], 32)).toBe(1)
  expect(joining([60, 20, 1, 1], 3)).toBe(1)
  expect(joining([24, 4, 3, 3], 6)).toBe(1)
  expect(joining([64, 4, 3, 3], 8)).toBe(1)
})
