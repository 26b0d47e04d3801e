/** Folders of images: what they hold, the same in every thread, and what is done about bad ones. */

import { cp, mkdir, mkdtemp, readdir, rename, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import sharp from 'sharp'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { FileError, UsageError } from '../../errors/index.ts'
import type { Split } from '../dataset.ts'
import { openImage } from '../decode/openImage.ts'
import { type Batch, evaluationBatches, trainingBatches } from '../loader.ts'
import { openShapes } from '../shapes/shapes.ts'
import { exportFolder } from './exportFolder.ts'
import { type ImageFolderOptions, openImageFolder } from './imageFolder.ts'

const normalization = { mean: [0.5, 0.5, 0.5], std: [0.25, 0.25, 0.25] }
const splits = [
  openShapes({ split: 'train', count: 40, size: 20 }),
  { ...openShapes({ split: 'test', count: 20, size: 20 }), split: 'validation' as const },
]
let folder: string
let images: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'excite-'))
  images = join(folder, 'images')
  expect(await exportFolder(splits, images)).toBe(60)
})
afterAll(() => rm(folder, { recursive: true }))

const copied = async (name: string): Promise<string> => {
  await cp(images, join(folder, name), { recursive: true })
  return join(folder, name)
}
const openFolder = (path: string, options: ImageFolderOptions = {}) =>
  openImageFolder(path, { size: 20, cropPct: 1, workers: 0, ...options })
const open = async (
  path: string,
  { split = 'train', ...options }: ImageFolderOptions & { split?: Split } = {},
) => (await openFolder(path, options)).open(split)

const grain = (width: number, height: number) => {
  const noise = { type: 'gaussian', mean: 128, sigma: 60 } as const
  return sharp({ create: { width, height, channels: 3, background: '#888', noise } })
}

describe('export', () => {
  it('gives back the same images, by class', async () => {
    const dataset = await open(images)
    expect(dataset.classes).toEqual([...splits[0].classes].sort())
    const [original] = splits
    const paths = (await readdir(join(images, 'train'), { recursive: true }))
      .filter(name => name.endsWith('.png'))
      .sort()
    for (const [i, path] of paths.entries()) {
      const index = Number(/(\d+)\.png$/.exec(path)?.[1])
      expect(await dataset.read(i)).toEqual(original.read(index))
      expect(dataset.classes[dataset.labels[i]]).toBe(original.classes[original.labels[index]])
    }
    expect(paths).toHaveLength(40)
  })

  it('leaves a folder that exists alone, and nothing half-written', async () => {
    await expect(exportFolder(splits, images)).rejects.toThrow(UsageError)
    const broken = {
      ...splits[0],
      read: (i: number) => (i > 20 ? Promise.reject(new Error('no')) : splits[0].read(i)),
    }
    await expect(exportFolder([broken], join(folder, 'half'))).rejects.toThrow('no')
    const stop = new AbortController()
    const ended = await exportFolder(splits, join(folder, 'half'), {
      signal: stop.signal,
      onWritten: done => {
        if (done === 20) stop.abort()
      },
    })
    expect(ended).toBeUndefined()
    expect((await readdir(folder)).filter(name => name.startsWith('half'))).toEqual([])
  })
})

