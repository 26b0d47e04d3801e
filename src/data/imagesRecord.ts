/** Which images a training has, and how they are read: what its configuration keeps of them. */

import type { DatasetOptions } from './registry.ts'

/** Which images these are, so that they can be opened again. */
export interface ImagesRecord extends ImagesOptions {
  /** The name of a dataset, or a folder. */
  readonly data: string
  /** The pattern of names that hold labels. */
  readonly labelFromName?: string | undefined
}

/** The options that are kept, besides `data`. */
export const IMAGES_FIELDS = [
  'dataDir',
  'samples',
  'size',
  'cropPct',
  'background',
  'valFraction',
  'labels',
  'labelColumns',
  'labelFromName',
  'classes',
  'task',
  'badImages',
  'badLimit',
] as const satisfies readonly (keyof DatasetOptions)[]

export type ImagesOptions = Pick<DatasetOptions, (typeof IMAGES_FIELDS)[number]>

/** Of a configuration, or of options, those that decide which images there are. */
export const imagesOptionsOf = (all: ImagesOptions): ImagesOptions =>
  Object.fromEntries(IMAGES_FIELDS.map(field => [field, all[field]]))
