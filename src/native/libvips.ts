/**
 * sharp's own libvips, called where we stand. By sharp an image goes to a thread of Node's and from
 * there to one of libvips', strip by strip, and of a small one's time half is handing over; a worker
 * thread, which has nothing else to do, decodes plain images itself, to the same bits.
 */

import { createRequire } from 'node:module'
import { isMainThread } from 'node:worker_threads'
import { EngineError } from '../errors/index.ts'
import { importKoffi } from './koffi.ts'

/** The functions that we call: result and parameters, in koffi's words. `uintptr_t` is an object. */
const SIGNATURES = {
  vips_init: ['int', ['str']],
  vips_error_clear: ['void', []],
  vips_image_new_from_buffer: ['uintptr_t', ['void *', 'size_t', 'str', '...']],
  vips_image_new_from_memory: ['uintptr_t', ['void *', 'size_t', 'int', 'int', 'int', 'int']],
  vips_image_get_width: ['int', ['uintptr_t']],
  vips_image_get_height: ['int', ['uintptr_t']],
  vips_image_get_bands: ['int', ['uintptr_t']],
  vips_image_get_format: ['int', ['uintptr_t']],
  vips_image_get_interpretation: ['int', ['uintptr_t']],
  vips_image_get_orientation: ['int', ['uintptr_t']],
  vips_image_get_typeof: ['size_t', ['uintptr_t', 'str']],
  vips_region_new: ['uintptr_t', ['uintptr_t']],
  vips_region_image: ['int', ['uintptr_t', 'void *']],
  vips_region_prepare_to: ['int', ['uintptr_t', 'uintptr_t', 'void *', 'int', 'int']],
  g_object_unref: ['void', ['uintptr_t']],
} as const

type Argument = number | bigint | string | ArrayBufferView | null
type Functions = Readonly<
  Record<keyof typeof SIGNATURES, (...values: Argument[]) => number | bigint>
>

/** As sharp reads it in `data/decode/openImage.ts`. */
const OPTIONS = '[access=sequential,fail-on=warning]'
const UCHAR = 0
const SRGB = 22

/** An image whose pixels are as they are stored: upright sRGB of 8 bits, nothing transparent. */
export interface PlainImage {
  readonly width: number
  readonly height: number
  /** The file: libvips reads it where it lies, so it has to stay until the image is closed. */
  readonly bytes: Buffer
  /**
   * Decodes as many rows as are asked for, from above, to interleaved RGB.
   * @throws EngineError where they are damaged; sharp says how
   */
  decode(target: Uint8Array, rows: number): void
  close(): void
}

const decodeInto = (
  vips: Functions,
  image: Argument,
  { width, height }: { readonly width: number; readonly height: number },
  target: Uint8Array,
  rows: number,
): void => {
  const made: Argument[] = []
  const keep = (object: number | bigint): number | bigint => {
    made.push(object)
    return object
  }
  try {
    const memory = keep(
      vips.vips_image_new_from_memory(target, 3 * width * height, width, height, 3, UCHAR),
    )
    const [from, to] = [keep(vips.vips_region_new(image)), keep(vips.vips_region_new(memory))]
    const part = Int32Array.of(0, 0, width, rows)
    if (vips.vips_region_image(to, part) || vips.vips_region_prepare_to(from, to, part, 0, 0)) {
      vips.vips_error_clear()
      throw new EngineError({ where: 'libvips', expected: 'a whole image', got: 'a damaged one' })
    }
  } finally {
    for (const object of made.reverse()) vips.g_object_unref(object)
  }
}

const openPlain =
  (vips: Functions) =>
  (bytes: Buffer): PlainImage | undefined => {
    const image = vips.vips_image_new_from_buffer(bytes, bytes.length, OPTIONS, 'void *', null)
    if (!image) {
      vips.vips_error_clear()
      return undefined
    }
    const size = {
      width: Number(vips.vips_image_get_width(image)),
      height: Number(vips.vips_image_get_height(image)),
    }
    const close = (): void => void vips.g_object_unref(image)
    const plain =
      vips.vips_image_get_bands(image) === 3 &&
      vips.vips_image_get_format(image) === UCHAR &&
      vips.vips_image_get_interpretation(image) === SRGB &&
      vips.vips_image_get_orientation(image) === 1 &&
      !vips.vips_image_get_typeof(image, 'icc-profile-data')
    if (!plain) {
      close()
      return undefined
    }
    return {
      ...size,
      bytes,
      decode: (target, rows) => decodeInto(vips, image, size, target, rows),
      close,
    }
  }

/** The library file that sharp's package for this machine names. */
const libraryPath = (): string | undefined => {
  const own = createRequire(createRequire(import.meta.url).resolve('sharp'))
  for (const system of [process.platform, `${process.platform}musl`])
    try {
      return own.resolve(`@img/sharp-libvips-${system}-${process.arch}/binary`)
    } catch {}
  return undefined
}

const bind = async (): Promise<((bytes: Buffer) => PlainImage | undefined) | undefined> => {
  const path = libraryPath()
  if (path === undefined) return undefined
  // Loads the library and sets it up.
  await import('sharp')
  try {
    const library = (await importKoffi()).load(path)
    const functions = Object.fromEntries(
      Object.entries(SIGNATURES).map(([name, [result, parameters]]) => [
        name,
        library.func(name, result, [...parameters]) as Functions[keyof Functions],
      ]),
    ) as Functions
    return functions.vips_init('excite') === 0 ? openPlain(functions) : undefined
  } catch {
    return undefined
  }
}

let bound: ReturnType<typeof bind> | undefined

/**
 * Opens plain images on this thread: undefined for those that are not plain, or damaged, and
 * altogether on the main thread, which must not wait, and where sharp came without its library.
 */
export const opener = (here = !isMainThread): ReturnType<typeof bind> => {
  if (!here) return Promise.resolve(undefined)
  bound ??= bind()
  return bound
}
