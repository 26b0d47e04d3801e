/**
 * A folder of COCO's layout as detection sets: `annotations/instances_train2017.json` beside
 * `train2017/` (2014 likewise, with `valminusminival` and `minival`), or `train/_annotations.coco.json`
 * among its images.
 */

import { createHash } from 'node:crypto'
import { createReadStream, existsSync, readdirSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { join, relative } from 'node:path'
import { FileError, messageOf } from '../../errors/index.ts'
import { backgroundColor } from '../background.ts'
import { type CocoAnnotations, readAnnotations } from '../coco/annotations.ts'
import type { DetectionDataset, Split } from '../dataset.ts'
import { datasetObjects } from '../objects.ts'
import { letterboxed, prepareImages } from '../prepare.ts'
import { concatenate } from '../subset.ts'
import { fileSource } from './files.ts'
import { heldBack } from './heldBack.ts'
import type { ImageFolder, ImageFolderOptions } from './imageFolder.ts'
import { openPool } from './pool.ts'

/** The height and width that a detector sees, unless told. */
const SIZE = 512

/** A file of annotations, and where its images lie. */
interface Source {
  readonly annotations: string
  readonly images: string
}

/** Which files hold a split, by their names: those before take precedence. */
const NAMES = {
  train: [/^instances_train/, /^instances_valminusminival/],
  validation: [/^instances_(minival|val)/],
  test: [/^instances_test/],
}
const AMONG_IMAGES = '_annotations.coco.json'
const FOLDERS = { train: ['train'], validation: ['valid', 'val', 'validation'], test: ['test'] }

type Part = keyof typeof NAMES

const jsonFiles = (folder: string): readonly string[] =>
  existsSync(folder) ? readdirSync(folder).filter(name => name.endsWith('.json')) : []

/** The folder of a file's images: that of its name's ending, at the top or in `images`. */
const imagesFor = (root: string, name: string): string => {
  const [, ending] = /^instances_(.+)\.json$/.exec(name) ?? []
  const own = ending.replace(/(valminusminival|minival)/, 'val')
  const places = [own, join('images', own), 'images', '.'].map(place => join(root, place))
  return places.find(place => existsSync(place)) ?? root
}

const sourcesOf = (root: string, part: Part): readonly Source[] => {
  const folder = join(root, 'annotations')
  const files = jsonFiles(folder).filter(name => NAMES[part].some(pattern => pattern.test(name)))
  // The small half of 2014's validation is published beside the whole.
  const chosen = files.some(name => name.includes('minival'))
    ? files.filter(name => !/^instances_val\d/.test(name))
    : files
  const named = chosen.map(name => ({
    annotations: join(folder, name),
    images: imagesFor(root, name),
  }))
  const among = FOLDERS[part].map(name => join(root, name))
  const beside = among
    .filter(images => existsSync(join(images, AMONG_IMAGES)))
    .map(images => ({ annotations: join(images, AMONG_IMAGES), images }))
  return named.length > 0 ? named : beside
}

/** Whether a folder has annotations of COCO's kind to train on. */
export const isCocoFolder = (root: string): boolean => sourcesOf(root, 'train').length > 0

const read = async ({ annotations }: Source): Promise<CocoAnnotations> => {
  const stream = createReadStream(annotations, { highWaterMark: 2 ** 20 })
  return readAnnotations(stream, annotations).catch((cause: unknown) => {
    if (cause instanceof FileError) throw cause
    const expected = "COCO's annotations"
    throw new FileError({ where: annotations, expected, got: messageOf(cause) }, { cause })
  })
}

/** An image to read: of which annotations, and where among them. */
interface Entry {
  readonly path: string
  readonly of: CocoAnnotations
  readonly place: number
}

/** All images of a split; the same classes in each of its files. */
const entriesOf = async (sources: readonly Source[]): Promise<readonly Entry[]> => {
  const entries: Entry[] = []
  for (const source of sources) {
    const of = await read(source)
    const [first] = entries
    if (first && first.of.categoryIds.join() !== of.categoryIds.join())
      throw new FileError({
        where: source.annotations,
        expected: `the categories of ${sources[0].annotations}`,
        got: of.classes.join(', '),
      })
    for (const [place, { file }] of of.images.entries())
      entries.push({ path: join(source.images, file), of, place })
  }
  return entries
}

/**
 * Opens a folder of COCO's layout.
 * @throws FileError for annotations that are damaged, with the file and the entry
 */
export const openCocoFolder = async (
  root: string,
  {
    size = SIZE,
    background: color,
    workers = availableParallelism(),
    valFraction,
    classes: known,
  }: ImageFolderOptions = {},
): Promise<ImageFolder> => {
  const shape = [3, size, size] as const
  const format = {
    shape,
    cropPct: 1,
    letterbox: true,
    background: color && backgroundColor(color),
  }
  const pool = openPool(format, workers)
  const sources = {
    train: sourcesOf(root, 'train'),
    validation: sourcesOf(root, 'validation'),
    test: sourcesOf(root, 'test'),
  }
  const hasTest = sources.test.length > 0
  const listed = new Map<Part, Promise<readonly Entry[]>>()
  const list = (part: Part): Promise<readonly Entry[]> => {
    const found = listed.get(part) ?? entriesOf(sources[part])
    listed.set(part, found)
    return found
  }
  const listOf = async (part: Part): Promise<readonly Entry[]> => {
    if (part === 'test' || sources.validation.length > 0) return list(part)
    const all = await list('train')
    const names = all.map(({ path }) => path)
    const held = new Set(heldBack(names, part, valFraction))
    return all.filter(({ path }) => held.has(path))
  }

  const openSplit = async (split: Part): Promise<DetectionDataset> => {
    const entries = await listOf(split)
    const [{ of: first }] = await list('train')
    const { classes, categoryIds } = first
    const expected = known ?? classes
    const own = entries[0]?.of.classes ?? classes
    if (own.join() !== expected.join())
      throw new FileError({
        where: entries[0] ? root : sources[split][0].annotations,
        expected: `the categories ${expected.join(', ')}`,
        got: own.join(', '),
      })
    const pathOf = (index: number): string => entries[index].path
    const source = fileSource(format, pathOf)
    const most = Math.max(
      0,
      ...[...new Set(entries.map(({ of }) => of))].map(of =>
        of.mostOf(entries.flatMap(one => (one.of === of ? [one.place] : []))),
      ),
    )
    const objects = datasetObjects(shape, {
      most,
      categoryIds,
      of: index => entries[index].of.objectsOf(entries[index].place),
    })
    const names = entries.map(({ path }) => relative(root, path))
    return {
      name: root,
      split,
      task: 'detection',
      classes,
      shape,
      labels: new Int32Array(entries.length),
      objects,
      nameOf: index => names[index],
      background: format.background,
      fingerprint: createHash('sha256').update(names.join('\n')).digest('hex').slice(0, 16),
      read: async index => {
        const image = await source.open(index)
        try {
          return await letterboxed(image, shape)
        } finally {
          image.close?.()
        }
      },
      prepare: (indices, preparation) =>
        workers === 0
          ? prepareImages(source, indices, preparation)
          : pool.prepare(Array.from(indices, pathOf), indices, preparation),
      close: pool.close,
    }
  }

  const [{ of: first }] = await list('train')
  return {
    classes: first.classes,
    hasTest,
    open: async (split: Split) => {
      const parts = ['train', 'validation', ...(hasTest ? ['test'] : [])] as const
      const opened =
        split === 'all'
          ? concatenate(await Promise.all(parts.map(part => openSplit(part as Part))), 'all')
          : await openSplit(split)
      if (opened.labels.length > 0) return opened
      throw new FileError({ where: root, expected: `${split} images`, got: 'none' })
    },
    report: () => ({ leftOut: {}, notes: [], checked: 0, bad: [] }),
    close: pool.close,
  }
}
