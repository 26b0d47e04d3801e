/** The layers of an image of `shapes`: background, clutter, shapes; how one covers another, and noise. */

import type { RandomStream } from '../../random/index.ts'
import { OUTLINES } from './outlines.ts'
import type { Sequence } from './sequence.ts'
import { TEXTURES, type Texture } from './textures.ts'

/** What an image was made from. */
export interface Factors {
  /** The label, an index into `classes`. */
  readonly label: number
  /** 0.5 to 2 times the usual size, whose radius is a fifth of the image. */
  readonly scale: number
  /** The center, in pixels. */
  readonly x: number
  /** See `x`. */
  readonly y: number
  /** Radians, clockwise. */
  readonly rotation: number
  /** 0 to 1 around the color circle. */
  readonly hue: number
  /** The name of what fills the shape. */
  readonly texture: string
}

type Color = readonly [red: number, green: number, blue: number]

/** Around the color circle at a given lightness and saturation, each 0 to 1. */
const colorOf = (hue: number, saturation: number, lightness: number): Color => {
  const channel = (shift: number): number => {
    const turn = Math.abs(((((hue + shift) % 1) + 1) % 1) * 6 - 3) - 1
    return lightness + saturation * (Math.min(Math.max(turn, 0), 1) - 0.5)
  }
  return [channel(0), channel(2 / 3), channel(1 / 3)]
}

/** One layer of paint: how much it covers a pixel (0 to 1), and its color there. */
export interface Layer {
  readonly cover: (x: number, y: number) => number
  /** Nothing is covered outside of this square. */
  readonly square: { readonly x: number; readonly y: number; readonly reach: number }
  readonly color: Color
  readonly texture: Texture
  /** How much the texture brightens and darkens. */
  readonly contrast: number
}

/** Half a pixel of transition at the edge. */
const inside = (distance: number): number => Math.min(Math.max(0.5 - distance, 0), 1)

const placed = (
  outline: (x: number, y: number) => number,
  { x, y, rotation }: { x: number; y: number; rotation: number },
  radius: number,
) => {
  const [cos, sin] = [Math.cos(rotation), Math.sin(rotation)]
  return (px: number, py: number): number => {
    const [dx, dy] = [(px - x) / radius, (py - y) / radius]
    return inside(outline(cos * dx + sin * dy, cos * dy - sin * dx) * radius)
  }
}

const drawTexture = ({ between, pick }: Sequence, names: readonly string[]): Texture =>
  TEXTURES[pick(names)](between(3, 8), between(0, 2 * Math.PI))

/** A line or a blob that means nothing. */
export const distractor = (draws: Sequence, size: number): Layer => {
  const { between } = draws
  const at = { x: between(0, size), y: between(0, size), rotation: between(0, Math.PI) }
  const [long, thin] = [between(0.1, 0.35) * size, between(0.02, 0.08) * size]
  const bar = (x: number, y: number): number => Math.max(Math.abs(x) - 1, Math.abs(y) - thin / long)
  return {
    cover: placed(bar, at, long),
    square: { ...at, reach: long * 1.1 + thin + 1 },
    color: colorOf(between(0, 1), between(0, 0.35), between(0.2, 0.8)),
    texture: drawTexture(draws, ['plain', 'shading']),
    contrast: between(0, 0.15),
  }
}

/** What lies under everything. */
export const background = (draws: Sequence): Layer => ({
  cover: () => 1,
  square: { x: 0, y: 0, reach: Number.POSITIVE_INFINITY },
  color: colorOf(draws.between(0, 1), draws.between(0, 0.3), draws.between(0.25, 0.75)),
  texture: drawTexture(draws, Object.keys(TEXTURES)),
  contrast: draws.between(0.02, 0.15),
})

/** A shape by its factors. */
export const subject = (factors: Factors, draws: Sequence, size: number): Layer => {
  const { label, scale, hue, texture } = factors
  const outline = Object.values(OUTLINES)[label]
  const radius = 0.2 * size * scale
  return {
    cover: placed(outline, factors, radius),
    square: { x: factors.x, y: factors.y, reach: radius * 1.3 + 1 },
    color: colorOf(hue, draws.between(0.6, 1), draws.between(0.35, 0.7)),
    texture: TEXTURES[texture](draws.between(3, 8), draws.between(0, 2 * Math.PI)),
    contrast: draws.between(0.05, 0.2),
  }
}

/** What is on top of each pixel, as a number. */
export interface Owners {
  readonly pixels: Uint8Array
  readonly owner: number
}

/**
 * Blends a layer over the canvas, three planes of brightness.
 * @param owners - is told of the pixels that the layer covers by half or more
 */
export const blend = (canvas: Float32Array, size: number, layer: Layer, owners?: Owners): void => {
  const { cover, color, texture, contrast, square } = layer
  const plane = size * size
  const first = (center: number): number => Math.max(Math.floor(center - square.reach), 0)
  const last = (center: number): number => Math.min(Math.ceil(center + square.reach), size)
  for (let row = first(square.y); row < last(square.y); row++)
    for (let column = first(square.x); column < last(square.x); column++) {
      const part = cover(column + 0.5, row + 0.5)
      if (part === 0) continue
      if (owners && part >= 0.5) owners.pixels[row * size + column] = owners.owner
      const light = contrast === 0 ? 0 : contrast * texture(column + 0.5, row + 0.5)
      for (let channel = 0; channel < 3; channel++) {
        const i = channel * plane + row * size + column
        canvas[i] += part * (color[channel] + light - canvas[i])
      }
    }
}

/** Brightness noise, the same for all channels: four pixels from one draw. */
export const speckle = (
  canvas: Float32Array,
  plane: number,
  strength: number,
  grain: RandomStream,
): void => {
  for (let first = 0; first < plane; first += 4) {
    const word = grain.uint32(first)
    for (let k = 0; k < 4 && first + k < plane; k++) {
      const noise = strength * (((word >>> (8 * k)) & 0xff) / 127.5 - 1)
      for (let channel = 0; channel < 3; channel++) canvas[channel * plane + first + k] += noise
    }
  }
}

/** A canvas as planar bytes. */
export const bytesOf = (canvas: Float32Array): Uint8Array =>
  Uint8Array.from(canvas, light => 255 * Math.min(Math.max(light, 0), 1))
