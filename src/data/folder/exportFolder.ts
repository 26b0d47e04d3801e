/**
 * A dataset written out as a folder of images: `train/CLASS/00012.png`, `val/CLASS/…`, `test/CLASS/…`;
 * for detection `train/00012.png` and so on, with `annotations/instances_train.json` in COCO's form.
 */

import { existsSync } from 'node:fs'
import { rename, rm, writeFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { FileError, UsageError } from '../../errors/index.ts'
import { makeFolder, writeFailure } from '../../platform/node/files.ts'
import { annotationsOf } from '../coco/annotationsOf.ts'
import type { Dataset } from '../dataset.ts'
import { interleave } from './interleave.ts'

export type ImageFormat = 'png' | 'jpeg' | 'webp'

const FOLDERS = { train: 'train', validation: 'val', test: 'test', all: '.' } as const
const WRITE_BATCH = 16

const encode = async (dataset: Dataset, index: number, format: ImageFormat): Promise<Buffer> => {
  const { default: sharp } = await import('sharp')
  const { input, raw } = await interleave(dataset, index)
  const options = format === 'png' ? {} : { quality: 95 }
  return sharp(input, { raw }).toFormat(format, options).toBuffer()
}

/** A class's folder: its name, with what a path cannot hold replaced. */
const folderOf = (name: string): string => name.replace(/[/\\:*?"<>|]|^\./g, '-')

/** The path of an image in its split's folder. */
const pathOf = ({ classes, labels, objects }: Dataset, index: number, format: ImageFormat) => {
  const file = `${String(index).padStart(5, '0')}.${format === 'jpeg' ? 'jpg' : format}`
  return objects ? file : join(folderOf(classes[labels[index]]), file)
}

export interface ExportFolderOptions {
  readonly format?: ImageFormat
  /** Ends it early; nothing stays then. */
  readonly signal?: AbortSignal
  onWritten?(done: number): void
}

/**
 * Writes splits of a dataset; the folder appears when all of it is there.
 * @returns how many images were written, or undefined when the signal came first
 * @throws UsageError when the folder exists, FileError when the disk fails
 */
export const exportFolder = async (
  splits: readonly Dataset[],
  to: string,
  { format = 'png', signal, onWritten }: ExportFolderOptions = {},
): Promise<number | undefined> => {
  if (existsSync(to))
    throw new UsageError({
      where: to,
      expected: 'a folder that does not exist yet',
      got: 'one that does',
      hint: 'Choose another, or remove it first',
    })
  const temporary = `${resolve(to)}.tmp-${process.pid}`
  let done = 0
  const write = async (dataset: Dataset, index: number): Promise<void> => {
    const bytes = await encode(dataset, index, format)
    const path = join(temporary, FOLDERS[dataset.split], pathOf(dataset, index, format))
    await writeFile(path, bytes).catch((cause: unknown) => {
      throw writeFailure(path, bytes.length, cause)
    })
    done += 1
    onWritten?.(done)
  }
  await makeFolder(temporary).catch((cause: FileError) => {
    const { expected, got, hint = '' } = cause
    throw new FileError({ where: to, expected, got, hint }, { cause })
  })
  try {
    for (const dataset of splits) {
      const { objects, split } = dataset
      const folders = objects ? ['.'] : dataset.classes.map(folderOf)
      for (const name of folders) await makeFolder(join(temporary, FOLDERS[split], name))
      if (objects) {
        const annotations = annotationsOf({ ...dataset, objects }, index =>
          pathOf(dataset, index, format),
        )
        await makeFolder(join(temporary, 'annotations'))
        const name = `instances_${split === 'all' ? 'train' : FOLDERS[split]}.json`
        await writeFile(join(temporary, 'annotations', name), JSON.stringify(annotations))
      }
      for (let first = 0; first < dataset.labels.length; first += WRITE_BATCH) {
        signal?.throwIfAborted()
        const count = Math.min(WRITE_BATCH, dataset.labels.length - first)
        // All of them come to an end, so that nothing is written after the folder is taken away.
        const settled = await Promise.allSettled(
          Array.from({ length: count }, (_, i) => write(dataset, first + i)),
        )
        for (const one of settled) if (one.status === 'rejected') throw one.reason
      }
    }
    await rename(temporary, to)
  } catch (cause) {
    await rm(temporary, { recursive: true, force: true }).catch(() => {})
    if (signal?.aborted) return undefined
    throw cause instanceof FileError ? cause : writeFailure(to, 0, cause)
  }
  return done
}
