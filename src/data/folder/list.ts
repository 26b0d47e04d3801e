/**
 * Which images a folder holds: in `train/`, `val/` and `test/`, or in one place that is split here;
 * labeled by their folders, their names or a table. The order is that of the names, so the same on
 * every machine.
 */

import { join, resolve } from 'node:path'
import { FileError, UsageError } from '../../errors/index.ts'
import { isImageName } from '../decode/formats.ts'
import { heldBack } from './heldBack.ts'
import type { ByClass } from './labeling.ts'
import { type LeftOut, leaveOut, leaveOutOthers } from './leftOut.ts'
import {
  type FolderSplit,
  findParts,
  type ListOptions,
  labelsPath,
  NO_CLASS,
  type Part,
  type PartsTargets,
  splitNamed,
} from './parts.ts'
import { byName, contentsOf, filesIn } from './scan.ts'
import { labelingHint } from './suggestLabeling.ts'

/** The images of one split. */
export interface ImageList {
  readonly split: FolderSplit
  readonly folder: string
  /** Paths below `folder`, and the class of each. */
  readonly files: readonly string[]
  readonly labels: Int32Array
  /** What each has in place of a class. */
  readonly values?: readonly Float32Array[] | undefined
}

/** As many names say what is meant. */
const SHOWN = 8

const CLASSES = 'classification'

type Listing = () => Promise<ImageList>

export interface FolderListing {
  readonly classes: readonly string[]
  /** What the targets are for, where images have none of one class each. */
  readonly task: string | undefined
  /** Each is listed when asked for; `test` is there only where the folder has labeled test images. */
  readonly splits: {
    readonly train: Listing
    readonly validation: Listing
    readonly test: Listing | undefined
  }
  /** Which files are not used, in what was listed so far; and test images without classes. */
  readonly leftOut: LeftOut
  /** What else is to be known of it, in sentences. */
  readonly notes: readonly string[]
}

/** `a, b, …`: the first of many names. */
const someOf = (names: readonly string[]): string =>
  `${names.slice(0, SHOWN).join(', ')}${names.length > SHOWN ? `, … (${names.length})` : ''}`

const listOf = (
  split: FolderSplit,
  folder: string,
  byClass: ByClass,
  classes: readonly string[],
  valuesOf: ((path: string) => Float32Array) | undefined,
): ImageList => {
  const perClass = classes.map(name => byClass.get(name) ?? [])
  const labels = perClass.flatMap((files, label) => files.map(() => label))
  const files = perClass.flat()
  const values = valuesOf && files.map(file => valuesOf(join(folder, file)))
  return { split, folder, files, labels: Int32Array.from(labels), values }
}

/** The values of an image in the order of the network's classes. */
const orderedValues = (
  root: string,
  { names, of }: PartsTargets,
  classes: readonly string[],
): ((path: string) => Float32Array) => {
  const stray = names.filter(name => !classes.includes(name))
  if (stray.length > 0)
    throw new FileError({
      where: root,
      expected: `only outputs of the network (${someOf(classes)})`,
      got: someOf(stray),
    })
  const places = classes.map(name => names.indexOf(name))
  return path => Float32Array.from(places, place => of.get(path)?.[place] ?? 0)
}

/**
 * Finds the splits of a folder of images; each is listed when it is asked for.
 * @throws FileError when there are no classes, one of them has no images to train on, or a table of
 * labels does not fit the folder
 */
export const listFolder = async (
  root: string,
  options: ListOptions = {},
): Promise<FolderListing> => {
  const { valFraction, labels, labelFromName, classes: known, task = CLASSES } = options
  if (labels === undefined && task !== CLASSES)
    throw new UsageError({
      where: 'data.task',
      expected: `${CLASSES}, since folders and names hold one class an image`,
      got: task,
      hint: 'Give a table of targets: `data.labels`',
    })
  const top = await contentsOf(root)
  const isPlain = labels === undefined && !labelFromName
  const [only] = top.folders
  const isWrapper =
    top.folders.length === 1 && !top.files.some(isImageName) && !known?.includes(only)
  const within = isPlain && isWrapper ? (await contentsOf(join(root, only))).folders : []
  if (within.length > 1 || within.some(name => splitNamed(name) === 'train')) {
    const inner = await listFolder(join(root, only), options)
    const note = `read from ${join(root, only)}, the only folder of ${root}`
    leaveOutOthers(inner.leftOut, root, top.files)
    return splitNamed(only) === 'train' ? inner : { ...inner, notes: [note, ...inner.notes] }
  }
  const { train, validation, test, targets } = await findParts(root, top.folders, options)
  if (validation !== undefined && valFraction !== undefined)
    throw new UsageError({
      where: 'data.valFraction',
      expected: 'a folder without a validation split of its own',
      got: `${root}, which has ${validation.folder}`,
    })
  const found = targets?.names ?? (await train.labeling.classesIn(train.folder))
  const classes = known ?? found
  const groups = targets ? [NO_CLASS] : classes
  const valuesOf = targets && orderedValues(root, targets, classes)
  if (found.length < (known === undefined && targets === undefined ? 2 : 1))
    throw new FileError({
      where: root,
      expected: isPlain
        ? 'a folder for each of two classes or more'
        : 'labels of two classes or more',
      got: found.length === 0 ? 'none' : `only ${found[0]}`,
      hint: await labelingHint(root, train.folder, isPlain),
    })
  const leftOut: LeftOut = new Map()
  const notes: string[] = []
  const isLabeled =
    test !== undefined &&
    (await test.labeling.classesIn(test.folder)).some(name => groups.includes(name))
  if (train.folder !== root) {
    const table = labels && labelsPath(root, labels)
    leaveOutOthers(
      leftOut,
      root,
      top.files.filter(file => resolve(root, file) !== table),
    )
    const used = [train, validation, isLabeled ? test : undefined].map(part => part?.folder)
    for (const name of top.folders.filter(name => !used.includes(join(root, name)))) {
      const kind = `${name}/ (${join(root, name) === test?.folder ? 'no classes' : 'no split'})`
      for (const file of await filesIn(root, name)) leaveOut(leftOut, kind, join(root, file))
    }
  }

  const listed = new Map<Part, Promise<ByClass>>()
  const list =
    (split: FolderSplit, part: Part, share = (files: readonly string[]) => files): Listing =>
    async () => {
      const all = listed.get(part) ?? part.labeling.list(part.folder, leftOut)
      listed.set(part, all)
      const byClass = await all
      const stray = [...byClass.keys()].filter(name => !groups.includes(name)).sort(byName)
      if (stray.length > 0)
        throw new FileError({
          where: part.folder,
          expected: known
            ? `only classes of the network (${someOf(known)})`
            : 'only classes that there are images of to train on',
          got: stray.join(', '),
        })
      const shared = new Map([...byClass].map(([name, files]) => [name, share(files)]))
      const missing = groups.filter(name => !shared.get(name)?.length)
      if (known === undefined && missing.length > 0)
        notes.push(`no ${split} images of ${someOf(missing)}`)
      return listOf(split, part.folder, shared, groups, valuesOf)
    }
  const shareOf = (split: 'train' | 'validation'): Listing =>
    list(split, train, files => heldBack(files, split, valFraction))
  // Test images choose nothing: without validation images, some of those to train on are held back.
  const splits = {
    train: validation ? list('train', train) : shareOf('train'),
    validation: validation ? list('validation', validation) : shareOf('validation'),
    test: isLabeled ? list('test', test) : undefined,
  }
  return { classes, task: targets?.task, splits, leftOut, notes }
}
