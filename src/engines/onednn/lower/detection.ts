/** Operations of detectors, as loops over the arena's arrays: order, suppression, regions of maps. */

import type { Shape } from '../../../graph/index.ts'
import type { RoiAlignAttributes } from '../../../ops/index.ts'
import { ints } from './loops.ts'
import type { Lowerings } from './lowering.ts'

/** Places of numbers in descending order, the first of equal ones first, NaN last. */
const descending = (x: Float32Array, places: number[]): number[] =>
  places.sort((a, b) => x[b] - x[a] || a - b)

/** Places of the k largest: those above the k-th, and as many of its equals as are left. */
const largest = (x: Float32Array, k: number): number[] => {
  const sorted = x.slice().sort()
  const least = sorted[x.length - k]
  const above: number[] = []
  const equal: number[] = []
  for (let i = 0; i < x.length; i++) {
    if (x[i] > least) above.push(i)
    else if (x[i] === least && equal.length < k) equal.push(i)
  }
  return descending(x, [...above, ...equal.slice(0, k - above.length)])
}

/** Writes 1 for each box of a row that stays; arithmetic as ONNX Runtime's, in float32. */
const suppress = (
  boxes: Float32Array,
  scores: Float32Array,
  stays: Float32Array,
  { threshold, minScore }: { readonly threshold: number; readonly minScore: number },
): void => {
  const { fround, max, min } = Math
  const limit = fround(threshold)
  const taking: number[] = []
  for (let i = 0; i < scores.length; i++) if (scores[i] > minScore) taking.push(i)
  /** Corners and area of those that stay. */
  const kept = new Float32Array(5 * taking.length)
  let end = 0
  stays.fill(0)
  for (const i of descending(scores, taking)) {
    const [x1, y1, x2, y2] = boxes.subarray(4 * i, 4 * i + 4)
    const area = fround(max(x2 - x1, 0) * max(y2 - y1, 0))
    let stands = true
    for (let k = 0; stands && k < end; k += 5) {
      const width = min(x2, kept[k + 2]) - max(x1, kept[k])
      const height = min(y2, kept[k + 3]) - max(y1, kept[k + 1])
      if (!(width > 0 && height > 0)) continue
      const shared = fround(fround(width) * fround(height))
      stands = !(fround(shared / fround(fround(area + kept[k + 4]) - shared)) > limit)
    }
    if (!stands) continue
    kept.set([x1, y1, x2, y2, area], end)
    end += 5
    stays[i] = 1
  }
}

/** What each of some bins reads: up to `ends` of it, from that of the one before. */
interface Reads {
  readonly cells: Int32Array
  readonly weights: Float32Array
  readonly ends: Int32Array
}

const emptyReads = (bins: number, most: number): Reads => ({
  cells: new Int32Array(bins * most),
  weights: new Float32Array(bins * most),
  ends: new Int32Array(bins),
})

/** The cells of one axis that the bins read, each once. */
const readAxis = (
  { cells, weights, ends }: Reads,
  [start, bin]: readonly [number, number],
  extent: number,
  points: number,
): void => {
  let end = 0
  for (let p = 0; p < ends.length; p++) {
    const begin = end
    const add = (cell: number, weight: number): void => {
      if (weight === 0) return
      let at = begin
      while (at < end && cells[at] !== cell) at++
      if (at === end) weights[end++] = 0
      cells[at] = cell
      weights[at] += weight / points
    }
    for (let i = 0; i < points; i++) {
      const at = start + bin * (p + (i + 0.5) / points)
      // Beyond these a point reads nothing; at the border, its cell.
      if (at < -1 || at > extent) continue
      const inside = Math.min(Math.max(at, 0), extent - 1)
      const low = Math.floor(inside)
      add(low, 1 - (inside - low))
      add(low + 1, inside - low)
    }
    ends[p] = end
  }
}

