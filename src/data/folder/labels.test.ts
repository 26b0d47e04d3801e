/** Labels that are not folders: tables and names; layouts that people have, and what is suggested. */

import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import sharp from 'sharp'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openImages } from '../openImages.ts'
import { type ImageFolderOptions, openImageFolder } from './imageFolder.ts'

let base: string
let image: Buffer
let made = 0
beforeAll(async () => {
  base = await mkdtemp(join(tmpdir(), 'excite-labels-'))
  const create = { width: 8, height: 8, channels: 3, background: '#c04020' } as const
  image = await sharp({ create }).png().toBuffer()
})
afterAll(() => rm(base, { recursive: true }))

/** A folder with these files: images, or texts where they are given. */
const folderOf = async (
  names: readonly string[],
  texts: Readonly<Record<string, string>> = {},
): Promise<string> => {
  const root = join(base, `${made++}`)
  await mkdir(root)
  for (const [name, content] of [
    ...names.map(name => [name, image] as const),
    ...Object.entries(texts),
  ]) {
    await mkdir(dirname(join(root, name)), { recursive: true })
    await writeFile(join(root, name), content)
  }
  return root
}
const open = (root: string, options: ImageFolderOptions = {}) =>
  openImageFolder(root, { size: 8, workers: 0, ...options })
/** How many images each split has of each class. */
const countsOf = async (root: string, options: ImageFolderOptions = {}) => {
  const folder = await open(root, options)
  const { classes, hasTest } = folder
  const splits = ['train', 'validation', ...(hasTest ? ['test' as const] : [])] as const
  const opened = await Promise.all(splits.map(split => folder.open(split as 'train')))
  return opened.map(({ labels }) =>
    Object.fromEntries(classes.map((name, k) => [name, labels.filter(l => l === k).length])),
  )
}
const csv = (rows: readonly string[]): Record<string, string> => ({
  'labels.csv': `${['file,label', ...rows].join('\n')}\n`,
})
const six = ['a', 'b', 'c', 'd', 'e', 'f'].map(name => `${name}.png`)
const rows = six.map((name, i) => `${name},${i < 3 ? 'cat' : 'dog'}`)
const LABELS = { labels: 'labels.csv' }

