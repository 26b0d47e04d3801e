/**
 * Frequency Channel Attention (Qin, Zhang, Wu, Li: FcaNet, arXiv:2012.11879): SE whose squeeze is
 * a coefficient of the two-dimensional discrete cosine transform in place of the mean. The channels
 * are dealt out to 16 frequencies, picked by how well each does alone (equations 6 to 8, section
 * 3.3).
 *
 * Frequencies count in sevenths of the image's side, as in the authors' code, whose weight names
 * these are: on n × n pixels frequency f is ⌊n/7⌋ · f of n. They hold n by hand, 56, 28, 14 or 7;
 * here it is the largest multiple of 7 within the map, and at least 7, which is the same at 224.
 * Another map is averaged adaptively to n × n as theirs, here within the basis, which is linear too.
 * Where 16 does not divide the channels, they share as many of the first frequencies as do. Their
 * checkpoints also store the basis, `dct_layer.weight`; it is computed here.
 */

import type { Value } from '../graph/index.ts'
import { type Layer, layer, linear, tap } from '../nn/index.ts'
import { constant, matmul, mul, relu, reshape, sigmoid } from '../ops/index.ts'
import { recalibration } from './attention.ts'
import { hiddenWidth } from './hidden.ts'

/** Vertical and horizontal frequency, from 0 to 6, in the authors' order. */
const SELECTIONS = {
  /** By their accuracy alone, best first. */
  top: `00 01 60 05 02 10 12 40 50 16 30 04 06 03 35 22
        46 63 33 53 55 21 61 52 54 32 31 41 23 20 65 13`,
  /** By their size, lowest first. */
  low: `00 01 10 11 02 20 21 12 22 03 30 40 04 13 31 05
        14 23 32 41 50 06 15 24 33 42 51 60 16 25 34 43`,
}
const SIDE = 7

export interface FcaOptions {
  readonly reduction?: number
  /** How many frequencies the channels are dealt out to, up to 32. */
  readonly frequencies?: number
  readonly selection?: keyof typeof SELECTIONS
}

/** Adaptive averaging of `size` pixels to n, then the cosine of the frequency: one row of the basis. */
const wave = (frequency: number, size: number): readonly number[] => {
  const n = Math.max(Math.floor(size / SIDE), 1) * SIDE
  const f = frequency * Math.floor(n / SIDE)
  const row = new Array<number>(size).fill(0)
  for (let i = 0; i < n; i++) {
    const [start, end] = [Math.floor((i * size) / n), Math.ceil(((i + 1) * size) / n)]
    const height = Math.cos((Math.PI * f * (i + 0.5)) / n) * Math.sqrt((f === 0 ? 1 : 2) / n)
    for (let pixel = start; pixel < end; pixel++) row[pixel] += height / (end - start)
  }
  return row
}

const commonDivisor = (a: number, b: number): number => (b === 0 ? a : commonDivisor(b, a % b))

/** z: [N, C, H, W] → [N, C], each channel's coefficient at its frequency. */
const squeeze = (x: Value, pairs: readonly string[]): Value => {
  const [n, channels, height, width] = x.shape
  const basis = pairs.flatMap(([vertical, horizontal]) => {
    const columns = wave(Number(horizontal), width)
    return wave(Number(vertical), height).flatMap(row => columns.map(column => row * column))
  })
  const pixels = height * width
  const parts = reshape(x, [n, pairs.length, channels / pairs.length, pixels])
  return reshape(matmul(parts, constant(basis, [pairs.length, pixels, 1])), [n, channels])
}

/** [N, channels, H, W] → the same shape, each channel scaled. */
export const frequencyChannelAttention = (
  channels: number,
  { reduction = 16, frequencies = 16, selection = 'top' }: FcaOptions = {},
): Layer => {
  const hidden = hiddenWidth(channels, reduction)
  const pairs = SELECTIONS[selection].split(/\s+/).slice(0, commonDivisor(frequencies, channels))
  // The authors' Sequential: 1 is the ReLU, 3 the sigmoid.
  const fc = layer(
    {
      '0': linear(channels, hidden, { bias: false }),
      '2': linear(hidden, channels, { bias: false }),
    },
    (fc, z) => sigmoid(fc['2'](relu(fc['0'](z)))),
  )
  return layer({ fc }, ({ fc }, x, mode) => {
    const gate = reshape(fc(squeeze(x, pairs)), [x.shape[0], channels, 1, 1])
    return mul(x, tap(mode, 'gate', gate))
  })
}

/** FcaNet's attention in a backbone. */
export const fca = recalibration('fca', 'standard', frequencyChannelAttention)
