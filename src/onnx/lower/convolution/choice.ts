/**
 * Which form a convolution's gradients take: rules in order, the first that holds. ONNX has no
 * operator for either gradient, and the best of these forms depends on the shape by factors of two
 * to ten; `docs/notes/performance.md` has the measurements.
 */

import { type Geometry, type InputGradient, reachOf, type WeightGradient } from './geometry.ts'
import { im2col } from './im2col.ts'
import { dilatedConv, flippedKernelConv, transposed } from './inputGradient.ts'
import { isOne, isZero } from './layout.ts'
import { pointwiseEach, pointwiseWhole } from './pointwise.ts'
import { shiftable, shifted } from './shifted.ts'
import { tapwise } from './tapwise.ts'

export interface Rule<Form> {
  readonly name: string
  readonly form: Form
  /** What it comes to, for people. */
  readonly describe: string
  holds(geometry: Geometry): boolean
}

/** Up to so many output pixels one product over all images beats one an image. */
const SMALL_MAP = 200

const always = (): boolean => true
const dense = ({ strides }: Geometry): boolean => strides.every(isOne)
const pointwise = (geometry: Geometry): boolean =>
  dense(geometry) && geometry.kernel.every(isOne) && geometry.pads.every(isZero)
const small = ({ pixels }: Geometry): boolean => pixels <= SMALL_MAP
/** No pad is so wide that a window can lie in it entirely. */
const inside = (geometry: Geometry): boolean => {
  const reach = reachOf(geometry)
  return geometry.pads.every((size, i) => size <= reach[i % reach.length])
}

/** Whether every tap of every window falls on a stride-th pixel. */
export const skips = ({ kernel, strides, dilations, pads }: Geometry): boolean =>
  strides.some(stride => stride > 1) &&
  strides.every(
    (stride, axis) =>
      (kernel[axis] === 1 || dilations[axis] % stride === 0) &&
      pads[axis] % stride === 0 &&
      pads[axis + strides.length] % stride === 0,
  )

export const INPUT_GRADIENTS: readonly Rule<InputGradient>[] = [
  {
    name: 'flippedKernelConv',
    form: flippedKernelConv,
    describe: 'Conv with the transposed, turned weight',
    holds: geometry => dense(geometry) && inside(geometry),
  },
  {
    name: 'dilatedConv',
    form: dilatedConv,
    describe: 'Conv with the turned weight at every stride-th pixel, zeros between',
    holds: geometry => skips(geometry) && inside(geometry),
  },
  { name: 'transposed', form: transposed, describe: 'ConvTranspose', holds: always },
]

export const WEIGHT_GRADIENTS: readonly Rule<WeightGradient>[] = [
  {
    name: 'pointwiseWhole',
    form: pointwiseWhole,
    describe: 'one product over all images',
    holds: geometry => geometry.group === 1 && pointwise(geometry) && small(geometry),
  },
  {
    name: 'pointwiseEach',
    form: pointwiseEach,
    describe: 'a product an image, summed',
    holds: geometry => geometry.group === 1 && pointwise(geometry),
  },
  {
    name: 'shifted',
    form: shifted,
    describe: 'a product of copies of dy and x, shifted by the rows and columns of the kernel',
    holds: geometry => shiftable(geometry) && (geometry.group > 1 || !small(geometry)),
  },
  {
    name: 'im2col',
    form: im2col,
    describe: 'one product with all windows, gathered (im2col)',
    holds: ({ group }) => group === 1,
  },
  { name: 'tapwise', form: tapwise, describe: 'a product a tap, strung together', holds: always },
]

export const choose = <Form>(rules: readonly Rule<Form>[], geometry: Geometry): Rule<Form> =>
  rules.find(({ holds }) => holds(geometry)) as Rule<Form>
