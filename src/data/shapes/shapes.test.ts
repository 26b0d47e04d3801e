/** `shapes`: each image a function of seed, split and index, its factors as they are declared. */

import { describe, expect, it } from 'vitest'
import { random } from '../../random/index.ts'
import type { Factors } from './layers.ts'
import { OUTLINES } from './outlines.ts'
import { paint } from './paint.ts'
import { openShapes, SHAPE_CLASSES, type ShapesOptions } from './shapes.ts'
import { TEXTURES } from './textures.ts'

const COUNT = 40
const open = (options: Partial<ShapesOptions> = {}) =>
  openShapes({ split: 'train', count: COUNT, size: 16, ...options })

const imagesOf = (options: Partial<ShapesOptions> = {}): string[] => {
  const dataset = open(options)
  return [...dataset.labels.keys()].map(index => String(dataset.read(index)))
}

const factorsOf = (options: Partial<ShapesOptions> = {}): Factors[] => {
  const dataset = open(options)
  return [...dataset.labels.keys()].map(dataset.factors)
}

it('gives the same images and factors for the same seed', () => {
  expect(imagesOf({ seed: 5 })).toEqual(imagesOf({ seed: 5 }))
  expect(factorsOf({ seed: 5 })).toEqual(factorsOf({ seed: 5 }))
  expect(imagesOf()).toEqual(imagesOf({ seed: 0 }))
})

it('has no image and no factors twice, in either split or under another seed', () => {
  const sets: Partial<ShapesOptions>[] = [{}, { split: 'test' }, { seed: 1 }]
  expect(new Set(sets.flatMap(imagesOf)).size).toBe(sets.length * COUNT)
  const places = sets.flatMap(set => factorsOf(set).map(({ x, y }) => `${x} ${y}`))
  expect(new Set(places).size).toBe(sets.length * COUNT)
})

it('paints an image independently of those read before, and of the count', () => {
  const forwards = imagesOf()
  const dataset = open({ count: 100 })
  for (const index of [...forwards.keys()].reverse())
    expect(String(dataset.read(index)), `image ${index}`).toBe(forwards[index])
  expect(dataset.read(3)).toEqual(open().read(3))
})

it.each([0, 1, 9, 10, 57])('balances the labels of %i images', count => {
  const { labels, classes } = open({ count })
  expect(labels).toHaveLength(count)
  const times = classes.map((_, label) => labels.filter(own => own === label).length)
  expect(Math.max(...times) - Math.min(...times)).toBeLessThanOrEqual(1)
})

it.each([1, 2, 7, 28, 33, 64])('paints any size: %i', size => {
  const dataset = open({ size, count: 20 })
  expect(dataset.shape).toEqual([3, size, size])
  for (const index of dataset.labels.keys()) {
    const image = dataset.read(index)
    expect(image).toBeInstanceOf(Uint8Array)
    expect(image).toHaveLength(3 * size * size)
  }
})

