/**
 * Randomness as a function of (seed, stream, index): counter-based, so that nothing has a state to
 * save, and the order or number of workers changes nothing.
 *
 * The generator is Threefry-2x32 with 20 rounds (Salmon et al., "Parallel random numbers: as easy
 * as 1, 2, 3", SC 2011): additions, rotations and exclusive-ors of 32-bit words only.
 */

import { fill } from './fill.ts'

const ROTATIONS = Uint8Array.of(13, 15, 26, 6, 17, 29, 16, 24)
const PARITY = 0x1bd11bda

type Word2 = readonly [number, number]
/** A key's two words, and the third that they make. */
type Key = Int32Array

const keyOf = ([k0, k1]: Word2): Key => Int32Array.of(k0, k1, k0 ^ k1 ^ PARITY)

/** Where a block leaves its two words: a network begins with a hundred million, too many to allocate. */
const words = new Uint32Array(2)

/** One Threefry-2x32-20 block of a key and a counter, into `words`. */
const block = (key: Key, c0: number, c1: number): void => {
  let x = (c0 + key[0]) | 0
  let y = (c1 + key[1]) | 0
  for (let round = 0; round < 20; round++) {
    x = (x + y) | 0
    const rotation = ROTATIONS[round & 7]
    y = ((y << rotation) | (y >>> (32 - rotation))) ^ x
    if ((round & 3) === 3) {
      const injection = (round >> 2) + 1
      x = (x + key[injection % 3]) | 0
      y = (y + key[(injection + 1) % 3] + injection) | 0
    }
  }
  words[0] = x
  words[1] = y
}

/** One Threefry-2x32-20 block: two 32-bit words from a key and a counter. */
export const threefry = (key: Word2, [c0, c1]: Word2): [number, number] => {
  block(keyOf(key), c0, c1)
  return [words[0], words[1]]
}

/** FNV-1a: a stream's name as a 32-bit word. */
const hash = (name: string): number => {
  let h = 0x811c9dc5
  for (let i = 0; i < name.length; i++) h = Math.imul(h ^ name.charCodeAt(i), 0x01000193)
  return h >>> 0
}

/** An endless sequence of independent draws, each addressed by its index. */
export interface RandomStream {
  /** A stream of its own, told apart from this one and its siblings by a name or a number. */
  fork(name: string | number): RandomStream
  /** Uniform in 0 … 2³² − 1. */
  uint32(index: number): number
  /** Uniform in [0, 1), with 53 random bits. */
  uniform(index: number): number
  /** Uniform integer in 0 … n − 1, for n up to 2³². */
  below(index: number, n: number): number
  /** Standard normal (Box-Muller). */
  normal(index: number): number
  /** Fills with `std * normal(index)`, index from 0 on. */
  fillNormal(values: Float32Array, std: number): void
  /** Fills with `bound * (2 * uniform(index) - 1)`, index from 0 on. */
  fillUniform(values: Float32Array, bound: number): void
}

const stream = (key: Word2): RandomStream => {
  const schedule = keyOf(key)
  const draw = (index: number): void => block(schedule, index >>> 0, Math.floor(index / 2 ** 32))
  const uniform = (index: number): number => {
    draw(index)
    return ((words[0] >>> 5) * 2 ** 26 + (words[1] >>> 6)) / 2 ** 53
  }
  return {
    fork: name =>
      stream(
        threefry(key, [
          typeof name === 'number' ? name : hash(name),
          typeof name === 'number' ? 1 : 2,
        ]),
      ),
    uint32: index => {
      draw(index)
      return words[0]
    },
    uniform,
    below: (index, n) => Math.floor(uniform(index) * n),
    normal: index => {
      draw(index)
      const radius = Math.sqrt(-2 * Math.log((words[0] + 1) / 2 ** 32))
      return radius * Math.cos((2 * Math.PI * words[1]) / 2 ** 32)
    },
    fillNormal: (values, std) => fill('normals', key, values, std),
    fillUniform: (values, bound) => fill('uniforms', key, values, bound),
  }
}

/** The stream of a seed; `random(7).fork('shuffle').fork(epoch)` names one purpose. */
export const random = (seed: number): RandomStream =>
  stream([seed >>> 0, Math.floor(seed / 2 ** 32) >>> 0])

/** A uniformly random order of 0 … count − 1 (Fisher-Yates). */
export const permutation = (source: RandomStream, count: number): Uint32Array => {
  const order = Uint32Array.from({ length: count }, (_, i) => i)
  for (let i = count - 1; i > 0; i--) {
    const j = source.below(i, i + 1)
    const swapped = order[i]
    order[i] = order[j]
    order[j] = swapped
  }
  return order
}