describe('a table of labels', () => {
  it.each<[string, string[], string]>([
    ['names', six, rows.join('\n')],
    ['paths', six.map(name => `deep/${name}`), rows.map(row => `./deep/${row}`).join('\n')],
    ['names without endings', six, rows.join('\n').replaceAll('.png', '')],
    ['names of files in folders', six.map((name, i) => `${i}/${name}`), rows.join('\r\n')],
    ['paths of Windows', six.map(name => `x/${name}`), rows.map(row => `x\\${row}`).join('\n')],
    ['quoted names', six, rows.map(row => row.replace(/^(.*),(.*)$/, '"$1","$2"')).join('\n')],
  ])('holds %s', async (_, files, text) => {
    const root = await folderOf(files, csv([text]))
    expect(await countsOf(root, LABELS)).toEqual([
      { cat: 2, dog: 2 },
      { cat: 1, dog: 1 },
    ])
    expect((await open(root, LABELS)).classes).toEqual(['cat', 'dog'])
  })

  it('may have other columns, other separators and a mark of its encoding', async () => {
    const text = rows.map((row, i) => `${i};${row.replace(',', ';')};x`).join('\n')
    const root = await folderOf(six, { 'labels.csv': `\ufeffnr;image_id;breed;note\n${text}` })
    expect(await countsOf(root, LABELS)).toHaveLength(2)
    const other = await folderOf(six, {
      'labels.csv': `datei\tart\n${rows.join('\n').replaceAll(',', '\t')}`,
    })
    expect(await countsOf(other, { ...LABELS, labelColumns: ['datei', 'art'] })).toHaveLength(2)
  })

  it('says the splits, by a column or by the folders of the images', async () => {
    const splits = ['train', 'val', 'test', 'train', 'Validation', 'test']
    const expected = Array(3).fill({ cat: 1, dog: 1 })
    const text = rows.map((row, i) => `${row},${splits[i]}`).join('\n')
    const root = await folderOf(six, { 'labels.csv': `file,label,split\n${text}` })
    expect(await countsOf(root, LABELS)).toEqual(expected)
    const files = six.map((name, i) => `${['train', 'val', 'test'][i % 3]}/${name}`)
    expect(await countsOf(await folderOf(files, csv(rows)), LABELS)).toEqual(expected)
  })

  it('leaves out images without a row, and not itself', async () => {
    const root = await folderOf([...six, 'g.png'], { ...csv(rows), 'notes.txt': '' })
    const folder = await open(root, LABELS)
    await folder.open('train')
    expect(folder.report().leftOut).toEqual({
      'images without a label': [join(root, 'g.png')],
      '.txt': [join(root, 'notes.txt')],
    })
  })

  it('decides which images these are: other labels, another fingerprint', async () => {
    const [one, other] = await Promise.all(
      [rows, rows.toReversed().map((row, i) => row.replace(/,.*/, i < 3 ? ',cat' : ',dog'))].map(
        async own => (await open(await folderOf(six, csv(own)), LABELS)).open('train'),
      ),
    )
    expect(one.fingerprint).not.toBe(other.fingerprint)
  })

  it.each<[string, string, string]>([
    [
      'a missing file',
      `file,label\n${rows[0]}\nnone.png,cat`,
      'labels.csv, row 3: expected a file of the folder, got none.png, which is not there',
    ],
    [
      'two rows of a file',
      `file,label\n${rows[0]}\n${rows[1]}\na.png,dog`,
      'labels.csv, row 4: expected one row per file, got a.png, which row 2 has',
    ],
    [
      'a row without label',
      'file,label\na.png,cat\nb.png,',
      'labels.csv, row 3: expected a file and a label, got an empty cell',
    ],
    [
      'a row that is short',
      'file,label\na.png',
      'labels.csv, row 2: expected a file and a label, got 1 columns',
    ],
    [
      'no column of labels',
      'file,Art\na.png,cat',
      'labels.csv: expected a column of labels, such as label or class, got the columns file, Art. Name the columns',
    ],
    [
      'no header',
      'a.png,cat\nb.png,dog',
      'a column of files, such as file or image, got the columns a.png, cat',
    ],
    ['nothing', '', 'expected a column of files'],
    [
      'one class',
      'file,label\na.png,cat\nb.png,cat',
      'expected labels of two classes or more, got only cat',
    ],
    [
      'an open quote',
      'file,label\n"a.png,cat\nb.png,dog',
      'labels.csv, row 2: expected quotes in pairs',
    ],
    [
      'a split that is none',
      `file,label,split\na.png,cat,train\nb.png,dog,holdout`,
      'labels.csv, row 3: expected a split: train, val or test, got holdout',
    ],
  ])('of %s is refused', async (_, text, message) => {
    const root = await folderOf(six, { 'labels.csv': text })
    await expect(open(root, LABELS)).rejects.toThrow(message)
  })

  it('is refused where a name is that of two files, a column is not there, or it is missing', async () => {
    const twice = await folderOf(['x/a.png', 'y/a.png'], csv(rows))
    await expect(open(twice, LABELS)).rejects.toThrow(
      'row 2: expected a file of the folder, got a.png, which is x/a.png or y/a.png',
    )
    const root = await folderOf(six, csv(rows))
    await expect(open(root, { ...LABELS, labelColumns: ['file', 'breed'] })).rejects.toThrow(
      'expected a column breed, got the columns file, label',
    )
    await expect(open(root, { labels: 'nothing.csv' })).rejects.toThrow('nothing.csv')
  })
})

