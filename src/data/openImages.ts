/** The images of a training: what it learns from, what it is judged by, and what they are called. */

import { resolve } from 'node:path'
import { backgroundColor } from './background.ts'
import type { Dataset } from './dataset.ts'
import type { FolderReport } from './folder/imageFolder.ts'
import { NAME_PATTERN } from './folder/labeling.ts'
import { labelsPath } from './folder/parts.ts'
import { type ImagesOptions, type ImagesRecord, imagesOptionsOf } from './imagesRecord.ts'
import { type DatasetOptions, isFolder, openSplits } from './registry.ts'

/** Images to train on: of a folder or a known set, or any datasets of your own. */
export interface Images {
  /** What the network is trained on. */
  readonly train: Dataset
  /** Judges every epoch, and which weights are the best. Published sets have their test images here; `split` says so. */
  readonly validation: Dataset
  /** To be measured at the end, where there are labeled test images. */
  readonly test?: Dataset | undefined
  /** How they were opened; a run of images without it needs them given again to resume. */
  readonly record?: ImagesRecord | undefined
  /** What of a folder is not used. */
  readonly report?: FolderReport | undefined
}

/** Images that `openImages` has opened. */
export interface OpenedImages extends Images {
  /** The names of the classes, in the order of the logits. */
  readonly classes: readonly string[]
  readonly record: ImagesRecord
  /** Ends the threads that decode; nothing is read afterwards. */
  close(): Promise<void>
}

/** The record of a dataset by its name, or of a folder: paths are absolute, and defaults written out. */
export const imagesRecord = (name: string, options: ImagesOptions): ImagesRecord => {
  const { background, labels, labelFromName } = options
  const isPath = isFolder(name)
  return {
    ...imagesOptionsOf(options),
    data: isPath ? resolve(name) : name,
    background: background && backgroundColor(background),
    labels: labels && labelsPath(name, labels),
    labelFromName: labelFromName === true ? NAME_PATTERN : labelFromName || undefined,
  }
}

/**
 * Opens a dataset by its name, or a folder of images: `train/CLASS/…`, `val/CLASS/…` and
 * `test/CLASS/…`, or `CLASS/…`, of which a tenth is held back for validation. `labels` and
 * `labelFromName` are for images whose folders do not say what they are.
 * @throws UsageError for an unknown name; FileError for missing or damaged files, with the remedy
 * @example
 * const images = await openImages('./flowers', { size: 64 })
 * console.log(images.classes, images.train.labels.length)
 * await images.close()
 */
export const openImages = async (
  name: string,
  options: DatasetOptions = {},
): Promise<OpenedImages> => {
  const { open, hasTest, report, close } = await openSplits(name, options)
  try {
    const train = await open('train')
    const validation = await open('validation')
    const stoodIn = validation.split === 'test' ? validation : undefined
    return {
      train,
      validation,
      test: stoodIn ?? (hasTest ? await open('test') : undefined),
      classes: train.classes,
      record: imagesRecord(name, options),
      report: report?.(),
      close,
    }
  } catch (cause) {
    await close()
    throw cause
  }
}