/** Goes over the regions that have a level, with what each bin reads of a channel's map. */
const eachRegion = (
  [boxes, levels]: readonly [Float32Array, Int32Array],
  shapes: readonly Shape[],
  { size, points, scales, aligned }: RoiAlignAttributes,
  visit: (level: number, region: number, reads: Reads) => void,
): void => {
  const shift = aligned ? 0.5 : 0
  const rows = emptyReads(size, 2 * points)
  const columns = emptyReads(size, 2 * points)
  const reads = emptyReads(size * size, 4 * points * points)
  const { cells, weights, ends } = reads
  for (let region = 0; region < levels.length; region++) {
    const level = levels[region]
    if (level < 0 || level >= shapes.length) continue
    const [, , height, width] = shapes[level]
    const corner = (i: number): number => boxes[4 * region + i] * scales[level] - shift
    const along = (i: number): readonly [number, number] => {
      const length = corner(i + 2) - corner(i)
      return [corner(i), (aligned ? length : Math.max(length, 1)) / size]
    }
    readAxis(rows, along(1), height, points)
    readAxis(columns, along(0), width, points)
    let end = 0
    for (let bin = 0; bin < ends.length; bin++) {
      const [row, column] = [Math.floor(bin / size), bin % size]
      for (let y = row === 0 ? 0 : rows.ends[row - 1]; y < rows.ends[row]; y++)
        for (let x = column === 0 ? 0 : columns.ends[column - 1]; x < columns.ends[column]; x++) {
          cells[end] = rows.cells[y] * width + columns.cells[x]
          weights[end++] = rows.weights[y] * columns.weights[x]
        }
      ends[bin] = end
    }
    visit(level, region, reads)
  }
}

export const detection = {
  topK: (plan, { inputs: [x], outputs: [values, indices], attributes: { k } }) => {
    const [n] = x.shape.slice(-1)
    const to = plan.allocateRowMajor(values.shape)
    const places = plan.allocateRowMajor(indices.shape, 'int32')
    plan.loop([plan.rowMajor(x)], [to, places], ([from], [target, found]) => {
      for (let row = 0; row * n < from.length; row++) {
        const numbers = from.subarray(row * n, row * n + n)
        const order = largest(numbers, k)
        target.set(
          order.map(i => numbers[i]),
          row * k,
        )
        ints(found).set(order, row * k)
      }
    })
    plan.define(values, to)
    plan.define(indices, places)
  },
  nonMaximumSuppression: (plan, { inputs: [boxes, scores], outputs: [y], attributes }) => {
    const [, n] = scores.shape
    const to = plan.allocateRowMajor(y.shape, 'bool')
    plan.loop([boxes, scores].map(plan.rowMajor), [to], ([corners, ranks], [stays]) => {
      for (let start = 0; start < ranks.length; start += n) {
        const row = (of: Float32Array, width: number): Float32Array =>
          of.subarray(start * width, (start + n) * width)
        suppress(row(corners, 4), row(ranks, 1), row(stays, 1), attributes)
      }
    })
    plan.define(y, to)
  },
  roiAlign: (plan, { inputs, outputs: [y], attributes }) => {
    const [, regions, channels, size] = y.shape
    const shapes = inputs.slice(0, -2).map(({ shape }) => shape)
    const to = plan.allocateRowMajor(y.shape)
    plan.loop(inputs.map(plan.rowMajor), [to], (given, [target]) => {
      const [boxes, levels] = given.slice(-2)
      const bins = size * size
      target.fill(0)
      eachRegion([boxes, ints(levels)], shapes, attributes, (level, region, reads) => {
        const { cells, weights, ends } = reads
        const [, , height, width] = shapes[level]
        const map = given[level]
        for (let c = 0; c < channels; c++) {
          const plane = (Math.floor(region / regions) * channels + c) * height * width
          const start = (region * channels + c) * bins
          for (let bin = 0, at = 0; bin < bins; bin++) {
            let sum = 0
            for (; at < ends[bin]; at++) sum += weights[at] * map[plane + cells[at]]
            target[start + bin] = sum
          }
        }
      })
    })
    plan.define(y, to)
  },
  roiAlignGradient: (plan, { inputs, outputs, attributes }) => {
    const [, regions, channels, size] = inputs[2].shape
    const results = outputs.map(({ shape }) => plan.allocateRowMajor(shape))
    plan.loop(inputs.map(plan.rowMajor), results, ([boxes, levels, dy], maps) => {
      const { shapes } = attributes
      const bins = size * size
      for (const map of maps) map.fill(0)
      eachRegion([boxes, ints(levels)], shapes, attributes, (level, region, reads) => {
        const { cells, weights, ends } = reads
        const [, , height, width] = shapes[level]
        const map = maps[level]
        for (let c = 0; c < channels; c++) {
          const plane = (Math.floor(region / regions) * channels + c) * height * width
          const start = (region * channels + c) * bins
          for (let bin = 0, at = 0; bin < bins; bin++) {
            const slope = dy[start + bin]
            for (; at < ends[bin]; at++) map[plane + cells[at]] += weights[at] * slope
          }
        }
      })
    })
    for (const [i, value] of outputs.entries()) plan.define(value, results[i])
  },
} satisfies Partial<Lowerings>
