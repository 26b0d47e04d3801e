/** The forms that are told are those that the rules choose, each gradient once, strides as they are. */

import { expect, it } from 'vitest'
import { gradients } from '../../../autodiff/index.ts'
import { graph, input } from '../../../graph/index.ts'
import { convolution, reduceSum } from '../../../ops/index.ts'
import { describeLowerings } from './explain.ts'

const told = (kernel: number, size: number, options: { stride?: number; group?: number } = {}) => {
  const { group = 1, stride = 1 } = options
  const x = input('x', [2, 8, size, size])
  const weight = input('weight', [8, 8 / group, kernel, kernel])
  const padding = kernel >> 1
  const y = convolution(x, weight, undefined, { padding, stride, group })
  const [dx, dw] = gradients(reduceSum(y), [x, weight])
  return Object.fromEntries(
    describeLowerings(graph({ dx, dw })).map(({ gradient, form }) => [gradient, form]),
  )
}

it('by shape', () => {
  expect(told(1, 8)).toEqual({ input: 'flippedKernelConv', weight: 'pointwiseWhole' })
  expect(told(1, 32)).toEqual({ input: 'flippedKernelConv', weight: 'pointwiseEach' })
  expect(told(3, 8)).toEqual({ input: 'flippedKernelConv', weight: 'im2col' })
  expect(told(3, 32)).toEqual({ input: 'flippedKernelConv', weight: 'shifted' })
  expect(told(3, 9, { stride: 2 })).toEqual({ input: 'transposed', weight: 'im2col' })
})

it('strided reading of every other pixel is its product, said so', () => {
  const x = input('x', [2, 8, 32, 32])
  const weight = input('weight', [8, 8, 1, 1])
  const [dw] = gradients(reduceSum(convolution(x, weight, undefined, { stride: 2 })), [weight])
  expect(describeLowerings(graph({ dw }))).toMatchObject([
    {
      gradient: 'weight',
      input: [2, 8, 32, 32],
      weight: [8, 8, 1, 1],
      describe: 'of every stride-th pixel: a product an image, summed',
    },
  ])
})
