/** Images of a page, opened for a network: what a canvas can draw, or pixels as a canvas gives them. */

import { type ImageShape, type OpenImage, type Size, sizeOf } from '../data/image.ts'
import { pixelPlace, resample } from '../data/kernel/resample.ts'

/** Rows of RGBA, 0 to 255, as `getImageData` gives them. */
export interface PagePixels extends Size {
  readonly data: Uint8ClampedArray
}

/** An image file as a page has it, such as of an `<input type="file">`. */
interface FileOfPage {
  arrayBuffer(): Promise<ArrayBuffer>
}

/** Pixels, a file, or what a canvas draws: an `<img>`, a `<video>`, a canvas, an ImageBitmap. */
export type PageImage = PagePixels | FileOfPage | Size

/** A 2D canvas, as much of it as is needed. */
interface Canvas {
  getContext(kind: '2d'): {
    fillStyle: string
    fillRect(x: number, y: number, width: number, height: number): void
    drawImage(image: Size, x: number, y: number): void
    getImageData(x: number, y: number, width: number, height: number): PagePixels
  }
}

/** What a page offers, and Node's types do not know. */
const page = globalThis as unknown as {
  readonly OffscreenCanvas: new (width: number, height: number) => Canvas
  createImageBitmap(file: FileOfPage): Promise<Size & { close(): void }>
}

/** The sizes of an `<img>` and a `<video>`, whose width and height are those on the page. */
interface Media {
  readonly naturalWidth?: number
  readonly naturalHeight?: number
  readonly videoWidth?: number
  readonly videoHeight?: number
}

const ownSize = (image: Size & Media): Size => ({
  width: image.naturalWidth ?? image.videoWidth ?? image.width,
  height: image.naturalHeight ?? image.videoHeight ?? image.height,
})

/** Draws onto a color, which transparency lets through. */
const draw = (image: Size, background: string): PagePixels => {
  const { width, height } = ownSize(image)
  const context = new page.OffscreenCanvas(width, height).getContext('2d')
  context.fillStyle = background
  context.fillRect(0, 0, width, height)
  context.drawImage(image, 0, 0)
  return context.getImageData(0, 0, width, height)
}

const pixelsOf = async (image: PageImage, background: string): Promise<PagePixels> => {
  if ('data' in image) return image
  if (!('arrayBuffer' in image)) return draw(image, background)
  const bitmap = await page.createImageBitmap(image)
  try {
    return draw(bitmap, background)
  } finally {
    bitmap.close()
  }
}

const linear = (value: number): number => {
  const share = value / 255
  return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4
}

/** The gray as bright as a color: its luminance (ITU-R BT.709), as sharp has it. */
const gray = (red: number, green: number, blue: number): number => {
  const light = 0.2126 * linear(red) + 0.7152 * linear(green) + 0.0722 * linear(blue)
  const share = light <= 0.0031308 ? 12.92 * light : 1.055 * light ** (1 / 2.4) - 0.055
  return Math.round(255 * share)
}

/**
 * Opens an image; what is read is planar C×H×W, 0 to 255, resized as in Node.
 * @param background - the color that transparency is composed on, as `#rrggbb`
 */
export const openPageImage = async (
  image: PageImage,
  background = '#000000',
): Promise<OpenImage> => {
  const { data, width, height } = await pixelsOf(image, background)
  const behind = [1, 3, 5].map(at => Number.parseInt(background.slice(at, at + 2), 16))
  return {
    width,
    height,
    read: (window, shape: ImageShape) => {
      const place = pixelPlace({ width, height })
      for (let pixel = 0; pixel < width * height; pixel++) {
        const alpha = data[4 * pixel + 3] / 255
        const [red, green, blue] = behind.map((color, c) =>
          Math.round(alpha * data[4 * pixel + c] + (1 - alpha) * color),
        )
        place.set(
          shape[0] === 1 ? Array(3).fill(gray(red, green, blue)) : [red, green, blue],
          3 * pixel,
        )
      }
      return resample({ width, height }, window, [shape[1], shape[2]]).slice(0, sizeOf(shape))
    },
  }
}
