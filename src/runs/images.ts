/** The images that a run was trained on, opened again. */

import { type OpenedImages, openImages } from '../data/openImages.ts'
import type { Config } from '../train/config.ts'

/** Opens the images that a configuration names. */
export const openImagesOf = ({ data, ...config }: Config): Promise<OpenedImages> => {
  const { dataDir, samples, size, cropPct, valFraction, badImages, badLimit } = config
  return openImages(data, { dataDir, samples, size, cropPct, valFraction, badImages, badLimit })
}
