/**
 * Boxes [..., 4] as x1, y1, x2, y2 in pixels, and deltas [..., 4] as dx, dy, dw, dh between two of
 * them (Girshick et al.: Rich feature hierarchies, arXiv:1311.2524, appendix C).
 */

import type { Value } from '../../graph/index.ts'
import {
  add,
  cast,
  concat,
  constant,
  div,
  exp,
  flatIndices,
  gather,
  less,
  log,
  maximum,
  minimum,
  mul,
  reshape,
  split,
  sub,
  where,
} from '../../ops/index.ts'

/** What deltas are multiplied by: those of regions, which are small, by ten and five. */
export type DeltaWeights = readonly [x: number, y: number, width: number, height: number]

/** A box grows at most to 1000/16 of what it was: e to a larger power would overflow. */
const MAX_GROWTH = Math.log(1000 / 16)

type Columns = readonly [Value, Value, Value, Value]

/** The four columns, each [..., 1]. */
const columnsOf = (x: Value): Columns => {
  const [a, b, c, d] = split(x, [1, 1, 1, 1], x.shape.length - 1)
  return [a, b, c, d]
}

const joined = (columns: readonly Value[]): Value => concat(columns, columns[0].shape.length - 1)

const centered = (boxes: Value) => {
  const [x1, y1, x2, y2] = columnsOf(boxes)
  const [width, height] = [sub(x2, x1), sub(y2, y1)]
  return { x: add(x1, mul(width, 0.5)), y: add(y1, mul(height, 0.5)), width, height }
}

/** Widths and heights, each [..., 1]. */
export const sides = (boxes: Value): { readonly width: Value; readonly height: Value } => {
  const { width, height } = centered(boxes)
  return { width, height }
}

/** Whether both sides of boxes [..., n, 4] are at least so long: bool [..., n]. */
export const isAtLeast = (boxes: Value, side: number): Value => {
  const { width, height } = sides(boxes)
  const shape = boxes.shape.slice(0, -1)
  return less(side - 1e-9, reshape(minimum(width, height), shape))
}

/** The deltas that lead from boxes to targets; both need area. */
export const encode = (boxes: Value, targets: Value, weights: DeltaWeights): Value => {
  const [from, to] = [centered(boxes), centered(targets)]
  return joined([
    mul(div(sub(to.x, from.x), from.width), weights[0]),
    mul(div(sub(to.y, from.y), from.height), weights[1]),
    mul(log(div(to.width, from.width)), weights[2]),
    mul(log(div(to.height, from.height)), weights[3]),
  ])
}

/** The boxes to which deltas lead; `boxes` broadcasts. */
export const decode = (boxes: Value, deltas: Value, weights: DeltaWeights): Value => {
  const { x, y, width, height } = centered(boxes)
  const [dx, dy, dw, dh] = columnsOf(deltas)
  const side = (delta: Value, own: Value, weight: number): Value =>
    mul(exp(minimum(mul(delta, 1 / weight), MAX_GROWTH)), own)
  const middle = (delta: Value, own: Value, at: Value, weight: number): Value =>
    add(mul(mul(delta, 1 / weight), own), at)
  const [cx, cy] = [middle(dx, width, x, weights[0]), middle(dy, height, y, weights[1])]
  const halves = [side(dw, width, weights[2]), side(dh, height, weights[3])].map(whole =>
    mul(whole, 0.5),
  )
  return joined([sub(cx, halves[0]), sub(cy, halves[1]), add(cx, halves[0]), add(cy, halves[1])])
}

/**
 * Boxes [N, ..., 4] within their images.
 * @param sizes - height and width of each image, [N, 2]
 */
export const clipBoxes = (boxes: Value, sizes: Value): Value => {
  const [n, ...rest] = boxes.shape
  const one = [n, ...rest.map(() => 1)]
  const [height, width] = split(sizes, [1, 1], 1).map(side => reshape(side, one))
  const within = (x: Value, most: Value): Value => minimum(maximum(x, 0), most)
  const [x1, y1, x2, y2] = columnsOf(boxes)
  return joined([within(x1, width), within(y1, height), within(x2, width), within(y2, height)])
}

const areaOf = ([x1, y1, x2, y2]: Columns): Value => mul(sub(x2, x1), sub(y2, y1))

/** Intersection over union of boxes [N, A, 4] with others [N, G, 4]: [N, A, G]; 0 where neither has area. */
export const intersectionOverUnion = (a: Value, b: Value): Value => {
  const [n, g] = b.shape
  const own = columnsOf(a)
  const [x1, y1, x2, y2] = columnsOf(b).map(column => reshape(column, [n, 1, g]))
  const width = maximum(sub(minimum(own[2], x2), maximum(own[0], x1)), 0)
  const height = maximum(sub(minimum(own[3], y2), maximum(own[1], y1)), 0)
  const shared = mul(width, height)
  const union = sub(add(areaOf(own), areaOf([x1, y1, x2, y2])), shared)
  return div(shared, maximum(union, 1e-9))
}

/** Rows [N, M, ...] of each image by int indices [N, K]: [N, K, ...]. */
export const rowsAt = (rows: Value, indices: Value): Value => {
  const [n, m, ...rest] = rows.shape
  const picked = gather(reshape(rows, [n * m, ...rest]), flatIndices(indices, m), 0)
  return reshape(picked, [...indices.shape, ...rest])
}

/** Whole numbers [N, M] of each image by int indices [N, K], as ints. */
export const intsAt = (ints: Value, indices: Value): Value =>
  cast(rowsAt(cast(ints), indices), 'int32')

/** Boxes where a condition [..., n] holds, elsewhere others that broadcast. */
export const boxesWhere = (condition: Value, boxes: Value, others: Value): Value =>
  where(reshape(condition, [...condition.shape, 1]), boxes, others)

/** A box of one pixel, in place of padding: it has area. */
export const UNIT_BOX = (): Value => constant([0, 0, 1, 1], [1, 1, 4])
