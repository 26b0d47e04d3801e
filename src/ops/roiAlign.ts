/**
 * Regions of feature maps, sampled bilinearly into small maps of one size (He et al.: Mask R-CNN,
 * arXiv:1703.06870, section 3), each from the level of a pyramid that fits it (Lin et al.: FPN,
 * arXiv:1612.03144, section 4.2).
 *
 * A bin is the mean of points in it, and a point is bilinear in y and in x, so that a region of a
 * channel is A·X·Bᵀ: A holds the weights of rows, B of columns. N images, R regions an image, C
 * channels, S bins a side.
 */

import { formatShape } from '../errors/index.ts'
import type { Shape, Value, ValueType } from '../graph/index.ts'
import { abs, add, div, mul, sub } from './arithmetic.ts'
import { reduceSum } from './broadcast.ts'
import { cast } from './cast.ts'
import { clip, equal, less, maximum, where } from './comparison.ts'
import { constant } from './constant.ts'
import { matmul } from './matmul.ts'
import { apply, expectFloats, type Operation, type Refuse } from './operation.ts'
import { slice } from './pad.ts'
import { reshape } from './reshape.ts'
import { transpose } from './transpose.ts'

export interface RoiAlignAttributes {
  /** Bins a side. */
  readonly size: number
  /** Points a side of each bin. */
  readonly points: number
  /** Cells a pixel of each level: 1/4, 1/8, … */
  readonly scales: readonly number[]
  /** Whether the center of the first pixel is 0.5; otherwise boxes are at least one cell wide. */
  readonly aligned: boolean
}

const checkRegions = (
  boxes: ValueType,
  levels: ValueType,
  { size, points, scales }: RoiAlignAttributes,
  maps: number,
  refuse: Refuse,
): void => {
  const [n, r, corners] = boxes.shape
  if (boxes.shape.length !== 3 || corners !== 4) refuse('boxes [N, R, 4]', formatShape(boxes.shape))
  if (levels.dtype !== 'int32' || levels.shape.join() !== `${n},${r}`)
    refuse(`int32 levels ${formatShape([n, r])}`, `${levels.dtype} ${formatShape(levels.shape)}`)
  for (const [name, value] of Object.entries({ size, points }))
    if (!Number.isInteger(value) || value < 1) refuse(`a whole ${name} of at least 1`, `${value}`)
  if (scales.length !== maps || scales.some(scale => !(scale > 0)))
    refuse(`${maps} positive scales`, `[${scales.join(', ')}]`)
}

/**
 * Of maps [N, C, H, W], one a level, boxes [N, R, 4] in pixels and the level of each, int [N, R]:
 * [N, R, C, S, S]. A region of no level is zero. Boxes get no gradient.
 */
export const roiAlignOp: Operation<'roiAlign', RoiAlignAttributes> = {
  name: 'roiAlign',
  infer: (inputs, attributes, refuse) => {
    const maps = inputs.slice(0, -2)
    const [boxes, levels] = inputs.slice(-2)
    if (maps.length === 0) refuse('a map, boxes and levels', `${inputs.length} inputs`)
    expectFloats([...maps, boxes], refuse)
    checkRegions(boxes, levels, attributes, maps.length, refuse)
    const [n, r] = boxes.shape
    const c = maps[0].shape[1]
    for (const { shape } of maps)
      if (shape.length !== 4 || shape[0] !== n || shape[1] !== c)
        refuse(`maps [${n}, ${c}, H, W]`, formatShape(shape))
    const { size } = attributes
    return [{ dtype: maps[0].dtype, shape: [n, r, c, size, size] }]
  },
  gradient: ({ inputs, attributes, cotangents: [dy] }) => {
    const maps = inputs.slice(0, -2)
    const [boxes, levels] = inputs.slice(-2)
    const shapes = maps.map(({ shape }) => shape)
    return [
      ...apply(roiAlignGradientOp, [boxes, levels, dy], { ...attributes, shapes }),
      undefined,
      undefined,
    ]
  },
}

export const roiAlign = (
  maps: readonly Value[],
  boxes: Value,
  levels: Value,
  attributes: RoiAlignAttributes,
): Value => apply(roiAlignOp, [...maps, boxes, levels], attributes)[0]

export interface RoiAlignGradientAttributes extends RoiAlignAttributes {
  /** The shapes of the maps. */
  readonly shapes: readonly Shape[]
}

