/** Numbers as colors, and images inside figures. */

import { dataUri } from '../../data/decode/dataUri.ts'
import { element, type Markup } from '../../report/markup.ts'

/** Colors at even steps, from the least value to the largest. */
export type Ramp = readonly (readonly [red: number, green: number, blue: number])[]

/** Dark to light at even steps of lightness, for every kind of color vision (cividis). */
export const SEQUENTIAL: Ramp = [
  [0, 34, 78],
  [53, 69, 108],
  [102, 105, 112],
  [148, 142, 119],
  [200, 184, 102],
  [254, 232, 56],
]

/** Less and more than the middle: the blue and the orange of the plots. */
export const DIVERGING: Ramp = [
  [0, 84, 148],
  [92, 163, 208],
  [242, 242, 240],
  [232, 146, 92],
  [176, 66, 0],
]

const colorAt = (ramp: Ramp, value: number): readonly number[] => {
  const at = Math.min(Math.max(value, 0), 1) * (ramp.length - 1)
  const below = Math.min(Math.floor(at), ramp.length - 2)
  return ramp[below].map((low, i) => low + (at - below) * (ramp[below + 1][i] - low))
}

/** Rows of values from 0 to 1 as an image, a pixel a value. */
export const heatUri = (
  values: readonly number[],
  [height, width]: readonly [height: number, width: number],
  ramp: Ramp = SEQUENTIAL,
): Promise<string> =>
  dataUri(Uint8Array.from(values.flatMap(value => colorAt(ramp, value))), height, width, 3)

/** An image in a figure, its pixels as sharp squares. */
export const image = (
  href: string,
  [x, y]: readonly [x: number, y: number],
  [width, height]: readonly [width: number, height: number],
): Markup =>
  element('image', {
    href,
    x,
    y,
    width,
    height,
    preserveAspectRatio: 'none',
    style: 'image-rendering:pixelated',
  })
