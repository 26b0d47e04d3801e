/** The inputs, weights and digests of the recorded cases, by the formula written out in record.py. */

import { type Shape, sizeOf } from '../../src/graph/index.ts'

/** More elements than this are stored as a digest. */
export const LARGE = 256
const SAMPLES = 64
/** A digest: these three, then the samples. */
const TOTALS = 3

const SPREADS: Readonly<Record<string, readonly [center: number, spread: number]>> = {
  x: [0, 2],
  cotangent: [0, 1],
  logits: [0, 3],
  parameters: [0, 1],
  gradients: [0, 1],
  bias: [0, 0.5],
  running_mean: [0, 0.5],
  running_var: [2, 1],
  alpha: [1, 0.5],
  gamma: [0, 1],
  beta: [0, 0.5],
}

const spreadOf = (name: string, shape: Shape): readonly [number, number] =>
  SPREADS[name.slice(name.lastIndexOf('.') + 1)] ??
  (shape.length > 1 ? [0, Math.sqrt(6 / sizeOf(shape.slice(1)))] : [1, 0.5])

const fnv1a = (text: string): number =>
  new TextEncoder()
    .encode(text)
    .reduce((hash, byte) => Math.imul(hash ^ byte, 0x01000193), 0x811c9dc5)

/** Element i of the noise of a name, as a function: in [−1, 1). */
export const noise = (seed: number, name: string): ((i: number) => number) => {
  const start = fnv1a(`${seed}:${name}`)
  return i => {
    let x = (start + Math.imul(i, 0x9e3779b9)) | 0
    x = Math.imul(x ^ (x >>> 16), 0x85ebca6b)
    x = Math.imul(x ^ (x >>> 13), 0xc2b2ae35)
    return ((x ^ (x >>> 16)) >>> 0) / 2 ** 31 - 1
  }
}

export interface Named {
  readonly name: string
  readonly shape: Shape
}

/** The tensor of a name: `scale` widens or narrows its spread. */
export const value = (seed: number, { name, shape }: Named, scale = 1): Float32Array => {
  const [center, spread] = spreadOf(name, shape)
  const u = noise(seed, name)
  return Float32Array.from({ length: sizeOf(shape) }, (_, i) => center + spread * scale * u(i))
}

export const labels = (count: number, classes: number): Int32Array =>
  Int32Array.from({ length: count }, (_, n) => (3 * n + 1) % classes)

const norm = (numbers: readonly number[]): number =>
  Math.sqrt(numbers.reduce((sum, number) => sum + number * number, 0))

/**
 * How far a tensor is from a recorded one (elements or digest): the largest difference of an
 * element over the largest element, or of norm or projection over the norm, whichever is worse.
 */
export const distance = (got: ArrayLike<number>, recorded: ArrayLike<number>): number => {
  const numbers = Array.from(got)
  const wanted = Array.from(recorded)
  if (numbers.length <= LARGE) {
    if (numbers.length !== wanted.length) return Number.POSITIVE_INFINITY
    const peak = Math.max(...wanted.map(Math.abs))
    return worst(numbers.map((number, i) => number - wanted[i])) / peak
  }
  if (wanted.length !== TOTALS + SAMPLES) return Number.POSITIVE_INFINITY
  const [projection, length, peak, ...samples] = wanted
  const sample = noise(0, 'sample')
  const direction = noise(0, 'projection')
  const along = numbers.reduce((sum, number, i) => sum + number * direction(i), 0)
  const elements = samples.map((wanted, i) => {
    const index = Math.floor(((sample(i) + 1) / 2) * numbers.length)
    return numbers[index] - wanted
  })
  return Math.max(
    worst(elements) / peak,
    worst([along - projection, norm(numbers) - length]) / length,
  )
}

const worst = (differences: readonly number[]): number => Math.max(...differences.map(Math.abs))