describe('splits', () => {
  it('are train and val', async () => {
    expect((await open(images, { split: 'validation' })).labels).toHaveLength(20)
    await expect(open(images, { valFraction: 0.2 })).rejects.toThrow(
      'data.valFraction: expected a folder without a validation split of its own, got',
    )
  })

  it.each([
    ['Training', 'Val'],
    ['train', 'valid'],
    ['train', 'validation'],
  ])('are %s and %s too', async (train, test) => {
    const root = await copied(`${train}-${test}`)
    await rename(join(root, 'train'), join(root, train))
    await rename(join(root, 'val'), join(root, test))
    const found = await open(root, { split: 'validation' })
    expect(found).toMatchObject({ split: 'validation' })
    expect(found.labels).toHaveLength(20)
    expect(found.classes).toHaveLength(10)
  })

  it('have no hidden files and folders, nor what a link at their top leads to but a folder', async () => {
    const root = await copied('strewn')
    const [image] = await readdir(join(root, 'train/circle'))
    for (const hidden of ['.ipynb_checkpoints', 'circle/.ipynb_checkpoints', 'circle/deep/.git']) {
      await mkdir(join(root, 'train', hidden), { recursive: true })
      await cp(join(root, 'train/circle', image), join(root, 'train', hidden, 'a.png'))
    }
    await writeFile(join(root, 'train/circle/._a.png'), '')
    await symlink('nowhere', join(root, 'train/broken'))
    await symlink('circle/nothing.txt', join(root, 'train/notes'))
    const outside = join(folder, 'outside')
    await rename(join(root, 'train/ring'), outside)
    await symlink(outside, join(root, 'train/ring'))
    const found = await open(root)
    expect(found.labels).toHaveLength(40)
    expect(found.classes).toEqual((await open(images)).classes)
  })

  it('are three where there are three, and all of them together', async () => {
    const root = await copied('three')
    await cp(join(root, 'val'), join(root, 'test'), { recursive: true })
    await rm(join(root, 'test/circle'), { recursive: true })
    const three = await openFolder(root)
    const opened = await Promise.all(
      (['train', 'validation', 'test', 'all'] as const).map(split => three.open(split)),
    )
    expect(opened.map(({ split, labels }) => [split, labels.length])).toEqual([
      ['train', 40],
      ['validation', 20],
      ['test', 18],
      ['all', 78],
    ])
    const [train, , test, all] = opened
    expect(await all.read(77)).toEqual(await test.read(17))
    const plain = { normalization, augmentation: {}, seed: 0, epoch: 0 }
    const [one, other] = [await test.read(3), await train.read(2)]
    expect(await all.prepare(Uint32Array.of(63, 2), plain)).toEqual(
      Float32Array.from([...one, ...other], value => (value / 255 - 0.5) / 0.25),
    )
  })

  it.each([
    [undefined, 10],
    [0.5, 20],
  ])(
    'of train and test alone: of share %s, %i are held back from train, and test stays apart',
    async (valFraction, held) => {
      const root = await copied(`tested-${valFraction}`)
      await rename(join(root, 'val'), join(root, 'test'))
      const three = await openFolder(root, { valFraction })
      const opened = await Promise.all(
        (['train', 'validation', 'test', 'all'] as const).map(split => three.open(split)),
      )
      expect(opened.map(({ split, labels }) => [split, labels.length])).toEqual([
        ['train', 40 - held],
        ['validation', held],
        ['test', 20],
        ['all', 60],
      ])
    },
  )

  it('have no test images without classes, which is said', async () => {
    const root = await copied('unlabeled')
    await rm(join(root, 'val'), { recursive: true })
    await mkdir(join(root, 'test/unknown'), { recursive: true })
    await writeFile(join(root, 'test/unknown/a.png'), '')
    const found = await openFolder(root)
    expect((await found.open('validation')).labels).toHaveLength(10)
    expect(found.hasTest).toBe(false)
    expect(found.report().leftOut).toEqual({
      'test/ (no classes)': [join(root, 'test/unknown/a.png')],
    })
    await expect(found.open('test')).rejects.toThrow('labeled test images, in test/CLASS, got none')
  })

  it('have images of six formats; files of others are counted', async () => {
    const root = await copied('formats')
    const place = (name: string): string => join(root, 'train/circle', name)
    for (const format of ['avif', 'gif', 'tiff', 'webp', 'jpeg'] as const)
      await grain(24, 24)
        .toFormat(format)
        .toFile(place(`zz.${format}`))
    for (const name of ['a.HEIC', 'b.heic', 'c.jxl', 'LICENSE']) await writeFile(place(name), '')
    await writeFile(join(root, 'labels.csv'), '')
    const found = await openFolder(root)
    const train = await found.open('train')
    expect(train.labels).toHaveLength(45)
    await Promise.all(Array.from(train.labels, (_, i) => train.read(i)))
    expect(found.report().leftOut).toEqual({
      '.heic': [place('a.HEIC'), place('b.heic')],
      '.jxl': [place('c.jxl')],
      'no ending': [place('LICENSE')],
      '.csv': [join(root, 'labels.csv')],
    })
  })

  it('leave the one image of a class to train on', async () => {
    const root = join(await copied('single'), 'train')
    const [kept, ...others] = await readdir(join(root, 'circle'))
    for (const name of others) await rm(join(root, 'circle', name))
    const [train, test] = await Promise.all(
      (['train', 'validation'] as const).map(split => open(root, { split })),
    )
    const circle = train.classes.indexOf('circle')
    expect(kept).toBeDefined()
    expect([train, test].map(({ labels }) => labels.filter(l => l === circle).length)).toEqual([
      1, 0,
    ])
  })

  it('are split where there are none, every class, nothing twice, the same each time', async () => {
    const options = { valFraction: 0.25 }
    const root = join(images, 'train')
    const train = await open(root, options)
    const test = await open(root, { ...options, split: 'validation' })
    expect([train.labels.length, test.labels.length]).toEqual([30, 10])
    expect(new Set(test.labels).size).toBe(10)
    expect((await open(root, options)).fingerprint).toBe(train.fingerprint)
    expect((await open(root, { valFraction: 0.5 })).fingerprint).not.toBe(train.fingerprint)
    const all = await Promise.all(
      [train, test].flatMap(set =>
        Array.from(set.labels, async (_, i) => (await set.read(i)).join()),
      ),
    )
    expect(new Set(all).size).toBe(40)
  })

  it.each([
    ['nowhere', 'no such folder; expected a folder of images'],
    ['empty', 'a folder for each of two classes or more, got none'],
    ['one', 'a folder for each of two classes or more, got only cat'],
    ['bare', 'expected images (JPEG, PNG, WebP, AVIF, GIF, TIFF, BMP), got none'],
    [
      'others',
      'got none, but .heic, .jxl. Convert such files to JPEG first, by ImageMagick: magick mogrify -format jpg *.heic *.jxl',
    ],
    ['stray', 'only classes that there are images of to train on, got lion'],
  ])('%s is refused', async (name, message) => {
    const root = join(folder, name)
    if (name === 'one') await mkdir(join(root, 'cat'), { recursive: true })
    if (name === 'empty') await mkdir(root)
    if (name === 'bare')
      for (const one of ['cat', 'dog']) await mkdir(join(root, one), { recursive: true })
    if (name === 'others')
      for (const file of ['cat/a.HEIC', 'cat/b.heic', 'cat/c.jxl', 'dog/a.png']) {
        await mkdir(dirname(join(root, file)), { recursive: true })
        await writeFile(join(root, file), '')
      }
    if (name === 'stray') await mkdir(join(await copied(name), 'val/lion'))
    const error = await open(root, { split: 'validation' }).catch((error: unknown) => error)
    expect(error).toBeInstanceOf(FileError)
    expect((error as Error).message).toContain(message)
  })
})

