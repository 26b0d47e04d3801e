/**
 * A part of an image, resized: bilinear over all that a pixel covers, as PIL's and torchvision's
 * antialiased `bilinear`. A third of an image's time where libvips does it, most of that for
 * building a pipeline; a tenth here, by 128-bit WebAssembly, the same bits on every machine.
 */

import type { Size, Window } from '../image.ts'
import { kernel, reserve, VECTOR } from './kernel.ts'

/** One axis of a window: where it begins and how long it is, in an image of so many samples. */
interface Axis {
  readonly start: number
  readonly size: number
  readonly length: number
  readonly target: number
}

const WORD = 4
const SPAN = 3 * WORD
const PIXEL = 3 * WORD
/** Pixels that the kernel makes at a time. */
const FOUR = 4

/** How far a pixel of the result reaches to either side. */
const reach = ({ size, target }: Axis): number => Math.max(size / target, 1)

const samples = (axis: Axis): { first: number; last: number } => ({
  first: Math.max(Math.floor(axis.start + axis.size / axis.target / 2 - reach(axis)), 0),
  last: Math.min(
    Math.ceil(axis.start + axis.size - axis.size / axis.target / 2 + reach(axis)),
    axis.length,
  ),
})

/** How many samples a pixel of the result is made of, at most. */
const taps = (axis: Axis): number => Math.ceil(2 * reach(axis))

/** What the i-th pixel is made of: weights, of sum 1, by a triangle as wide as it reaches. */
const partsOf = (axis: Axis, i: number): { begin: number; weights: number[] } => {
  const { start, size, length, target } = axis
  const width = reach(axis)
  const center = start + ((i + 0.5) * size) / target - 0.5
  const begin = Math.max(Math.floor(center - width) + 1, 0)
  const end = Math.min(Math.ceil(center + width), length)
  const weights: number[] = []
  let sum = 0
  for (let at = begin; at < end; at++) {
    const weight = 1 - Math.abs(at - center) / width
    weights.push(weight)
    sum += weight
  }
  return { begin, weights: weights.map(weight => weight / sum) }
}

/** Writes the spans of rows, and what they point to. */
const writeRows = (
  memory: ArrayBuffer,
  axis: Axis,
  { spans, weights, stride }: { spans: number; weights: number; stride: number },
): void => {
  const words = new Int32Array(memory, spans)
  const floats = new Float32Array(memory)
  let at = weights / WORD
  for (let i = 0; i < axis.target; i++) {
    const parts = partsOf(axis, i)
    words[3 * i] = parts.begin * stride
    words[3 * i + 1] = at * WORD
    floats.set(parts.weights, at)
    at += parts.weights.length
    words[3 * i + 2] = at * WORD
  }
}

/** Writes places and weights of columns, whose loops are quicker where all are of one length. */
const writeColumns = (
  memory: ArrayBuffer,
  axis: Axis,
  {
    places,
    weights,
    first,
    last,
  }: { places: number; weights: number; first: number; last: number },
): number => {
  const count = Math.min(taps(axis), last - first)
  const words = new Int32Array(memory, places, axis.target)
  const floats = new Float32Array(memory, weights, FOUR * count * Math.ceil(axis.target / FOUR))
  floats.fill(0)
  for (let i = 0; i < axis.target; i++) {
    const parts = partsOf(axis, i)
    const begin = Math.min(parts.begin, last - count)
    words[i] = (begin - first) * PIXEL
    const to = FOUR * count * Math.floor(i / FOUR) + (i % FOUR)
    for (const [tap, weight] of parts.weights.entries())
      floats[to + FOUR * (parts.begin - begin + tap)] = weight
  }
  return count
}

/** The bytes of an image, and those behind it that the kernel may touch. */
const spaceOf = ({ width, height }: Size): number => 3 * width * height + VECTOR

/**
 * A place for the interleaved RGB of an image, 0 to 255: filled, then resampled, with nothing between.
 * It lies where the kernel reads, so that decoders write it there and it is never copied.
 */
export const pixelPlace = (image: Size): Uint8Array => {
  const [source] = reserve(spaceOf(image))
  return new Uint8Array(kernel().memory.buffer, source, 3 * image.width * image.height)
}

/** How many of the uppermost rows of an image a window needs, at a height. */
export const rowsNeeded = ({ height }: Size, window: Window, tall: number): number =>
  samples({ start: window.top, size: window.height, length: height, target: tall }).last

/** Resizes a window of the image in `pixelPlace` to a height and width: planar 3×H×W. */
export const resample = (
  image: Size,
  window: Window,
  [tall, wide]: readonly [height: number, width: number],
): Uint8Array => {
  const down = { start: window.top, size: window.height, length: image.height, target: tall }
  const across = { start: window.left, size: window.width, length: image.width, target: wide }
  const { first, last } = samples(across)
  const bytes = 3 * (last - first)
  const most = (axis: Axis): number => Math.ceil(axis.target / FOUR) * FOUR * taps(axis) * WORD
  const [source, rows, places, rowWeights, columnWeights, line, to] = reserve(
    spaceOf(image),
    tall * SPAN,
    wide * WORD,
    most(down),
    most(across),
    (bytes + 2 * VECTOR) * WORD,
    3 * tall * wide,
  )
  const { memory, resample: run } = kernel()
  const stride = 3 * image.width
  writeRows(memory.buffer, down, { spans: rows, weights: rowWeights, stride })
  const columns = { places, weights: columnWeights, first, last }
  const count = writeColumns(memory.buffer, across, columns)
  const from = source + 3 * first
  run(from, stride, bytes, rows, places, columnWeights, count, tall, wide, line, to)
  return new Uint8Array(memory.buffer).slice(to, to + 3 * tall * wide)
}
