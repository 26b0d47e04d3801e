/** Matrix products and convolutions. */

import { type Shape, sizeOf } from '../../graph/index.ts'
import type { ConvolutionAttributes } from '../../ops/convolution.ts'
import { matrixSize } from '../../ops/matmul.ts'
import { coordinates, fill, type Kernels, offsetOf, stridesOf } from './kernel.ts'

/**
 * Calls back for every multiplication of a convolution: the offsets of the input, the weight and
 * the output element that meet. All three directions are this one loop.
 */
const eachProduct = (
  [x, weight, y]: readonly [Shape, Shape, Shape],
  { strides, pads, dilations, group }: ConvolutionAttributes,
  meet: (x: number, weight: number, y: number) => void,
): void => {
  const [outputs, inner, ...kernel] = weight
  const spatial = x.slice(2)
  const strideX = stridesOf(x)
  const taps = sizeOf(kernel)
  for (let output = 0; output < sizeOf(y); output++) {
    const [n, o, ...position] = coordinates(output, y)
    const first = Math.floor(o / (outputs / group)) * inner
    for (let tap = 0; tap < taps; tap++) {
      const at = coordinates(tap, kernel).map(
        (k, axis) => position[axis] * strides[axis] + k * dilations[axis] - pads[axis],
      )
      if (at.some((p, axis) => p < 0 || p >= spatial[axis])) continue
      const pixel = at.reduce((sum, p, axis) => sum + p * strideX[axis + 2], n * strideX[0])
      for (let c = 0; c < inner; c++)
        meet(pixel + (first + c) * strideX[1], (o * inner + c) * taps + tap, output)
    }
  }
}

export const products = {
  matmul: ({ inputs: [a, b], shapes: [shapeA, shapeB], outputs: [{ shape }], attributes }) => {
    const { transposeA, transposeB } = attributes
    const [, inner] = matrixSize(shapeA, transposeA)
    return [
      fill(shape, at => {
        const batch = at.slice(0, -2)
        const [row, column] = at.slice(-2)
        let sum = 0
        for (let k = 0; k < inner; k++)
          sum +=
            a[offsetOfMatrix(batch, transposeA ? [k, row] : [row, k], shapeA)] *
            b[offsetOfMatrix(batch, transposeB ? [column, k] : [k, column], shapeB)]
        return sum
      }),
    ]
  },
  convolution: ({ inputs: [x, weight, bias], shapes, outputs: [{ shape }], attributes }) => {
    const y = fill(shape, ([, o]) => bias?.[o] ?? 0)
    eachProduct([shapes[0], shapes[1], shape], attributes, (i, w, o) => {
      y[o] += x[i] * weight[w]
    })
    return [y]
  },
  convolutionInputGradient: ({
    inputs: [weight, dy],
    shapes,
    outputs: [{ shape }],
    attributes,
  }) => {
    const dx = new Float64Array(sizeOf(shape))
    eachProduct([shape, shapes[0], shapes[1]], attributes, (i, w, o) => {
      dx[i] += weight[w] * dy[o]
    })
    return [dx]
  },
  convolutionWeightGradient: ({ inputs: [x, dy], shapes, outputs: [{ shape }], attributes }) => {
    const dw = new Float64Array(sizeOf(shape))
    eachProduct([shapes[0], shape, shapes[1]], attributes, (i, w, o) => {
      dw[w] += x[i] * dy[o]
    })
    return [dw]
  },
} satisfies Partial<Kernels>

/** The matrix' own axes never stretch, even where they have size 1. */
function offsetOfMatrix(
  batch: readonly number[],
  [row, column]: readonly number[],
  shape: Shape,
): number {
  const [rows, columns] = shape.slice(-2)
  return offsetOf(batch, shape.slice(0, -2)) * rows * columns + row * columns + column
}
