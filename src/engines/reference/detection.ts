/** Operations of detectors: order, suppression, regions of maps. */

import { type Shape, sizeOf } from '../../graph/index.ts'
import type { RoiAlignAttributes } from '../../ops/index.ts'
import { type Kernels, type Numbers, range } from './kernel.ts'

/** Intersection over union of two of many boxes; without area there is none. */
const overlap = (boxes: Numbers, i: number, j: number): number => {
  const [a, b] = [i, j].map(at => [...boxes.subarray(4 * at, 4 * at + 4)])
  const area = ([x1, y1, x2, y2]: readonly number[]): number =>
    Math.max(x2 - x1, 0) * Math.max(y2 - y1, 0)
  const shared = area([
    Math.max(a[0], b[0]),
    Math.max(a[1], b[1]),
    Math.min(a[2], b[2]),
    Math.min(a[3], b[3]),
  ])
  return shared === 0 ? 0 : shared / (area(a) + area(b) - shared)
}

/** The cells that a point between them reads, with their weights. */
const cellsAt = (at: number, extent: number): readonly (readonly [number, number])[] => {
  if (at < -1 || at > extent) return []
  const inside = Math.min(Math.max(at, 0), extent - 1)
  const low = Math.floor(inside)
  return [[low, 1 - (inside - low)] as const, [low + 1, inside - low] as const].filter(
    ([, weight]) => weight > 0,
  )
}

/** Goes over all cells that are read: of which level, region and bin, where, with which weight. */
const eachCell = (
  boxes: Numbers,
  levels: Numbers,
  shapes: readonly Shape[],
  { size, points, scales, aligned }: RoiAlignAttributes,
  visit: (level: number, region: number, bin: number, cell: number, weight: number) => void,
): void => {
  const shift = aligned ? 0.5 : 0
  for (const [region, level] of levels.entries()) {
    if (level < 0 || level >= shapes.length) continue
    const [, , height, width] = shapes[level]
    const [x1, y1, x2, y2] = boxes
      .subarray(4 * region, 4 * region + 4)
      .map(corner => corner * scales[level] - shift)
    const [binX, binY] = [x2 - x1, y2 - y1].map(
      length => (aligned ? length : Math.max(length, 1)) / size,
    )
    for (const bin of range(size * size))
      for (const point of range(points * points)) {
        const [i, j] = [Math.floor(point / points), point % points]
        const y = y1 + binY * (Math.floor(bin / size) + (i + 0.5) / points)
        const x = x1 + binX * ((bin % size) + (j + 0.5) / points)
        for (const [row, weightY] of cellsAt(y, height))
          for (const [column, weightX] of cellsAt(x, width))
            visit(level, region, bin, row * width + column, (weightY * weightX) / points ** 2)
      }
  }
}

export const detection = {
  topK: ({ inputs: [x], shapes: [shape], outputs: [{ shape: result }], attributes: { k } }) => {
    const [n] = shape.slice(-1)
    const [values, indices] = [new Float64Array(sizeOf(result)), new Float64Array(sizeOf(result))]
    for (const row of range(sizeOf(shape) / n)) {
      const order = range(n).sort((a, b) => x[row * n + b] - x[row * n + a] || a - b)
      for (const [i, index] of order.slice(0, k).entries()) {
        values[row * k + i] = x[row * n + index]
        indices[row * k + i] = index
      }
    }
    return [values, indices]
  },
  nonMaximumSuppression: ({ inputs: [boxes, scores], shapes: [[b, n]], attributes }) => {
    const stays = new Float64Array(b * n)
    for (const row of range(b)) {
      const kept: number[] = []
      const order = range(n)
        .map(i => row * n + i)
        .filter(i => scores[i] > attributes.minScore)
        .sort((i, j) => scores[j] - scores[i] || i - j)
      for (const i of order)
        if (kept.every(j => overlap(boxes, i, j) <= attributes.threshold)) kept.push(i)
      for (const i of kept) stays[i] = 1
    }
    return [stays]
  },
  roiAlign: ({ inputs, shapes, outputs: [{ shape }], attributes }) => {
    const [boxes, levels] = inputs.slice(-2)
    const [, r, c, size] = shape
    const y = new Float64Array(sizeOf(shape))
    const visit = (level: number, region: number, bin: number, cell: number, weight: number) => {
      const [, , height, width] = shapes[level]
      const image = Math.floor(region / r)
      for (const channel of range(c))
        y[(region * c + channel) * size * size + bin] +=
          weight * inputs[level][(image * c + channel) * height * width + cell]
    }
    eachCell(boxes, levels, shapes.slice(0, -2), attributes, visit)
    return [y]
  },
  roiAlignGradient: ({ inputs: [boxes, levels, dy], shapes, outputs, attributes }) => {
    const [, r, c, size] = shapes[2]
    const results = outputs.map(({ shape }) => new Float64Array(sizeOf(shape)))
    const visit = (level: number, region: number, bin: number, cell: number, weight: number) => {
      const [, , height, width] = attributes.shapes[level]
      const image = Math.floor(region / r)
      for (const channel of range(c))
        results[level][(image * c + channel) * height * width + cell] +=
          weight * dy[(region * c + channel) * size * size + bin]
    }
    eachCell(boxes, levels, attributes.shapes, attributes, visit)
    return results
  },
} satisfies Partial<Kernels>