const AUGMENTATION = {
  resizedCrop: { scale: 0.3 },
  flip: true,
  crop: { padding: 2 },
  cutout: { size: 5 },
}
const gather = async (batches: AsyncIterable<Batch>): Promise<Batch[]> => {
  const all: Batch[] = []
  for await (const batch of batches) all.push(batch)
  return all
}

describe('threads', () => {
  it('change nothing: not their number, nor where an epoch is taken up', async () => {
    const options = { batch: 7, normalization, augmentation: AUGMENTATION, seed: 1, epoch: 2 }
    const epochs = await Promise.all(
      [0, 1, 3].map(async workers => {
        const dataset = await open(images, { workers })
        const batches = await gather(trainingBatches(dataset, options))
        expect(await gather(trainingBatches(dataset, { ...options, start: 3 }))).toEqual(
          batches.slice(3),
        )
        const tested = await gather(evaluationBatches(dataset, { batch: 16, normalization }))
        await dataset.close()
        return { batches, tested }
      }),
    )
    expect(epochs[0].batches).toHaveLength(5)
    expect(epochs[1]).toEqual(epochs[0])
    expect(epochs[2]).toEqual(epochs[0])
  })
})

/** A folder whose first image is this file. */
const holding = async (name: string, bytes: Uint8Array): Promise<string> => {
  const root = await copied(name)
  const [first] = (await readdir(join(root, 'train/circle'))).sort()
  await rm(join(root, 'train/circle', first))
  await writeFile(join(root, 'train/circle', '0.jpg'), bytes)
  return root
}
/** What becomes of the first image: its middle, and some of its parts, on this thread and another. */
const outcomesOf = async (root: string): Promise<unknown[][]> => {
  const outcomes: unknown[][] = []
  for (const workers of [0, 1]) {
    const dataset = await open(root, { workers })
    const first = Uint32Array.of(dataset.labels.indexOf(dataset.classes.indexOf('circle')))
    const crops = [{}, ...Array(40).fill({ resizedCrop: { scale: 0.1 } })]
    const settled: unknown[] = []
    // One by one: libvips has one place for what it says of all damaged images.
    for (const [epoch, augmentation] of crops.entries()) {
      const made = dataset.prepare(first, { normalization, augmentation, seed: 0, epoch })
      settled.push(await made.catch(({ message }: Error) => message))
    }
    await dataset.close()
    outcomes.push(settled)
  }
  return outcomes
}

