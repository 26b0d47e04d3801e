/**
 * `shapes`: images that need no download. One shape of known class, scale, position, rotation,
 * color and texture on a cluttered background, each a function of (seed, split, index): made for
 * asking what an attention looks at.
 */

import { type RandomStream, random } from '../../random/index.ts'
import { type Dataset, type PublishedSplit, pixelDataset } from '../dataset.ts'
import type { Factors } from './layers.ts'
import { OUTLINES } from './outlines.ts'
import { paint } from './paint.ts'
import { sequence } from './sequence.ts'
import { TEXTURES } from './textures.ts'

export interface ShapesOptions {
  readonly split: PublishedSplit
  readonly count: number
  /** Height and width in pixels. */
  readonly size?: number | undefined
  readonly seed?: number | undefined
}

export interface ShapesDataset extends Dataset {
  factors(index: number): Factors
}

export const SHAPE_CLASSES = Object.keys(OUTLINES)
const textureNames = Object.keys(TEXTURES)

/** @param octaves - between which powers of two the scale lies */
export const drawFactors = (
  draw: RandomStream,
  label: number,
  size: number,
  octaves: readonly [low: number, high: number] = [-1, 1],
): Factors => {
  const { between, pick } = sequence(draw)
  const scale = 2 ** between(...octaves)
  // At least three quarters of the radius stay inside the image.
  const margin = Math.min(0.2 * size * scale * 0.75, size / 2)
  return {
    label,
    scale,
    x: between(margin, size - margin),
    y: between(margin, size - margin),
    rotation: between(0, 2 * Math.PI),
    hue: between(0, 1),
    texture: pick(textureNames),
  }
}

/** The dataset; images are painted when first read, and kept. */
export const openShapes = ({ split, count, size = 32, seed = 0 }: ShapesOptions): ShapesDataset => {
  const source = random(seed).fork('shapes').fork(split)
  const classes = SHAPE_CLASSES
  const labels = Int32Array.from({ length: count }, (_, i) => i % classes.length)
  const factors = (index: number): Factors =>
    drawFactors(source.fork('factors').fork(index), labels[index], size)
  const painted = new Map<number, Uint8Array>()
  return pixelDataset({
    name: 'shapes',
    split,
    classes,
    shape: [3, size, size] as const,
    labels,
    factors,
    read: (index: number) => {
      const known = painted.get(index)
      if (known !== undefined) return known
      const image = paint(factors(index), size, source.fork('scene').fork(index))
      painted.set(index, image)
      return image
    },
  })
}
