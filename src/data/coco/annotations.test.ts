/** COCO's annotations, read entry by entry: odd ones, damaged ones, and in any pieces. */

import { describe, expect, it } from 'vitest'
import { readAnnotations } from './annotations.ts'

/** A text in chunks of some bytes. */
async function* inPieces(text: string, length = 7): AsyncGenerator<Uint8Array> {
  const bytes = new TextEncoder().encode(text)
  for (let at = 0; at < bytes.length; at += length) yield bytes.slice(at, at + length)
}
const read = (text: string, length?: number) => readAnnotations(inPieces(text, length), 'a.json')

const IMAGES = [
  { id: 9, file_name: 'x "1"[.jpg', width: 64, height: 48, license: [{ a: '}' }] },
  { id: 4, file_name: 'é/2.jpg', width: 50, height: 50 },
]
const CATEGORIES = [
  { id: 90, name: 'toothbrush', supercategory: 'indoor' },
  { id: 13, name: 'stop sign' },
]
const ANNOTATIONS = [
  {
    id: 900100002299,
    image_id: 9,
    category_id: 90,
    bbox: [1, 2, 3, 4.5],
    area: 7,
    iscrowd: 0,
    segmentation: [[1, 2, 3]],
  },
  {
    id: 0,
    image_id: 9,
    category_id: 13,
    bbox: [0, 0, 9, 9],
    area: 60.5,
    iscrowd: 1,
    segmentation: { counts: 'a\\"[{' },
  },
  { id: 5, image_id: 9, category_id: 13, bbox: [0, 0, 2, 3] },
]
const file = (change: object = {}) =>
  JSON.stringify({
    info: { description: '[{"images"' },
    images: IMAGES,
    annotations: ANNOTATIONS,
    categories: CATEGORIES,
    ...change,
  })

describe("COCO's annotations", () => {
  it.each([1, 3, 64, 1e6])('are the same in pieces of %i bytes', async length => {
    const { images, classes, categoryIds, objectsOf, mostOf } = await read(file(), length)
    expect(images.map(({ file }) => file)).toEqual(['x "1"[.jpg', 'é/2.jpg'])
    expect(classes).toEqual(['stop sign', 'toothbrush'])
    expect(categoryIds).toEqual([13, 90])
    expect(objectsOf(0)).toEqual({
      id: 9,
      width: 64,
      height: 48,
      boxes: Float64Array.of(1, 2, 3, 4.5, 0, 0, 9, 9, 0, 0, 2, 3),
      labels: Uint16Array.of(2, 1, 1),
      areas: Float64Array.of(7, 60.5, 6),
      crowds: Uint8Array.of(0, 1, 0),
      ids: Float64Array.of(900100002299, 0, 5),
    })
    expect(objectsOf(1).labels).toHaveLength(0)
    expect(mostOf([0, 1])).toBe(2)
  })

  const [first] = ANNOTATIONS
  it.each<[string, string, string]>([
    [
      'an unknown image',
      file({ annotations: [first, { ...first, image_id: 1 }] }),
      'a.json, annotations[1].image_id: expected the id of one of the images, got 1',
    ],
    [
      'an index for an id',
      file({ annotations: [{ ...first, category_id: 1 }] }),
      'a.json, annotations[0].category_id: expected the id of one of the categories, got 1',
    ],
    [
      'half a box',
      file({ annotations: [{ ...first, bbox: [1, 2] }] }),
      'a.json, annotations[0].bbox: expected x, y, width and height in pixels, got [1,2]',
    ],
    [
      'a negative side',
      file({ annotations: [{ ...first, bbox: [1, 2, -3, 4] }] }),
      'annotations[0].bbox',
    ],
    [
      'a number as text',
      file({ annotations: [{ ...first, area: '7' }] }),
      'annotations[0].area: expected a number that is not negative, got "7"',
    ],
    [
      'an id twice',
      file({ images: [IMAGES[0], IMAGES[1], IMAGES[0]] }),
      'a.json, images[2].id: expected an id that no other has, got 9, which a.json, images[0] has',
    ],
    [
      'a path out of the folder',
      file({ images: [{ ...IMAGES[0], file_name: '../x.jpg' }] }),
      'a.json, images[0].file_name: expected a path in the folder of the images',
    ],
    [
      'no size',
      file({ images: [{ id: 1, file_name: 'x' }] }),
      'a.json, images[0].width: needs a number of pixels',
    ],
    ['no categories', file({ categories: [] }), 'a.json: expected a list of categories, got none'],
    [
      'a file cut short',
      file().slice(0, 400),
      'annotations[1]: expected the rest of it, got the end of the file',
    ],
    [
      'an entry that is no JSON',
      file().replace('"area":7', '"area":'),
      'a.json, annotations[0]: expected JSON',
    ],
    [
      'a missing comma',
      file().replace('},{"id":0', '}{"id":0'),
      'a.json, annotations[1]: expected a comma, got "{"',
    ],
    ['results in place of annotations', '[{"image_id": 1}]', 'a.json: expected one JSON object'],
    [
      'an empty file',
      '',
      'a.json: expected one JSON object, as COCO’s annotations are, got an empty file',
    ],
    ['brackets that do not fit', '{"info": {]', 'a.json: expected brackets in pairs, got "]"'],
  ])('are refused with %s', async (_, text, message) => {
    await expect(read(text)).rejects.toThrow(message)
  })
})