describe('decoding', () => {
  it.each<[string, () => Promise<Buffer>]>([
    ['a JPEG', () => grain(50, 38).jpeg().toBuffer()],
    ['a PNG', () => grain(33, 21).png().toBuffer()],
    ['a WebP', () => grain(33, 21).webp().toBuffer()],
    ['a large JPEG', () => grain(400, 300).jpeg().toBuffer()],
    ['a large PNG', () => grain(400, 300).png().toBuffer()],
    ['a JPEG on its side', () => grain(50, 38).withMetadata({ orientation: 8 }).jpeg().toBuffer()],
    ['a gray JPEG', () => grain(50, 38).greyscale().jpeg().toBuffer()],
    ['a JPEG with colors of its own', () => grain(50, 38).withIccProfile('p3').jpeg().toBuffer()],
    ['a transparent PNG', () => grain(50, 38).ensureAlpha(0.5).png().toBuffer()],
  ])('%s comes to the same numbers in a worker thread', async (name, make) => {
    const root = await holding(name.replaceAll(' ', '-'), await make())
    const [here, there] = await outcomesOf(root)
    expect(here.every(made => made instanceof Float32Array)).toBe(true)
    expect(there).toEqual(here)
  })

  it.each([
    ['small', 40],
    ['large', 400],
  ])(
    'a %s JPEG that is cut short is bad wherever it is read, in the same words',
    async (name, side) => {
      const bytes = await grain(side, side).jpeg().toBuffer()
      const root = await holding(`cut-${name}`, bytes.subarray(0, 0.9 * bytes.length))
      const [here, there] = await outcomesOf(root)
      for (const message of here) {
        expect(message).toContain(
          '0.jpg: expected an image (JPEG, PNG, WebP, AVIF, GIF, TIFF, BMP) of at most 100',
        )
        expect(message).toContain('premature end of JPEG image')
      }
      expect(there).toEqual(here)
    },
  )

  it('a JPEG is decoded no further than it is needed, the same in a worker thread', async () => {
    for (const side of [48, 480]) {
      const bytes = await grain(side, side).jpeg().toBuffer()
      bytes.set([0xff, 0xd9], Math.round(0.7 * bytes.length))
      const image = await openImage(bytes)
      const part = (top: number) => ({ left: 0, top, width: side, height: side / 2 })
      const shape = [3, 20, 20] as const
      await expect(image.read(part(side / 2), shape)).rejects.toThrow('premature end')
      const read = Promise.resolve(image.read(part(0), shape)).then(
        () => 'read',
        () => 'refused',
      )
      // What is small is decoded whole by sharp; what is large, as far as the part goes.
      expect(await read).toBe(side === 48 ? 'refused' : 'read')
    }
  })
})

