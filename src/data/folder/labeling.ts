/** Where the class of an image comes from: the folder that it lies in, its name, or a table. */

import { basename, join, resolve } from 'node:path'
import { FileError, UsageError } from '../../errors/index.ts'
import { FORMAT_NAMES, isImageName, remedyFor } from '../decode/formats.ts'
import { type LeftOut, leaveOut, leaveOutOthers } from './leftOut.ts'
import { byName, contentsOf, filesIn } from './scan.ts'

/** Images by class, as paths below the folder of their split. */
export type ByClass = ReadonlyMap<string, readonly string[]>

/** Tells the classes of the images of a split. */
export interface Labeling {
  /** The classes in a folder, in their order; its files may not have been listed for that. */
  classesIn(folder: string): Promise<readonly string[]>
  /** The images of a folder; its other files are left out. */
  list(folder: string, leftOut: LeftOut): Promise<ByClass>
}

/** What a class without images has instead. */
const instead = (files: readonly string[]): string => {
  const endings = [...new Set(files.map(file => /\.[^./]*$/.exec(file)?.[0].toLowerCase() ?? file))]
  return endings.length === 0 ? 'none' : `none, but ${endings.slice(0, 6).join(', ')}`
}

/**
 * One folder per class.
 * @param mayLack - whether classes may be empty there
 */
export const byFolder = (mayLack: boolean): Labeling => ({
  classesIn: async folder => (await contentsOf(folder)).folders,
  list: async (folder, leftOut) => {
    const { folders, files } = await contentsOf(folder)
    leaveOutOthers(leftOut, folder, files)
    const listed = folders.map(async name => {
      const all = await filesIn(folder, name)
      const images = all.filter(isImageName)
      if (images.length === 0 && !mayLack)
        throw new FileError({
          where: join(folder, name),
          expected: `images (${FORMAT_NAMES})`,
          got: instead(all),
          hint: remedyFor(all),
        })
      leaveOutOthers(
        leftOut,
        folder,
        all.filter(file => !isImageName(file)),
      )
      return [name, images] as const
    })
    return new Map(await Promise.all(listed))
  },
})

/**
 * Each image by itself.
 * @param labelOf - the class of a file, by its path from where the process runs; undefined for none
 * @param unlabeled - what is said of images without class
 * @param table - a file that is not left out
 */
const byFile = (
  labelOf: (path: string) => string | undefined,
  unlabeled: string,
  table?: string,
): Labeling => {
  const list = async (folder: string, leftOut: LeftOut): Promise<ByClass> => {
    const found = new Map<string, string[]>()
    const files = await filesIn(folder)
    for (const file of files.filter(isImageName)) {
      const label = labelOf(join(folder, file))
      if (label === undefined) leaveOut(leftOut, unlabeled, join(folder, file))
      else if (found.has(label)) found.get(label)?.push(file)
      else found.set(label, [file])
    }
    leaveOutOthers(
      leftOut,
      folder,
      files.filter(file => !isImageName(file) && resolve(folder, file) !== table),
    )
    return new Map([...found].sort(([a], [b]) => byName(a, b)))
  }
  return { list, classesIn: async folder => [...(await list(folder, new Map())).keys()] }
}

/**
 * By a table of labels.
 * @param labels - by the paths of images
 * @param table - its own path, which is not left out
 */
export const byTable = (labels: ReadonlyMap<string, string>, table: string): Labeling =>
  byFile(path => labels.get(path), 'images without a label', table)

/** A name before its number: `cat` of `cat.12.jpg`, `golden_retriever` of `golden_retriever_007.png`. */
export const NAME_PATTERN = '^(.*?\\p{L}.*?)[ ._()-]*\\d+\\)?$'

/**
 * By the names of files.
 * @param pattern - a regular expression whose first group is the label, of a name without its ending
 * @throws UsageError for one that is none
 */
export const byFileName = (pattern: string): Labeling => {
  const refuse = (got: string, cause?: unknown): never => {
    throw new UsageError(
      {
        where: 'data.labelFromName',
        expected: 'a regular expression with a group around the label',
        got,
        hint: "For example: '^([^_]+)_' for cat_12.jpg",
      },
      { cause },
    )
  }
  const compile = (source: string): RegExp => {
    try {
      return new RegExp(source, 'u')
    } catch (cause) {
      return refuse(pattern, cause)
    }
  }
  // With an empty alternative it matches, and has all its groups.
  if ((compile(`${pattern}|`).exec('')?.length ?? 0) < 2) refuse(`${pattern}, which has none`)
  const expression = compile(pattern)
  return byFile(
    path => expression.exec(basename(path).replace(/\.[^.]*$/, ''))?.[1] || undefined,
    'images without a label in their names',
  )
}
