/** Several labels an image, and numbers: measures against numbers done by hand, losses as the graph has them. */

import { describe, expect, it } from 'vitest'
import type { Dataset } from '../data/dataset.ts'
import { referenceEngine } from '../engines/reference/engine.ts'
import { graph, input, type Value } from '../graph/index.ts'
import { averagePrecision, operatingPoints } from './labelMeasures.ts'
import { labels } from './labels.ts'
import { LOSSES, regression, targetScale } from './regression.ts'
import type { Task } from './task.ts'

const dataOf = (classes: readonly string[], rows: readonly (readonly number[])[]): Dataset =>
  ({
    classes,
    labels: new Int32Array(rows.length),
    values: rows.map(row => Float32Array.from(row)),
    split: 'validation',
  }) as unknown as Dataset

const output = (rows: readonly (readonly number[])[]) => ({
  shape: [rows.length, rows[0].length],
  data: Float32Array.from(rows.flat()),
})

const all = (count: number) => ({
  indices: Uint32Array.from({ length: count }, (_, i) => i),
  count,
})

/** The loss of the graph and that of the accumulator. */
const lossesOf = async (task: Task, data: Dataset, rows: readonly (readonly number[])[]) => {
  const given = output(rows)
  const batch = { ...all(rows.length), images: new Float32Array(), preparation: {} as never }
  const loss = task.loss(
    { [task.output]: input(task.output, given.shape) },
    task.targets(rows.length),
  ) as Value
  const compiled = await referenceEngine.compile(graph({ loss }), {})
  const found = await compiled.run({ [task.output]: given, ...task.encode(data, batch) })
  await compiled.dispose()
  const accumulator = task.accumulator(data)
  accumulator.add({ [task.output]: given }, batch)
  return { graph: found.loss.data[0], accumulator }
}

describe('average precision', () => {
  it('is that of scikit-learn: the step function, equal scores together', () => {
    // sklearn.metrics.average_precision_score([0, 0, 1, 1], [.1, .4, .35, .8]) = 0.8333…
    const truths = [false, false, true, true]
    expect(averagePrecision(operatingPoints([0.1, 0.4, 0.35, 0.8], truths))).toBeCloseTo(5 / 6, 12)
    expect(averagePrecision(operatingPoints([1, 1, 1, 1], truths))).toBeCloseTo(1 / 2, 12)
  })
})

describe('labels', () => {
  const data = dataOf(
    ['a', 'b', 'never'],
    [
      [1, 0, 0],
      [1, 1, 0],
      [0, 1, 0],
      [0, 0, 0],
    ],
  )
  const logits = [
    [2, -1, -3],
    [-0.5, 1, -3],
    [-1, 0.5, -3],
    [-2, 2, -3],
  ]
  const task = labels({ classes: data.classes, memory: {} })

  it('have one loss in the graph and over a dataset, and thresholds of the best F1', async () => {
    const { graph, accumulator } = await lossesOf(task, data, logits)
    const { loss, mAP, f1 } = accumulator.metrics()
    expect(loss).toBeCloseTo(graph, 6)
    // a: both first. b: second and third of the order.
    expect(mAP).toBeCloseTo((1 + (1 / 2 + 2 / 3) / 2) / 2, 12)
    expect(f1).toBeCloseTo((1 + 4 / 5) / 2, 12)
    const sigmoid = (x: number) => 1 / (1 + Math.exp(-x))
    const { thresholds = [] } = accumulator.learned?.() ?? {}
    expect(thresholds[0]).toBeCloseTo((sigmoid(-0.5) + sigmoid(-1)) / 2, 6)
    expect(thresholds[2]).toBe(0.5)
    const again = labels({ classes: data.classes, memory: { thresholds } }).accumulator(data)
    again.merge(JSON.parse(JSON.stringify(accumulator.gathered())))
    expect(again.metrics()).toEqual(accumulator.metrics())
  })

  it('answer with those that hold', () => {
    const { answers } = labels({ classes: data.classes, memory: { thresholds: [0.9, 0.5, 0.1] } })
    const answer = answers?.answer({ logits: output([[2, 1, -3]]) }, 0)
    expect(answer?.text).toBe('b 73.11 %')
    expect(answer?.cells.labels).toBe('b')
    expect(answers?.truth(data, 1)).toBe('a;b')
  })
})

describe('regression', () => {
  const data = dataOf(
    ['x', 'y'],
    [
      [1, 10],
      [2, 30],
      [3, 50],
      [6, 10],
    ],
  )
  const memory = targetScale(data)

  it.each(LOSSES)('has one loss in the graph and over a dataset: %s', async loss => {
    const task = regression({ classes: data.classes, memory, loss })
    const { graph, accumulator } = await lossesOf(task, data, [
      [0, 1],
      [2, -1],
      [0.1, 0],
      [-3, 0.5],
    ])
    expect(accumulator.metrics().loss).toBeCloseTo(graph, 5)
  })

  it('measures in the units of the table', () => {
    const [mean] = memory.targets?.mean ?? []
    const task = regression({ classes: ['x', 'y'], memory })
    expect(mean).toBe(3)
    const accumulator = task.accumulator(data)
    // The network always says the mean: R² is 0.
    accumulator.add(
      {
        values: output([
          [0, 0],
          [0, 0],
          [0, 0],
          [0, 0],
        ]),
      },
      all(4),
    )
    expect(accumulator.metrics().mae).toBeCloseTo(
      ((2 + 1 + 0 + 3) / 4 + (15 + 5 + 25 + 15) / 4) / 2,
      6,
    )
    expect(accumulator.metrics().r2).toBeCloseTo(0, 6)
    expect(task.answers?.answer({ values: output([[0, 0]]) }, 0).fields).toEqual({
      values: { x: 3, y: 25 },
    })
  })

  it('refuses numbers that never differ, and images without any', () => {
    expect(() => targetScale(dataOf(['x'], [[1], [1]]))).toThrow('numbers that differ in x')
    expect(() => targetScale({ classes: ['x'], name: 'shapes' } as never)).toThrow(
      'shapes, which has',
    )
  })
})