describe('labels from names', () => {
  it.each<[string, string[], string | true, string[]]>([
    ['Kaggle', ['cat.0.jpg', 'cat.1.jpg', 'dog.0.jpg', 'dog.1.jpg'], true, ['cat', 'dog']],
    [
      'numbered',
      ['Great_Dane_10.png', 'Great_Dane_11.png', 'pug 1.png', 'pug (2).png', 'pug3.png'],
      true,
      ['Great_Dane', 'pug'],
    ],
    [
      'by a pattern',
      ['12_cat_x.png', '13_cat_y.png', '1_dog_x.png', '2_dog.png'],
      '^\\d+_([a-z]+)',
      ['cat', 'dog'],
    ],
    ['in folders', ['x/cat.0.jpg', 'y/cat.1.jpg', 'dog.0.jpg', 'dog.1.jpg'], true, ['cat', 'dog']],
  ])('%s', async (_, files, labelFromName, classes) => {
    const folder = await open(await folderOf(files), { labelFromName })
    expect(folder.classes).toEqual(classes)
    expect((await folder.open('all')).labels).toHaveLength(files.length)
  })

  it("of Kaggle's two folders: test images without labels are left out", async () => {
    const train = ['cat.0.jpg', 'cat.1.jpg', 'dog.0.jpg', 'dog.1.jpg'].map(name => `train/${name}`)
    const root = await folderOf([...train, 'test1/1.jpg', 'test1/23.jpg'])
    expect(await countsOf(root, { labelFromName: true })).toEqual(Array(2).fill({ cat: 1, dog: 1 }))
    const folder = await open(root, { labelFromName: true })
    expect(folder.report().leftOut['test1/ (no classes)']).toHaveLength(2)
  })

  it.each([
    [
      '(',
      'data.labelFromName: expected a regular expression with a group around the label, got (. For',
    ],
    ['^cat', 'got ^cat, which has none'],
    ['^(lion)', 'expected labels of two classes or more, got none'],
  ])('not by %s', async (labelFromName, message) => {
    const root = await folderOf(['cat.0.jpg', 'dog.1.jpg'])
    await expect(open(root, { labelFromName })).rejects.toThrow(message)
  })
})

describe('a folder without folders of classes', () => {
  const kaggle = ['cat.0.jpg', 'cat.1.jpg', 'dog.0.jpg', 'dog.1.jpg']
  it.each<[string, string[], Record<string, string>, string]>([
    [
      'names with labels',
      kaggle,
      {},
      'got none. If names such as cat.0.jpg and dog.0.jpg hold the labels, take them from there: `data.labelFromName`',
    ],
    [
      'two folders of such names',
      [...kaggle.map(name => `train/${name}`), 'test1/1.jpg'],
      {},
      '`data.labelFromName`',
    ],
    ['a table', six, csv(rows), 'labels.csv says what each image is of, give it as `data.labels`'],
    [
      'names without labels',
      ['IMG_1.jpg', 'IMG_2.jpg'],
      {},
      'got none. Lay images out as train/CLASS/*.jpg',
    ],
    ['one class', ['cat/a.jpg', 'cat/b.jpg'], {}, 'got only cat. Lay images out as'],
  ])('but %s is told a way', async (_, files, texts, message) => {
    await expect(open(await folderOf(files, texts))).rejects.toThrow(message)
  })

  it('is looked into, where there is one folder alone', async () => {
    const files = ['cat', 'dog'].flatMap(name => [`pets/${name}/1.png`, `pets/${name}/2.png`])
    const root = await folderOf(files, { 'README.txt': '' })
    const folder = await open(root)
    expect(folder.classes).toEqual(['cat', 'dog'])
    expect(folder.report()).toMatchObject({
      notes: [`read from ${join(root, 'pets')}, the only folder of ${root}`],
      leftOut: { '.txt': [join(root, 'README.txt')] },
    })
  })

  it('may be called train and bus: those are classes', async () => {
    const root = await folderOf(['train/1.png', 'train/2.png', 'bus/1.png', 'bus/2.png'])
    expect((await open(root)).classes).toEqual(['bus', 'train'])
  })
})

