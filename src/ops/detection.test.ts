/** Order, suppression and regions, against numbers of torchvision 0.14 and numbers done by hand. */

import { describe, expect, it } from 'vitest'
import { referenceEngine } from '../engines/reference/engine.ts'
import { graph, type Value } from '../graph/index.ts'
import { constant, nonMaximumSuppression, roiAlign, topK } from './index.ts'

const numbersOf = async (y: Value): Promise<number[]> => {
  const { y: made } = await (await referenceEngine.compile(graph({ y }))).run({})
  return [...made.data]
}
const ints = (data: readonly number[], shape: readonly number[]) => constant(data, shape, 'int32')

it('the largest come in order, of equal ones the first first', async () => {
  const { values, indices } = topK(constant([1, 3, 3, 2, 0, 5], [2, 3]), 2)
  expect(await numbersOf(values)).toEqual([3, 3, 5, 2])
  expect(await numbersOf(indices)).toEqual([1, 2, 2, 0])
})

describe('suppression', () => {
  const boxes = constant(
    [
      [0, 0, 10, 10],
      [0, 0, 10, 5],
      [0, 0, 10, 5.1],
      [3, 3, 3, 9],
    ].flat(),
    [1, 4, 4],
  )

  it('drops what overlaps more than the threshold, not what overlaps as much', async () => {
    const scores = constant([0.9, 0.8, 0.7, 0.6], [1, 4])
    expect(await numbersOf(nonMaximumSuppression(boxes, scores, { threshold: 0.5 }))).toEqual([
      1, 1, 0, 1,
    ])
  })

  it('leaves out what has too low a score, which drops nothing', async () => {
    const scores = constant([-1, 0.8, 0.7, 0.6], [1, 4])
    const stays = nonMaximumSuppression(boxes, scores, { threshold: 0.5, minScore: 0 })
    expect(await numbersOf(stays)).toEqual([0, 1, 0, 1])
  })
})

describe('regions of 0 … 15 as 4×4', () => {
  const map = constant([...Array(16).keys()], [1, 1, 4, 4])
  it.each([
    ['0, 0, 4, 4', [0, 0, 4, 4], false, [5, 6.75, 12, 13.75]],
    ['0, 0, 4, 4, aligned', [0, 0, 4, 4], true, [2.5, 4.5, 10.5, 12.5]],
    ['one of less than a cell', [1, 1, 1.2, 1.2], false, [6.25, 6.75, 8.25, 8.75]],
    ['one beyond the border', [3, 3, 7, 7], false, [3.75, 0, 0, 0]],
  ])('%s', async (_, box, aligned, wanted) => {
    const options = { size: 2, points: 2, scales: [1], aligned }
    const made = await numbersOf(
      roiAlign([map], constant(box, [1, 1, 4]), ints([0], [1, 1]), options),
    )
    for (const [i, value] of wanted.entries()) expect(made[i]).toBeCloseTo(value, 12)
  })
})
