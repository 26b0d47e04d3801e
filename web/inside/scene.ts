/** A scene with one shape, by what the page's sliders say: the same painter as the images of `shapes`. */

import type { Factors } from '../../src/data/shapes/layers.ts'
import { paint } from '../../src/data/shapes/paint.ts'
import { SHAPE_CLASSES } from '../../src/data/shapes/shapes.ts'
import { random } from '../../src/random/index.ts'

export { SCALES } from './scales.ts'
export { SHAPE_CLASSES }

/** Shares of the image's side and of the circles, so that a scene is the same at every size. */
export interface Scene {
  readonly class: string
  /** 0.5 to 2. */
  readonly scale: number
  /** 0 to 1. */
  readonly x: number
  readonly y: number
  /** In turns. */
  readonly turn: number
  readonly hue: number
  readonly texture: string
  /** Which background, clutter and noise. */
  readonly background: number
}

/** Planar RGB of size², 0 to 255. */
export const paintScene = (
  { class: name, scale, x, y, turn, hue, texture, background }: Scene,
  size: number,
): Uint8Array => {
  const factors: Factors = {
    label: SHAPE_CLASSES.indexOf(name),
    scale,
    x: x * size,
    y: y * size,
    rotation: 2 * Math.PI * turn,
    hue,
    texture,
  }
  return paint(factors, size, random(0).fork('page').fork(background))
}
