/**
 * A part of a picture, resized: bilinear over all that a pixel covers, as PIL's and torchvision's
 * antialiased `bilinear`. A third of a picture's time where libvips does it, most of that for
 * building a pipeline; a tenth here, by 128-bit WebAssembly, the same bits on every machine.
 */

import type { Window } from '../pictures.ts'
import { kernel, reserve, VECTOR } from './kernel.ts'

/** Interleaved RGB, 0 to 255. */
export interface Decoded {
  readonly data: Uint8Array
  readonly width: number
  readonly height: number
}

/** One axis of a window: where it begins and how long it is, in a picture of so many samples. */
interface Axis {
  readonly start: number
  readonly size: number
  readonly length: number
  readonly target: number
}

const WORD = 4
const SPAN = 3 * WORD

/** How far a pixel of the result reaches to either side. */
const reach = ({ size, target }: Axis): number => Math.max(size / target, 1)

const samples = (axis: Axis): { first: number; last: number } => ({
  first: Math.max(Math.floor(axis.start + axis.size / axis.target / 2 - reach(axis)), 0),
  last: Math.min(
    Math.ceil(axis.start + axis.size - axis.size / axis.target / 2 + reach(axis)),
    axis.length,
  ),
})

const mostWeights = (axis: Axis): number => axis.target * (2 * Math.ceil(reach(axis)) + 2)

/**
 * Writes the spans of an axis, of a triangle as wide as a pixel of the result reaches.
 * @param unit - bytes from one sample to the next
 */
const writeSpans = (
  memory: ArrayBuffer,
  axis: Axis,
  { spans, weights, first, unit }: { spans: number; weights: number; first: number; unit: number },
): void => {
  const words = new Int32Array(memory)
  const floats = new Float32Array(memory)
  const { start, size, length, target } = axis
  const width = reach(axis)
  let [span, weight] = [spans / WORD, weights / WORD]
  for (let i = 0; i < target; i++) {
    const centre = start + ((i + 0.5) * size) / target - 0.5
    const begin = Math.max(Math.floor(centre - width) + 1, 0)
    const end = Math.min(Math.ceil(centre + width), length)
    let sum = 0
    for (let at = begin; at < end; at++) sum += 1 - Math.abs(at - centre) / width
    words[span++] = (begin - first) * unit
    words[span++] = weight * WORD
    for (let at = begin; at < end; at++)
      floats[weight++] = (1 - Math.abs(at - centre) / width) / sum
    words[span++] = weight * WORD
  }
}

/** Resizes a window, which lies in the picture, to a height and width: planar 3×H×W. */
export const resample = (
  { data, width, height }: Decoded,
  window: Window,
  [tall, wide]: readonly [height: number, width: number],
): Uint8Array => {
  const down: Axis = { start: window.top, size: window.height, length: height, target: tall }
  const across: Axis = { start: window.left, size: window.width, length: width, target: wide }
  const { first, last } = samples(across)
  const bytes = 3 * (last - first)
  const [source, rows, columns, rowWeights, columnWeights, line, to] = reserve(
    data.length + VECTOR,
    tall * SPAN,
    wide * SPAN,
    mostWeights(down) * WORD,
    mostWeights(across) * WORD,
    (bytes + 2 * VECTOR) * WORD,
    3 * tall * wide,
  )
  const { memory, resample: run } = kernel()
  new Uint8Array(memory.buffer).set(data, source)
  writeSpans(memory.buffer, down, { spans: rows, weights: rowWeights, first: 0, unit: 3 * width })
  const pixel = 3 * WORD
  writeSpans(memory.buffer, across, { spans: columns, weights: columnWeights, first, unit: pixel })
  run(source + 3 * first, 3 * width, bytes, rows, columns, tall, wide, line, to)
  return new Uint8Array(memory.buffer).slice(to, to + 3 * tall * wide)
}
