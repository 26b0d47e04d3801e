/** The images that a run was trained on, opened again. */

import { imagesOptionsOf } from '../data/imagesRecord.ts'
import { type OpenedImages, openImages } from '../data/openImages.ts'
import type { Config } from '../train/config.ts'

/** Opens the images that a configuration names. */
export const openImagesOf = (config: Config): Promise<OpenedImages> =>
  openImages(config.data, imagesOptionsOf(config))
