/** Image files as a source of pixels: what a worker needs to know, and what it does with it. */

import { FileError } from '../../errors/index.ts'
import type { ImageShape } from '../augment/augment.ts'
import { type ChooseWindow, center, readImage } from '../images.ts'
import type { ImageSource } from '../prepare.ts'

/** Plain data, so that it can be sent to a worker. */
export interface ImageFiles {
  readonly folder: string
  readonly files: readonly string[]
  readonly shape: ImageShape
  readonly cropPct: number
}

const REMEDY =
  'Repair or remove it, or leave out whatever is bad: --bad-images skip; or put others in its place: --bad-images replace'

export const fileSource = ({
  folder,
  files,
  shape,
  cropPct,
}: ImageFiles): Required<ImageSource> => {
  const readWindow = (index: number, choose: ChooseWindow): Promise<Uint8Array> =>
    readImage(`${folder}/${files[index]}`, shape, choose).catch((cause: unknown) => {
      if (!(cause instanceof FileError)) throw cause
      const { where, expected, got } = cause
      throw new FileError({ where, expected, got, hint: REMEDY }, { cause })
    })
  return { shape, readWindow, read: index => readWindow(index, center(shape, cropPct)) }
}
