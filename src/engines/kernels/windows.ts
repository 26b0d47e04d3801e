/**
 * Formulas of pooling: folds over the windows' places. A gradient asks, for every pixel, the windows
 * that hold it: no two threads write to one place.
 */

import type { Shape } from '../../graph/index.ts'
import type { AveragePoolAttributes, PoolingAttributes } from '../../ops/pooling.ts'
import { windowCounts } from '../../ops/poolingWindows.ts'
import type { Element, Formulas, Read } from './element.ts'
import { type Axis, type Bound, call, type Expression, type Index, number } from './expression.ts'
import { along, plus, quotient, remainder, sum, times } from './indexing.ts'

type NewAxis = (extent: number) => Axis

/** The pixel that place k of window p is at: p·stride + k·dilation − pad, on each spatial axis. */
const pixelOf = (
  window: readonly Index[],
  places: readonly Axis[],
  { strides, dilations, pads }: PoolingAttributes,
): Index[] =>
  places.map((place, axis) =>
    plus(
      sum([times(window[axis], strides[axis]), times(along(place), dilations[axis])]),
      -pads[axis],
    ),
  )

const inside = (pixel: readonly Index[], size: Shape): Bound[] =>
  pixel.map((at, axis) => ({ at, low: 0, high: size[axis] }))

/** The window of which a pixel is place k: p = (pixel + pad − k·dilation) / stride, where that is whole. */
const windowOf = (
  pixel: readonly Index[],
  places: readonly Axis[],
  { strides, dilations, pads }: PoolingAttributes,
  pooled: Shape,
): { window: Index[]; bounds: Bound[] } => {
  const steps = places.map((place, axis) =>
    plus(sum([pixel[axis], times(along(place), -dilations[axis])]), pads[axis]),
  )
  const window = steps.map((step, axis) => quotient(step, strides[axis]))
  const isWhole = steps.map((step, axis) => ({
    at: remainder(step, strides[axis]),
    low: 0,
    high: 1,
  }))
  return { window, bounds: [...isWhole, ...inside(window, pooled)] }
}

const placesOf = ({ kernelShape }: PoolingAttributes, newAxis: NewAxis): Axis[] =>
  kernelShape.map(newAxis)

/** How many pixels the mean of a window is over. */
const countOf = (
  window: readonly Index[],
  attributes: AveragePoolAttributes,
  input: Shape,
  output: Shape,
  newAxis: NewAxis,
): Expression => {
  const { kernelShape, pads, countIncludePad } = attributes
  if (windowCounts(attributes, input, output) === undefined)
    return number(kernelShape[0] * kernelShape[1])
  const places = placesOf(attributes, newAxis)
  const bounds = pixelOf(window, places, attributes).map((at, axis) => ({
    at,
    low: countIncludePad ? -pads[axis] : 0,
    high: input[axis + 2] + (countIncludePad ? pads[axis + 2] : 0),
  }))
  return {
    kind: 'fold',
    combine: 'add',
    axes: places,
    term: { kind: 'guard', bounds, value: number(1), otherwise: 0 },
  }
}

/** Whether the pixel at place k is the first of the largest of its window. */
const isChosen = (
  [n, c, ...pixel]: readonly Index[],
  window: readonly Index[],
  own: readonly Axis[],
  attributes: PoolingAttributes,
  input: Shape,
  read: Read,
  newAxis: NewAxis,
): Expression => {
  const others = placesOf(attributes, newAxis)
  const columns = attributes.kernelShape[1]
  const order = ([row, column]: readonly Axis[]): Index =>
    sum([times(along(row), columns), along(column)])
  const rival = pixelOf(window, others, attributes)
  const value = read(0, [n, c, ...rival])
  const mine = read(0, [n, c, ...pixel])
  const isEarlier: Expression = {
    kind: 'guard',
    bounds: [{ at: sum([order(own), times(order(others), -1)]), low: 1, high: 2 ** 31 - 1 }],
    value: number(1, 'bool'),
    otherwise: 0,
  }
  const loses = call(
    'choose',
    isEarlier,
    call('less', value, mine),
    call('choose', call('greater', value, mine), number(0, 'bool'), number(1, 'bool')),
  )
  const term: Expression = {
    kind: 'guard',
    bounds: inside(rival, input.slice(2)),
    value: loses,
    otherwise: 1,
  }
  return { kind: 'fold', combine: 'and', axes: others, term }
}

/** Σ over the windows that hold a pixel. */
const overWindows =
  (
    attributes: PoolingAttributes,
    pooled: Shape,
    term: (window: readonly Index[], places: readonly Axis[], newAxis: NewAxis) => Expression,
  ) =>
  (pixel: readonly Index[], newAxis: NewAxis): Expression => {
    const places = placesOf(attributes, newAxis)
    const { window, bounds } = windowOf(pixel, places, attributes, pooled.slice(2))
    const value = term(window, places, newAxis)
    return {
      kind: 'fold',
      combine: 'add',
      axes: places,
      term: { kind: 'guard', bounds, value, otherwise: 0 },
    }
  }

export const windows = {
  maxPool:
    ({ attributes, inputs: [input] }): Element =>
    ([n, c, ...window], read, newAxis) => {
      const places = placesOf(attributes, newAxis)
      const pixel = pixelOf(window, places, attributes)
      const value = read(0, [n, c, ...pixel])
      const bounds = inside(pixel, input.slice(2))
      const term: Expression = { kind: 'guard', bounds, value, otherwise: Number.NEGATIVE_INFINITY }
      return { kind: 'fold', combine: 'max', axes: places, term }
    },
  maxPoolGradient:
    ({ attributes, inputs: [input, pooled] }): Element =>
    (at, read, newAxis) =>
      overWindows(attributes, pooled, (window, places) => {
        const chosen = isChosen(at, window, places, attributes, input, read, newAxis)
        return call('choose', chosen, read(1, [at[0], at[1], ...window]), number(0))
      })(at.slice(2), newAxis),
  averagePool:
    ({ attributes, inputs: [input], outputs: [output] }): Element =>
    ([n, c, ...window], read, newAxis) => {
      const places = placesOf(attributes, newAxis)
      const pixel = pixelOf(window, places, attributes)
      const value = read(0, [n, c, ...pixel])
      const bounds = inside(pixel, input.slice(2))
      const term: Expression = { kind: 'guard', bounds, value, otherwise: 0 }
      const total: Expression = { kind: 'fold', combine: 'add', axes: places, term }
      return call('div', total, countOf(window, attributes, input, output, newAxis))
    },
  averagePoolGradient:
    ({ attributes, inputs: [pooled], outputs: [input] }): Element =>
    ([n, c, ...pixel], read, newAxis) =>
      overWindows(attributes, pooled, window =>
        call(
          'div',
          read(0, [n, c, ...window]),
          countOf(window, attributes, input, pooled, newAxis),
        ),
      )(pixel, newAxis),
} satisfies Formulas
