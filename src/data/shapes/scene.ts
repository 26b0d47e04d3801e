/** Scenes of `shapes-detection`: many shapes on one background, with boxes and areas of what is seen of each. */

import type { RandomStream } from '../../random/index.ts'
import { background, blend, bytesOf, distractor, type Factors, speckle, subject } from './layers.ts'
import { sequence } from './sequence.ts'
import { drawFactors, SHAPE_CLASSES } from './shapes.ts'

/** The most objects that a scene has, besides a crowd. */
export const MOST_OBJECTS = 8
/** One scene in so many is empty, and one has a crowd of so many small shapes of one class. */
const [EMPTY, CROWDED, CROWD] = [20, 10, 12]
/** How near the centers of two objects may be, in sums of their radii. */
const NEAREST = 0.75
/** Scales as powers of two: radii of a twentieth to a quarter of the image. */
const OCTAVES = [-2, 0.3] as const
const CROWD_OCTAVES = [-2.6, -2.2] as const

/** What belongs together: an object, or a crowd. */
interface Thing {
  readonly members: readonly Factors[]
  readonly x: number
  readonly y: number
  /** As a part of the image's size. */
  readonly radius: number
}

/** One object of a scene as it is seen. */
export interface SceneObject {
  /** From 0. */
  readonly label: number
  /** x, y, width and height of the pixels that show it. */
  readonly box: readonly [x: number, y: number, width: number, height: number]
  /** How many these are. */
  readonly area: number
  readonly isCrowd: boolean
}

export interface Scene {
  /** Planar 3×size×size bytes. */
  readonly pixels: Uint8Array
  readonly objects: readonly SceneObject[]
}

const one = (draw: RandomStream, size: number): Thing => {
  const factors = drawFactors(draw, draw.below(99, SHAPE_CLASSES.length), size, OCTAVES)
  return { members: [factors], x: factors.x, y: factors.y, radius: 0.2 * factors.scale }
}

const crowd = (draw: RandomStream, size: number): Thing => {
  const { between, pick } = sequence(draw)
  const label = pick([...SHAPE_CLASSES.keys()])
  const [radius, x, y] = [0.18, between(0.2, 0.8) * size, between(0.2, 0.8) * size]
  const members = Array.from({ length: CROWD }, (_, i) => ({
    ...drawFactors(draw.fork(i), label, size, CROWD_OCTAVES),
    x: x + between(-0.8, 0.8) * radius * size,
    y: y + between(-0.8, 0.8) * radius * size,
  }))
  return { members, x, y, radius }
}

/** Things that leave most of each other to be seen. */
const drawThings = (draw: RandomStream, size: number): readonly Thing[] => {
  if (draw.below(0, EMPTY) === 0) return []
  const things = draw.below(1, CROWDED) === 0 ? [crowd(draw.fork('crowd'), size)] : []
  const most = things.length + 1 + draw.below(2, MOST_OBJECTS)
  for (let i = 0; i < 3 * MOST_OBJECTS && things.length < most; i++) {
    const next = one(draw.fork(i), size)
    const isFree = things.every(
      ({ x, y, radius }) =>
        Math.hypot(x - next.x, y - next.y) > NEAREST * size * (radius + next.radius),
    )
    if (isFree) things.push(next)
  }
  return things
}

/** What is seen of each thing: of those of which nothing is, nothing. */
const seen = (owners: Uint8Array, size: number, things: readonly Thing[]): SceneObject[] => {
  const bounds = things.map(() => ({ left: size, top: size, right: 0, bottom: 0, area: 0 }))
  for (const [i, owner] of owners.entries()) {
    if (owner === 0) continue
    const own = bounds[owner - 1]
    const [x, y] = [i % size, Math.floor(i / size)]
    own.left = Math.min(own.left, x)
    own.top = Math.min(own.top, y)
    own.right = Math.max(own.right, x + 1)
    own.bottom = Math.max(own.bottom, y + 1)
    own.area++
  }
  return bounds.flatMap(({ left, top, right, bottom, area }, i) => {
    const { members } = things[i]
    const box = [left, top, right - left, bottom - top] as const
    const isCrowd = members.length > 1
    return area === 0 ? [] : [{ label: members[0].label, box, area, isCrowd }]
  })
}

/** Paints a scene. */
export const paintScene = (size: number, draw: RandomStream): Scene => {
  const things = drawThings(draw.fork('things'), size)
  const draws = sequence(draw.fork('layers'))
  const canvas = new Float32Array(3 * size * size)
  const owners = new Uint8Array(size * size)
  blend(canvas, size, background(draws))
  for (let i = 0; i < 4; i++) blend(canvas, size, distractor(draws, size))
  for (const [i, { members }] of things.entries())
    for (const factors of members)
      blend(canvas, size, subject(factors, draws, size), { pixels: owners, owner: i + 1 })
  speckle(canvas, size * size, draws.between(0.01, 0.1), draw.fork('noise'))
  return { pixels: bytesOf(canvas), objects: seen(owners, size, things) }
}
