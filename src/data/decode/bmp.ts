/** BMP, which sharp does not decode, by NetSurf's decoder in WebAssembly. */

import type { Size } from '../image.ts'

/**
 * Width and height as the header has them; OS/2's first header has 16 bits for each. Rows from top to
 * bottom have a negative height.
 */
const sizeOf = (bytes: Buffer): readonly [number, number] =>
  bytes.readUInt32LE(14) === 12
    ? [bytes.readUInt16LE(18), bytes.readUInt16LE(20)]
    : [bytes.readInt32LE(18), Math.abs(bytes.readInt32LE(22))]

/** Rows of RGBA, 0 to 255. */
interface BmpPixels extends Size {
  readonly data: Uint8ClampedArray
}

/**
 * The pixels of a BMP; of one that is too large nothing is decoded.
 * @returns why there are none, where there are none
 */
export const decodeBmp = async (bytes: Buffer, mostPixels: number): Promise<BmpPixels | string> => {
  const damaged = 'damaged or incomplete BMP data'
  if (bytes.length < 26) return damaged
  const [width, height] = sizeOf(bytes)
  if (width * height > mostPixels) return `${width}×${height} pixels`
  const { decode } = await import('@cwasm/nsbmp')
  try {
    return decode(bytes)
  } catch {
    return damaged
  }
}
