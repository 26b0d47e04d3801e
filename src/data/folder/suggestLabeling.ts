/** What to do with a folder that has no folders of classes: how its images might be labeled. */

import { join } from 'node:path'
import { isImageName } from '../decode/formats.ts'
import { byFileName, NAME_PATTERN } from './labeling.ts'
import { contentsOf } from './scan.ts'

const LAYOUT =
  'Lay images out as train/CLASS/*.jpg and val/CLASS/*.jpg, or as CLASS/*.jpg; for an example: excite data export shapes --to images'

/** A table of labels at the top of a folder. */
const tableIn = async (root: string): Promise<string | undefined> => {
  const tables = (await contentsOf(root)).files.filter(file => /\.[ct]sv$/i.test(file))
  return tables.find(file => /label|train|annot/i.test(file)) ?? tables[0]
}

/** Some names of images that hold labels: as many classes as people have, with images of each. */
const namesIn = async (folder: string): Promise<string | undefined> => {
  const images = (await contentsOf(folder)).files.filter(isImageName)
  const byClass = await byFileName(NAME_PATTERN).list(folder, new Map())
  const counts = [...byClass.values()].map(files => files.length)
  const named = counts.reduce((sum, count) => sum + count, 0)
  const isLikely = counts.length > 1 && 2 * counts.length <= named && 2 * named > images.length
  if (!isLikely) return undefined
  return [...byClass]
    .slice(0, 2)
    .map(([, [file]]) => file)
    .join(' and ')
}

/**
 * The way to label the images of a folder, if one is seen.
 * @param folder - of the images to train on
 * @param isPlain - whether nothing else was tried
 */
export const labelingHint = async (
  root: string,
  folder: string,
  isPlain: boolean,
): Promise<string> => {
  if (!isPlain) return LAYOUT
  const table = await tableIn(root)
  if (table !== undefined)
    return `If ${join(root, table)} says what each image is of, give it as \`data.labels\``
  const names = await namesIn(folder)
  if (names !== undefined)
    return `If names such as ${names} hold the labels, take them from there: \`data.labelFromName\``
  return LAYOUT
}
