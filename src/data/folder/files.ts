/** Image files as a source of pixels, for whoever prepares them: this thread or a worker. */

import { FileError } from '../../errors/index.ts'
import { openImage } from '../decode/openImage.ts'
import type { ImageShape } from '../image.ts'
import type { ImageSource } from '../prepare.ts'

/** How the files are read; plain data, so that it can be sent to a worker. */
export interface ImageFormat {
  readonly shape: ImageShape
  readonly cropPct: number
  /** Whether images are seen whole, and padded. */
  readonly letterbox?: boolean | undefined
  readonly background?: string | undefined
}

const REMEDY = 'Repair it, remove it, or have bad images skipped or replaced (`data.badImages`)'

/** Files by index. */
export const fileSource = (
  { shape, cropPct, letterbox, background }: ImageFormat,
  pathOf: (index: number) => string,
): ImageSource => ({
  shape,
  cropPct,
  letterbox,
  open: async index => {
    const refuse = (cause: unknown): never => {
      if (!(cause instanceof FileError)) throw cause
      const { where, expected, got, hint = REMEDY } = cause
      throw new FileError({ where, expected, got, hint }, { cause })
    }
    const image = await openImage(pathOf(index), { background }).catch(refuse)
    return {
      ...image,
      read: async (window, shape) => {
        try {
          return await image.read(window, shape)
        } catch (cause) {
          return refuse(cause)
        }
      },
    }
  },
})
