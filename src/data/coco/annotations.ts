/** COCO's annotations: which images there are, and what is in them, each entry checked. */

import { FileError } from '../../errors/index.ts'
import type { ImageObjects } from '../objects.ts'
import { jsonEntries } from './jsonEntries.ts'

/** An image as the annotations have it. */
export interface CocoImage {
  readonly id: number
  /** Its path in the folder of the images. */
  readonly file: string
  readonly width: number
  readonly height: number
}

/** What a file of annotations says. */
export interface CocoAnnotations {
  readonly images: readonly CocoImage[]
  /** The names of the classes, by their ids. */
  readonly classes: readonly string[]
  readonly categoryIds: readonly number[]
  /** What is in an image, by its place among the images. */
  objectsOf(image: number): ImageObjects
  /** The most objects besides crowds that one of these images has. */
  mostOf(images: readonly number[]): number
}

/** Numbers in rows of one length, one after the other: objects by the million would take gigabytes. */
class Rows {
  #numbers = new Float64Array(1024)
  readonly #width: number
  count = 0

  constructor(width: number) {
    this.#width = width
  }

  push(row: readonly number[]): void {
    const at = this.count++ * this.#width
    if (at + this.#width > this.#numbers.length) {
      const larger = new Float64Array(2 * this.#numbers.length)
      larger.set(this.#numbers)
      this.#numbers = larger
    }
    this.#numbers.set(row, at)
  }

  row(index: number): Float64Array {
    return this.#numbers.subarray(index * this.#width, (index + 1) * this.#width)
  }
}

/** The columns of an object: where, of which image and class, how large, of how many things. */
const [IMAGE, CATEGORY, ID, AREA, CROWD, X] = [0, 1, 2, 3, 4, 5]
const COLUMNS = 9

const NAMES = new Set(['images', 'annotations', 'categories'])

type Entry = Readonly<Record<string, unknown>>

/** Reads the fields of one entry. */
const fieldsOf = (entry: Entry, where: string) => {
  const fail = (name: string, expected: string): never => {
    const value = entry[name]
    const got = value === undefined ? 'missing' : JSON.stringify(value)
    throw new FileError({ where: `${where}.${name}`, expected, got })
  }
  const number = (name: string, isFit: (value: number) => boolean, expected: string): number => {
    const value = entry[name]
    return typeof value === 'number' && Number.isFinite(value) && isFit(value)
      ? value
      : fail(name, expected)
  }
  return {
    fail,
    id: (name: string) => number(name, Number.isSafeInteger, 'an id, a whole number'),
    size: (name: string) =>
      number(name, value => Number.isSafeInteger(value) && value > 0, 'a number of pixels'),
    amount: (name: string) => number(name, value => value >= 0, 'a number that is not negative'),
    text: (name: string): string => {
      const value = entry[name]
      return typeof value === 'string' && value !== '' ? value : fail(name, 'a text')
    },
    box: (name: string): readonly number[] => {
      const value: unknown = entry[name]
      const isBox =
        Array.isArray(value) &&
        value.length === 4 &&
        value.every((part, i) => Number.isFinite(part) && (i < 2 || part >= 0))
      return isBox ? value : fail(name, 'x, y, width and height in pixels')
    },
  }
}

const imageOf = (entry: Entry, where: string): CocoImage => {
  const { id, size, text, fail } = fieldsOf(entry, where)
  const file = text('file_name').replaceAll('\\', '/')
  if (file.startsWith('/') || file.split('/').includes('..'))
    fail('file_name', 'a path in the folder of the images')
  return { id: id('id'), file, width: size('width'), height: size('height') }
}

/** An object as a row; without `area` that of its box, without `iscrowd` no crowd. */
const objectOf = (entry: Entry, where: string): readonly number[] => {
  const { id, amount, box } = fieldsOf(entry, where)
  const bounds = box('bbox')
  const area = entry.area === undefined ? bounds[2] * bounds[3] : amount('area')
  const crowd = entry.iscrowd === undefined ? 0 : Number(amount('iscrowd') > 0)
  return [id('image_id'), id('category_id'), id('id'), area, crowd, ...bounds]
}

/** Things by their ids, none twice. */
const byId = <Thing extends { readonly id: number }>(where: string) => {
  const places = new Map<number, number>()
  const things: Thing[] = []
  return {
    places,
    things,
    add: (thing: Thing): void => {
      if (places.has(thing.id))
        throw new FileError({
          where: `${where}[${things.length}].id`,
          expected: 'an id that no other has',
          got: `${thing.id}, which ${where}[${places.get(thing.id)}] has`,
        })
      places.set(thing.id, things.length)
      things.push(thing)
    },
  }
}

/**
 * Reads annotations.
 * @param where - the file's name, for errors
 * @throws FileError that names the file and the entry
 */
export const readAnnotations = async (
  chunks: AsyncIterable<Uint8Array>,
  where: string,
): Promise<CocoAnnotations> => {
  const images = byId<CocoImage>(`${where}, images`)
  const categories = byId<{ readonly id: number; readonly name: string }>(`${where}, categories`)
  const rows = new Rows(COLUMNS)
  for await (const { key, index, value } of jsonEntries(chunks, where, NAMES)) {
    const place = `${where}, ${key}[${index}]`
    if (key === 'images') images.add(imageOf(value, place))
    else if (key === 'annotations') rows.push(objectOf(value, place))
    else {
      const { id, text } = fieldsOf(value, place)
      categories.add({ id: id('id'), name: text('name') })
    }
  }
  for (const [name, { things }] of Object.entries({ images, categories }))
    if (things.length === 0)
      throw new FileError({ where, expected: `a list of ${name}`, got: 'none' })
  const ordered = categories.things.toSorted((a, b) => a.id - b.id)
  const labels = new Map(ordered.map(({ id }, i) => [id, i + 1]))
  const own: number[][] = images.things.map(() => [])
  for (let i = 0; i < rows.count; i++) {
    const row = rows.row(i)
    const image = images.places.get(row[IMAGE])
    const known = { image_id: image, category_id: labels.get(row[CATEGORY]) }
    for (const [j, [name, found]] of Object.entries(known).entries())
      if (found === undefined)
        throw new FileError({
          where: `${where}, annotations[${i}].${name}`,
          expected: `the id of one of the ${j === IMAGE ? 'images' : 'categories'}`,
          got: `${row[j]}`,
        })
    own[image as number].push(i)
  }
  return {
    images: images.things,
    classes: ordered.map(({ name }) => name),
    categoryIds: ordered.map(({ id }) => id),
    objectsOf: image => {
      const { id, width, height } = images.things[image]
      const objects = own[image].map(i => rows.row(i))
      return {
        id,
        width,
        height,
        boxes: Float64Array.from(objects.flatMap(row => [...row.subarray(X)])),
        labels: Uint16Array.from(objects, row => labels.get(row[CATEGORY]) ?? 0),
        areas: Float64Array.from(objects, row => row[AREA]),
        crowds: Uint8Array.from(objects, row => row[CROWD]),
        ids: Float64Array.from(objects, row => row[ID]),
      }
    },
    mostOf: some =>
      Math.max(0, ...some.map(image => own[image].filter(i => rows.row(i)[CROWD] === 0).length)),
  }
}