/** The gradient of roiAlign with respect to its maps: adds dy where points were read, by their weights. */
export const roiAlignGradientOp: Operation<'roiAlignGradient', RoiAlignGradientAttributes> = {
  name: 'roiAlignGradient',
  infer: ([boxes, levels, dy], attributes, refuse) => {
    const { size, shapes } = attributes
    expectFloats([boxes, dy], refuse)
    checkRegions(boxes, levels, attributes, shapes.length, refuse)
    const regions = [...boxes.shape.slice(0, 2), shapes[0]?.[1], size, size]
    if (dy.shape.join() !== regions.join())
      refuse(`dy ${formatShape(regions)}`, formatShape(dy.shape))
    return shapes.map(shape => ({ dtype: dy.dtype, shape }))
  },
  gradient: ({ inputs: [boxes, levels], attributes, cotangents }) => [
    undefined,
    undefined,
    roiAlign(cotangents, boxes, levels, attributes),
  ],
}

export const roiAlignGradient = (
  boxes: Value,
  levels: Value,
  dy: Value,
  attributes: RoiAlignGradientAttributes,
): readonly Value[] => apply(roiAlignGradientOp, [boxes, levels, dy], attributes)

/** [N, R, S, extent]: the weights of cells along one axis in each bin, of boxes from `low` to `high`. */
const axisWeights = (
  [low, high]: readonly [Value, Value],
  scale: number,
  extent: number,
  { size, points, aligned }: RoiAlignAttributes,
): Value => {
  const [n, r] = low.shape
  const start = sub(mul(low, scale), aligned ? 0.5 : 0)
  const length = mul(sub(high, low), scale)
  const bin = div(aligned ? length : maximum(length, 1), size)
  const steps = Array.from(
    { length: size * points },
    (_, i) => Math.floor(i / points) + ((i % points) + 0.5) / points,
  )
  const at = add(start, mul(bin, constant(steps, [1, 1, steps.length])))
  // Points outside of [−1, extent] read nothing; those at the border read its cell.
  const middle = (extent - 1) / 2
  const outside = less(sub(middle + 1, abs(sub(at, middle))), 0)
  const cells = constant([...Array(extent).keys()], [1, 1, 1, extent])
  const distance = abs(sub(reshape(clip(at, 0, extent - 1), [n, r, steps.length, 1]), cells))
  const shape = [n, r, steps.length, 1]
  const weights = where(reshape(outside, shape), 0, maximum(sub(1, distance), 0))
  return mul(reduceSum(reshape(weights, [n, r, size, points, extent]), [3]), 1 / points)
}

/** A and B of a level: both zero for regions of others. */
const weightsOf = (
  boxes: Value,
  levels: Value,
  level: number,
  [, , height, width]: Shape,
  attributes: RoiAlignAttributes,
): { readonly rows: Value; readonly columns: Value } => {
  const [n, r] = boxes.shape
  const corner = (i: number): Value => slice(boxes, [0, 0, i], [n, r, i + 1])
  const scale = attributes.scales[level]
  const own = reshape(cast(equal(cast(levels), level)), [n, r, 1, 1])
  const [x, y] = [0, 1].map(i => [corner(i), corner(i + 2)] as const)
  return {
    rows: axisWeights(y, scale, height, attributes),
    columns: mul(axisWeights(x, scale, width, attributes), own),
  }
}

/** The operation as matrix products, for engines without a kernel. */
export const roiAlignByProducts = (
  maps: readonly Value[],
  boxes: Value,
  levels: Value,
  attributes: RoiAlignAttributes,
): Value => {
  const { size } = attributes
  const [n, r] = boxes.shape
  const regions = maps.map((x, level) => {
    const [, c, height, width] = x.shape
    const { rows, columns } = weightsOf(boxes, levels, level, x.shape, attributes)
    const across = matmul(
      reshape(x, [n, c * height, width]),
      reshape(columns, [n, r * size, width]),
      { transposeB: true },
    )
    const byRegion = transpose(reshape(across, [n, c, height, r, size]), [0, 3, 2, 1, 4])
    const made = matmul(rows, reshape(byRegion, [n, r, height, c * size]))
    return transpose(reshape(made, [n, r, size, c, size]), [0, 1, 3, 2, 4])
  })
  return regions.reduce((sum, next) => add(sum, next))
}

/** Its gradient as matrix products: Aᵀ·dY·B, summed over regions. */
export const roiAlignGradientByProducts = (
  boxes: Value,
  levels: Value,
  dy: Value,
  attributes: RoiAlignGradientAttributes,
): readonly Value[] => {
  const { size, shapes } = attributes
  const [n, r] = boxes.shape
  return shapes.map((shape, level) => {
    const [, c, height, width] = shape
    const { rows, columns } = weightsOf(boxes, levels, level, shape, attributes)
    const across = matmul(reshape(dy, [n, r, c * size, size]), columns)
    const byBin = transpose(reshape(across, [n, r, c, size, width]), [0, 1, 3, 2, 4])
    const down = matmul(
      reshape(rows, [n, r * size, height]),
      reshape(byBin, [n, r * size, c * width]),
      { transposeA: true },
    )
    return transpose(reshape(down, [n, height, c, width]), [0, 2, 1, 3])
  })
}
