/** Which groups are joined. */

import { expect, it } from 'vitest'
import { mergedShape, mergeFactor } from './mergeGroups.ts'

it('joins groups of 2, 4 and 8 channels into sixteen', () => {
  expect(mergeFactor([32, 2, 3, 3], 16)).toBe(8)
  expect(mergeFactor([128, 4, 3, 3], 32)).toBe(4)
  expect(mergeFactor([256, 8, 3, 3], 32)).toBe(2)
  expect(mergedShape([128, 4, 3, 3], 4)).toEqual([128, 16, 3, 3])
})

it('leaves alone dense ones, wide groups, single channels, and what does not come to sixteens', () => {
  expect(mergeFactor([64, 64, 3, 3], 1)).toBe(1)
  expect(mergeFactor([64, 8, 3, 3], 1)).toBe(1)
  expect(mergeFactor([512, 16, 3, 3], 32)).toBe(1)
  expect(mergeFactor([32, 1, 3, 3], 32)).toBe(1)
  expect(mergeFactor([60, 20, 1, 1], 3)).toBe(1)
  expect(mergeFactor([24, 4, 3, 3], 6)).toBe(1)
  expect(mergeFactor([64, 4, 3, 3], 8)).toBe(1)
})