describe('what is said', () => {
  it('of folders beside the splits', async () => {
    const splits = ['train', 'val'].flatMap(split => [`${split}/cat/1.png`, `${split}/dog/1.png`])
    const root = await folderOf([...splits, 'validation/cat/2.png', 'more/x.png'])
    expect((await open(root)).report().leftOut).toEqual({
      'more/ (no split)': [join(root, 'more/x.png')],
      'validation/ (no split)': [join(root, 'validation/cat/2.png')],
    })
  })

  it('of classes without validation images, and of images outside of classes', async () => {
    const root = await folderOf(['cat/1.png', 'cat/2.png', 'dog/1.png', 'loose.png'])
    const folder = await open(root)
    await folder.open('validation')
    expect(folder.report()).toMatchObject({
      notes: ['no validation images of dog'],
      leftOut: { 'images outside of classes': [join(root, 'loose.png')] },
    })
  })

  it('where no class has two images: nothing is evaluated', async () => {
    const folder = await open(await folderOf(['cat/1.png', 'dog/1.png']))
    await expect(folder.open('validation')).rejects.toThrow(
      'expected validation images, got none. A class needs two images',
    )
    expect((await folder.open('all')).labels).toHaveLength(2)
  })

  it('of known classes: a folder may lack some, and has no others', async () => {
    const classes = ['cat', 'dog', 'emu']
    const folder = await open(await folderOf(['emu/1.png', 'emu/2.png']), { classes })
    expect([...(await folder.open('all')).labels]).toEqual([2, 2])
    const other = await open(await folderOf(['gnu/1.png']), { classes })
    await expect(other.open('all')).rejects.toThrow(
      'expected only classes of the network (cat, dog, emu), got gnu',
    )
  })
})

it('the library opens them the same way, and records how', async () => {
  const root = await folderOf(six, csv(rows))
  const images = await openImages(root, { ...LABELS, size: 8, workers: 0, background: 'white' })
  expect(images.record).toMatchObject({
    data: root,
    labels: join(root, 'labels.csv'),
    background: '#ffffff',
  })
  const { data, ...options } = images.record
  expect((await openImages(data, { ...options, workers: 0 })).train.fingerprint).toBe(
    images.train.fingerprint,
  )
})

describe('a table of several labels or numbers', () => {
  const open6 = async (header: string, cells: readonly string[], options = {}) => {
    const lines = [header, ...six.map((name, i) => `${name},${cells[i]}`)]
    const root = await folderOf(six, { 'labels.csv': `${lines.join('\n')}\n` })
    const folder = await open(root, { ...LABELS, ...options })
    const { task, values, classes } = await folder.open('all')
    return { task, classes, values: values?.map(own => [...own].join('')) }
  }

  it('is found by its cells: lists, flags and numbers that are no names', async () => {
    const lists = await open6('file,label', ['a;b', 'b', '', 'a', 'a;b', 'b'])
    expect(lists).toMatchObject({ task: 'labels', classes: ['a', 'b'] })
    expect(lists.values?.sort()).toEqual(['00', '01', '01', '10', '11', '11'])
    const flags = { labelColumns: ['file', 'wet', 'cold'] as const }
    const cells = ['0,1', '1,1', '0,0', '1,0', '0,1', '1,1']
    expect(await open6('file,wet,cold', cells, flags)).toMatchObject({ task: 'labels' })
    const numbers = await open6('file,label', ['0.5', '1', '2', '3', '4', '5'])
    expect(numbers).toMatchObject({ task: 'regression', classes: ['label'] })
    const named = await open6('file,label', ['0', '1', '1', '0', '0', '1'])
    expect(named).toMatchObject({ task: undefined, classes: ['0', '1'] })
  })

  it('is what was asked for, or refused by its row', async () => {
    const cells = ['1', '2', '3', '4', '5', '6']
    expect(await open6('file,label', cells, { task: 'regression' })).toMatchObject({
      task: 'regression',
    })
    const bad = open6('file,label', [...cells.slice(0, 5), 'much'], { task: 'regression' })
    await expect(bad).rejects.toThrow('labels.csv, row 7: expected a number, got much')
    const lists = ['a b', 'b', 'a', 'a', 'a b', 'b']
    expect(await open6('file,label', lists, { task: 'labels' })).toMatchObject({
      classes: ['a', 'b'],
    })
    await expect(open6('file,label', cells, { task: 'poetry' })).rejects.toThrow('poetry')
    await expect(open(await folderOf(six), { task: 'labels' })).rejects.toMatchObject({
      hint: expect.stringContaining('data.labels'),
    })
  })
})
