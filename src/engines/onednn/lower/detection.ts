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
  const kept: number[] = []
  const taking = [...scores.keys()].filter(i => scores[i] > minScore)
  const areas = Float32Array.from(
    scores,
    (_, i) => max(boxes[4 * i + 2] - boxes[4 * i], 0) * max(boxes[4 * i + 3] - boxes[4 * i + 1], 0),
  )
  stays.fill(0)
  for (const i of descending(scores, taking)) {
    const [x1, y1, x2, y2] = boxes.subarray(4 * i, 4 * i + 4)
    const drops = (j: number): boolean => {
      const width = min(x2, boxes[4 * j + 2]) - max(x1, boxes[4 * j])
      const height = min(y2, boxes[4 * j + 3]) - max(y1, boxes[4 * j + 1])
      if (!(width > 0 && height > 0)) return false
      const shared = fround(fround(width) * fround(height))
      return fround(shared / fround(fround(areas[i] + areas[j]) - shared)) > limit
    }
    if (kept.some(drops)) continue
    kept.push(i)
    stays[i] = 1
  }
}

/**
 * Goes over the bins of all regions of a level: `cells` and `weights` hold what each bin reads, four
 * entries a point.
 */
const eachBin = (
  [boxes, levels]: readonly [Float32Array, Int32Array],
  shapes: readonly Shape[],
  { size, points, scales, aligned }: RoiAlignAttributes,
  visit: (level: number, region: number, cells: Int32Array, weights: Float32Array) => void,
): void => {
  const shift = aligned ? 0.5 : 0
  const reads = 4 * points * points
  const cells = new Int32Array(size * size * reads)
  const weights = new Float32Array(cells.length)
  const axis = (start: number, bin: number, extent: number): Float64Array => {
    // Of each point: the cell it is at or behind, the one after, and the weight of that; −1 outside.
    const found = new Float64Array(3 * size * points)
    for (let p = 0; p < size * points; p++) {
      const at = start + bin * (Math.floor(p / points) + ((p % points) + 0.5) / points)
      const inside = Math.min(Math.max(at, 0), extent - 1)
      const low = Math.floor(inside)
      found[3 * p] = at < -1 || at > extent ? -1 : low
      found[3 * p + 1] = Math.min(low + 1, extent - 1)
      found[3 * p + 2] = inside - low
    }
    return found
  }
  for (let region = 0; region < levels.length; region++) {
    const level = levels[region]
    if (level < 0 || level >= shapes.length) continue
    const [, , height, width] = shapes[level]
    const corner = (i: number): number => boxes[4 * region + i] * scales[level] - shift
    const side = (i: number): number => {
      const length = corner(i + 2) - corner(i)
      return (aligned ? length : Math.max(length, 1)) / size
    }
    const rows = axis(corner(1), side(1), height)
    const columns = axis(corner(0), side(0), width)
    let next = 0
    const read = (cell: number, weight: number): void => {
      cells[next] = cell
      weights[next++] = weight
    }
    for (let bin = 0; bin < size * size; bin++)
      for (let point = 0; point < points * points; point++) {
        const y = 3 * (Math.floor(bin / size) * points + Math.floor(point / points))
        const x = 3 * ((bin % size) * points + (point % points))
        const share = rows[y] < 0 || columns[x] < 0 ? 0 : 1 / (points * points)
        for (const [row, weightY] of [
          [share && rows[y], 1 - rows[y + 2]],
          [share && rows[y + 1], rows[y + 2]],
        ]) {
          read(share && row * width + columns[x], share * weightY * (1 - columns[x + 2]))
          read(share && row * width + columns[x + 1], share * weightY * columns[x + 2])
        }
      }
    visit(level, region, cells, weights)
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
      eachBin([boxes, ints(levels)], shapes, attributes, (level, region, cells, weights) => {
        const [, , height, width] = shapes[level]
        const map = given[level]
        const reads = cells.length / bins
        for (let c = 0; c < channels; c++) {
          const plane = (Math.floor(region / regions) * channels + c) * height * width
          const start = (region * channels + c) * bins
          for (let bin = 0, at = 0; bin < bins; bin++) {
            let sum = 0
            for (let i = 0; i < reads; i++, at++) sum += weights[at] * map[plane + cells[at]]
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
      eachBin([boxes, ints(levels)], shapes, attributes, (level, region, cells, weights) => {
        const [, , height, width] = shapes[level]
        const map = maps[level]
        const reads = cells.length / bins
        for (let c = 0; c < channels; c++) {
          const plane = (Math.floor(region / regions) * channels + c) * height * width
          const start = (region * channels + c) * bins
          for (let bin = 0, at = 0; bin < bins; bin++) {
            const slope = dy[start + bin]
            for (let i = 0; i < reads; i++, at++) map[plane + cells[at]] += weights[at] * slope
          }
        }
      })
    })
    for (const [i, value] of outputs.entries()) plan.define(value, results[i])
  },
} satisfies Partial<Lowerings>
