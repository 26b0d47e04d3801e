/** Convolutions of images by loops over planes that are padded first, so that no loop asks where it is. */

import type { ConvolutionAttributes } from '../../ops/convolution.ts'
import type { Kernel, Numbers } from '../reference/kernel.ts'

/** A plane with its padding, in place of `padded`, whose border is zero already. */
const pad = (
  x: Numbers,
  from: number,
  [height, width]: readonly number[],
  [top, left]: readonly number[],
  line: number,
  padded: Numbers,
): void => {
  for (let row = 0; row < height; row++)
    padded.set(x.subarray(from + row * width, from + (row + 1) * width), (row + top) * line + left)
}

interface Plan {
  readonly line: number
  readonly strides: readonly number[]
  readonly dilations: readonly number[]
  readonly height: number
  readonly width: number
}

/** y += w ∗ x for one plane of a 3×3 kernel: all nine products before y is stored. */
const add3x3 = (
  x: Numbers,
  w: Numbers,
  at: number,
  y: Numbers,
  to: number,
  { line, strides: [down, right], dilations: [tall, wide], height, width }: Plan,
): void => {
  const [a, b, c, d, e, f, g, h, i] = w.subarray(at, at + 9)
  for (let row = 0; row < height; row++) {
    let p = row * down * line
    let q = p + tall * line
    let r = q + tall * line
    const end = to + (row + 1) * width
    for (let o = end - width; o < end; o++, p += right, q += right, r += right)
      y[o] +=
        a * x[p] +
        b * x[p + wide] +
        c * x[p + 2 * wide] +
        d * x[q] +
        e * x[q + wide] +
        f * x[q + 2 * wide] +
        g * x[r] +
        h * x[r + wide] +
        i * x[r + 2 * wide]
  }
}

/** y += w · x for one weight, `from` where its first product has its pixel. */
const addOne = (
  x: Numbers,
  from: number,
  weight: number,
  y: Numbers,
  to: number,
  { line, strides: [down, right], height, width }: Plan,
): void => {
  for (let row = 0; row < height; row++) {
    let p = from + row * down * line
    const end = to + (row + 1) * width
    for (let o = end - width; o < end; o++, p += right) y[o] += weight * x[p]
  }
}

export const imageConvolution: Kernel<ConvolutionAttributes> = ({
  inputs: [x, weight, bias],
  shapes: [[images, channels, ...size], [outputs, inner, ...kernel]],
  outputs: [{ shape }],
  attributes: { strides, pads, dilations, group },
}) => {
  const [, , height, width] = shape
  const line = size[1] + pads[1] + pads[3]
  const plan = { line, strides, dilations, height, width }
  const [plane, taps] = [height * width, kernel[0] * kernel[1]]
  const isThree = kernel[0] === 3 && kernel[1] === 3
  const y = new Float64Array(images * outputs * plane)
  const padded = new Float64Array(line * (size[0] + pads[0] + pads[2]))
  const each = outputs / group
  for (let n = 0; n < images; n++) {
    if (bias !== undefined)
      for (let o = 0; o < outputs; o++)
        y.fill(bias[o], (n * outputs + o) * plane, (n * outputs + o + 1) * plane)
    for (let channel = 0; channel < channels; channel++) {
      pad(x, (n * channels + channel) * size[0] * size[1], size, pads, line, padded)
      const first = Math.floor(channel / inner) * each
      for (let o = first; o < first + each; o++) {
        const at = (o * inner + (channel % inner)) * taps
        const to = (n * outputs + o) * plane
        if (isThree) add3x3(padded, weight, at, y, to, plan)
        else
          for (let tap = 0; tap < taps; tap++) {
            const row = Math.floor(tap / kernel[1]) * dilations[0]
            const from = row * line + (tap % kernel[1]) * dilations[1]
            addOne(padded, from, weight[at + tap], y, to, plan)
          }
      }
    }
  }
  return [y]
}
