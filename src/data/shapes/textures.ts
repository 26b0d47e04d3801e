/** Textures that fill shapes and backgrounds: how bright a point is, from −1 to 1. */

export type Texture = (x: number, y: number) => number

const wave = (phase: number): number => Math.sign(Math.sin(phase))

/** Each takes pixels; `period` is the size of its pattern. */
export const TEXTURES: Readonly<Record<string, (period: number, phase: number) => Texture>> = {
  plain: () => () => 0,
  stripes: (period, phase) => (x, y) => wave(((x + 0.6 * y) * 2 * Math.PI) / period + phase),
  checks: (period, phase) => (x, y) =>
    wave((x * 2 * Math.PI) / period + phase) * wave((y * 2 * Math.PI) / period + phase),
  dots: (period, phase) => (x, y) => {
    const across = (((x / period + phase) % 1) + 1) % 1
    const down = (((y / period + phase) % 1) + 1) % 1
    return Math.hypot(across - 0.5, down - 0.5) < 0.3 ? 1 : -1
  },
  shading: (period, phase) => (x, y) => Math.sin((x + y) / period + phase),
}
