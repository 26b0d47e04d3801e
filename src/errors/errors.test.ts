/** What errors say, and which words are near enough to be meant. */

import { expect, it } from 'vitest'
import { explain } from './index.ts'
import { suggestion } from './suggest.ts'

it('is a pair for types, and a sentence for what is missing', () => {
  const problem = { where: 'recipe.batch', expected: 'a whole number', hint: 'Leave it out' }
  expect(explain({ ...problem, got: '1.5' })).toBe(
    'recipe.batch: expected a whole number, got 1.5. Leave it out',
  )
  expect(explain({ ...problem, got: 'missing' })).toBe(
    'recipe.batch: needs a whole number. Leave it out',
  )
  expect(explain({ where: 'a.png', expected: 'an image', got: 'no such file' })).toBe(
    'a.png: no such file; expected an image',
  )
})

it.each([
  ['--bacth', '--batch'],
  ['--epoch', '--epochs'],
  ['trian', 'train'],
  ['onxx', 'onnx'],
])('%s is near %s', (word, meant) => {
  expect(suggestion(word, ['--batch', '--data', '--epochs', 'train', 'onnx'])).toBe(
    `Did you mean ${meant}?`,
  )
})

it.each(['--output', '--opt', '--sched', '--aa', '--amp', 'x', ''])('%s is near nothing', word => {
  expect(suggestion(word, ['--cutout', '--seed', '--data', '--batch', 'se'])).toBeUndefined()
})