describe('factors', () => {
  const size = 32
  const all = factorsOf({ size, count: 500 })

  /** The lowest and the highest value that a factor may have, and nearly reaches. */
  const RANGES: Readonly<Record<string, readonly [number, number, of: (own: Factors) => number]>> =
    {
      scale: [0.5, 2, ({ scale }) => scale],
      rotation: [0, 2 * Math.PI, ({ rotation }) => rotation],
      hue: [0, 1, ({ hue }) => hue],
      x: [0, size, ({ x }) => x],
      y: [0, size, ({ y }) => y],
    }

  it.each(Object.entries(RANGES))('%s fills its range', (_, [low, high, of]) => {
    const values = all.map(of)
    expect(Math.min(...values)).toBeGreaterThanOrEqual(low)
    expect(Math.max(...values)).toBeLessThanOrEqual(high)
    expect(Math.max(...values) - Math.min(...values)).toBeGreaterThan(0.8 * (high - low))
  })

  it('keep three quarters of the radius inside', () => {
    for (const { x, y, scale } of all) {
      const reach = 0.2 * size * scale * 0.75
      for (const center of [x, y]) {
        expect(center).toBeGreaterThanOrEqual(reach)
        expect(center).toBeLessThanOrEqual(size - reach)
      }
    }
  })

  it('have the label of their image, and every texture', () => {
    expect(all.map(({ label }) => label)).toEqual([...open({ count: 500 }).labels])
    expect(new Set(all.map(({ texture }) => texture))).toEqual(new Set(Object.keys(TEXTURES)))
  })

  it('say nothing of each other: each class has small and large shapes', () => {
    for (const label of SHAPE_CLASSES.keys()) {
      const scales = all.filter(own => own.label === label).map(({ scale }) => scale)
      expect(Math.min(...scales)).toBeLessThan(0.8)
      expect(Math.max(...scales)).toBeGreaterThan(1.4)
    }
  })

  /** In place of the first image's; each must be seen. */
  const CHANGES: readonly Partial<Factors>[] = [
    ...Array.from({ length: 9 }, (_, i) => ({ label: i + 1 })),
    { scale: 0.6 },
    { x: 10 },
    { y: 10 },
    { rotation: 0.5 },
    { hue: 0.9 },
    { texture: 'checks' },
  ]

  it('are all to be seen in the image', () => {
    const usual: Factors = {
      label: 2,
      scale: 1.2,
      x: 16,
      y: 16,
      rotation: 0,
      hue: 0.2,
      texture: 'plain',
    }
    const painted = [
      {},
      ...CHANGES.map(change => (change.label === 2 ? { label: 0 } : change)),
    ].map(change => String(paint({ ...usual, ...change }, size, random(0))))
    expect(new Set(painted).size).toBe(painted.length)
  })
})

it('the shape is where its factors say', () => {
  const size = 24
  const { factors, labels } = open({ size })
  for (const index of labels.keys()) {
    const own = factors(index)
    const [here, recolored] = [own, { ...own, hue: (own.hue + 0.5) % 1 }].map(one =>
      paint(one, size, random(index)),
    )
    const reach = 0.2 * size * own.scale * 1.3 + 1
    const far = [...here.keys()].filter(i => {
      const [x, y] = [(i % size) + 0.5, (Math.floor(i / size) % size) + 0.5]
      return Math.hypot(x - own.x, y - own.y) > reach
    })
    expect(far.map(i => here[i])).toEqual(far.map(i => recolored[i]))
    expect(here).not.toEqual(recolored)
  }
})

/** A point inside and one outside of each outline, in its unit frame, y downwards. */
const POINTS: Readonly<
  Record<string, readonly [inside: [number, number], outside: [number, number]]>
> = {
  circle: [
    [0.6, 0.6],
    [0.7, 0.7],
  ],
  ring: [
    [0, 0.7],
    [0, 0],
  ],
  square: [
    [0.7, 0.7],
    [0, 0.9],
  ],
  frame: [
    [0.7, 0.7],
    [0.4, 0.4],
  ],
  triangle: [
    [0, -1],
    [0, 1],
  ],
  hexagon: [
    [0, -0.9],
    [0.9, 0],
  ],
  star: [
    [0, -1],
    [0, 0.9],
  ],
  cross: [
    [0.9, 0],
    [0.6, 0.6],
  ],
  crescent: [
    [-0.6, 0],
    [0.5, 0],
  ],
  arrow: [
    [0, -1],
    [0.5, 0.6],
  ],
}

it('the outlines are the shapes that the classes name', () => {
  expect(Object.keys(POINTS)).toEqual(SHAPE_CLASSES)
  for (const [name, [inside, outside]] of Object.entries(POINTS)) {
    expect(OUTLINES[name](...inside), `inside of ${name}`).toBeLessThan(0)
    expect(OUTLINES[name](...outside), `outside of ${name}`).toBeGreaterThan(0)
  }
})