describe('bad images', () => {
  let root: string
  const damaged = ['train/circle/00001.png', 'train/star/00004.png', 'val/ring/00006.png']
  beforeAll(async () => {
    root = await copied('bad')
    const all = (await readdir(root, { recursive: true }))
      .filter(name => name.endsWith('.png'))
      .sort()
    damaged.splice(0, 3, all[2], all[11], all.at(-1) as string)
    for (const name of damaged) await writeFile(join(root, name), 'damaged')
  })

  it.each([0, 2])('stop by default with the name of the file, with %i workers', async workers => {
    const dataset = await open(root, { workers })
    const options = { batch: 4, normalization, augmentation: {}, seed: 0, epoch: 0 }
    const error = await gather(trainingBatches(dataset, options)).catch((error: unknown) => error)
    expect(error).toBeInstanceOf(FileError)
    expect(damaged.map(name => join(root, name))).toContain((error as FileError).where)
    await dataset.close()
  })

  it('are left out, or others of their class stand in for them; both are counted', async () => {
    const skipping = await openFolder(root, { badImages: 'skip', badLimit: 0.1 })
    const replacing = await openFolder(root, { badImages: 'replace', badLimit: 0.1 })
    const [skipped, replaced] = [await skipping.open('train'), await replacing.open('train')]
    expect([skipped.labels.length, replaced.labels.length]).toEqual([38, 40])
    const { checked, bad } = skipping.report()
    expect(checked).toBe(40)
    expect(bad[0].file).toBe(join(root, damaged[0]))
    expect(bad[0].reason).toContain('7 bytes')
    expect(replacing.report()).toEqual(skipping.report())
    expect(replaced.labels).toEqual((await open(images)).labels)
    for (const set of [skipped, replaced])
      await Promise.all(Array.from(set.labels, (_, i) => set.read(i)))
  })

  it('stop above a limit, and not at it', async () => {
    const refused = (badLimit: number) =>
      open(root, { badImages: 'skip', badLimit }).catch((error: unknown) => error)
    expect(await refused(2 / 40)).not.toBeInstanceOf(Error)
    expect(await refused(1.99 / 40)).toBeInstanceOf(FileError)
    const { message } = (await refused(0.01)) as FileError
    expect(message).toContain(
      'train: expected at most 0 unreadable images of 40 (1 %), got 2 (5 %) (the first: ',
    )
    expect(message).toMatch(/png: .*7 bytes.* raise the limit \(`data\.badLimit`\) to 0\.05$/)
  })

  it('may be a few in a small folder, unless a limit was set', async () => {
    const small = await copied('few')
    for (const [count, name] of (await readdir(join(small, 'train'))).slice(0, 5).entries()) {
      const [first] = await readdir(join(small, 'train', name))
      await writeFile(join(small, 'train', name, first), 'damaged')
      const opening = open(small, { badImages: 'skip' })
      if (count < 4) expect((await opening).labels).toHaveLength(39 - count)
      else await expect(opening).rejects.toThrow('at most 4 unreadable images of 40')
    }
  })

  it('are found wherever the damage is: a tall image that ends too early', async () => {
    const tall = await copied('tall')
    const [name] = (await readdir(join(tall, 'train/circle'))).sort()
    const path = join(tall, 'train/circle', name)
    const noise = { type: 'gaussian', mean: 128, sigma: 60 } as const
    const create = { width: 40, height: 400, channels: 3, background: '#888', noise } as const
    const bytes = await sharp({ create }).jpeg().toBuffer()
    await writeFile(path, bytes.subarray(0, -200))
    const checking = await openFolder(tall, { badImages: 'skip', badLimit: 0.1 })
    await checking.open('train')
    expect(checking.report().bad.map(({ file }) => file)).toEqual([path])
    const image = await openImage(path)
    const top = { left: 0, top: 0, width: 40, height: 40 }
    await expect(image.read(top, [3, 20, 20])).rejects.toThrow(FileError)
  })

  it('that are all of a class in validation leave it out there', async () => {
    for (const badImages of ['skip', 'replace'] as const) {
      const lost = await copied(`lost-${badImages}`)
      for (const name of await readdir(join(lost, 'val/circle')))
        await writeFile(join(lost, 'val/circle', name), 'damaged')
      const found = await open(lost, { split: 'validation', badImages })
      expect(found.labels).toHaveLength(18)
      expect(found.labels).not.toContain(found.classes.indexOf('circle'))
    }
  })

  it('that are all of a class are refused', async () => {
    const none = await copied('none')
    for (const name of await readdir(join(none, 'train/circle')))
      await writeFile(join(none, 'train/circle', name), 'damaged')
    await expect(open(none, { badImages: 'skip', badLimit: 1 })).rejects.toThrow(
      'train/circle: expected at least one image that can be decoded, got 4 that cannot',
    )
  })
})
