/** Images as a network's input takes them, and its output as logits: layout, order of colors, type. */

import { half, halfBits } from '../tensor/float16.ts'
import type { Tensor, TensorData } from '../tensor/tensor.ts'
import type { Description } from './description.ts'

type Input = Description['input']

const WRITERS = {
  float32: (values: Float32Array) => values,
  float16: (values: Float32Array) => Uint16Array.from(values, halfBits),
  uint8: (values: Float32Array) => Uint8Array.from(values, Math.round),
} satisfies Record<Input['dtype'], (values: Float32Array) => TensorData>

/** Where a number goes: the planes in their order or the other, together or pixel by pixel. */
const moved = (images: Float32Array, { layout, order, channels, height, width }: Input) => {
  if (layout === 'NCHW' && order !== 'BGR') return images
  const plane = height * width
  const [pixel, color] = layout === 'NCHW' ? [1, plane] : [channels, 1]
  const result = new Float32Array(images.length)
  for (let from = 0; from < images.length; from += plane) {
    const c = (from / plane) % channels
    const to = from - c * plane + (order === 'BGR' ? channels - 1 - c : c) * color
    for (let i = 0; i < plane; i++) result[to + i * pixel] = images[from + i]
  }
  return result
}

/** Normalized planes of RGB as the input takes them. */
export const arranged = (
  images: Float32Array,
  input: Input,
): Tensor & { dtype: Input['dtype'] } => {
  const { layout, dtype, channels, height, width } = input
  const own = layout === 'NCHW' ? [channels, height, width] : [height, width, channels]
  const count = images.length / (channels * height * width)
  return { dtype, shape: [count, ...own], data: WRITERS[dtype](moved(images, input)) }
}

/** The least number above zero that a float32 holds: what has no probability at all has a logit, too. */
const LEAST = 2 ** -149

const logarithm = (value: number): number => Math.log(Math.max(value, LEAST))

/** An output as logits: of probabilities the logarithms, of a label's those of its odds; numbers as they are. */
export const asLogits = (
  data: ArrayLike<number | bigint>,
  { output: { values }, task }: Pick<Description, 'output' | 'task'>,
): Float32Array => {
  const numbers = Float32Array.from(
    data as ArrayLike<number>,
    data instanceof Uint16Array ? half : Number,
  )
  if (values !== 'probabilities') return numbers
  return task === 'labels'
    ? numbers.map(value => logarithm(value) - logarithm(1 - value))
    : numbers.map(logarithm)
}
