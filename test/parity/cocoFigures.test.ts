/** COCO's figures as its reference evaluator gives them, recorded by record_coco.py. */

import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import type { ImageObjects } from '../../src/data/objects.ts'
import { cocoCurves } from '../../src/tasks/detection/cocoEvaluation.ts'
import { cocoFigures } from '../../src/tasks/detection/cocoFigures.ts'
import type { ImageDetections } from '../../src/tasks/detection/match.ts'

interface Entry {
  readonly image_id: number
  readonly category_id: number
  readonly bbox: readonly number[]
}
interface Case {
  readonly images: readonly number[]
  readonly categories: readonly number[]
  readonly truths: readonly (Entry & { id: number; area: number; iscrowd: number })[]
  readonly found: readonly (Entry & { score: number })[]
  readonly stats: readonly number[]
}

const file = new URL('./fixtures/cocoFigures.json', import.meta.url)
const cases: Record<string, Case> = JSON.parse(readFileSync(file, 'utf8'))

const truthOf = ({ truths }: Case, image: number, labels: Map<number, number>): ImageObjects => {
  const own = truths.filter(one => one.image_id === image)
  return {
    id: image,
    width: 640,
    height: 480,
    boxes: Float64Array.from(own.flatMap(({ bbox }) => bbox)),
    labels: Uint16Array.from(own, one => labels.get(one.category_id) ?? 0),
    areas: Float64Array.from(own, one => one.area),
    crowds: Uint8Array.from(own, one => one.iscrowd),
    ids: Float64Array.from(own, one => one.id),
  }
}

const foundIn = ({ found }: Case, image: number, labels: Map<number, number>): ImageDetections => {
  const own = found.filter(one => one.image_id === image)
  return {
    boxes: Float64Array.from(own.flatMap(({ bbox }) => bbox)),
    scores: Float64Array.from(own, one => one.score),
    labels: Uint16Array.from(own, one => labels.get(one.category_id) ?? 0),
  }
}

describe("COCO's twelve figures", () => {
  it.each(Object.entries(cases))('are those of the reference: %s', (_, one) => {
    const labels = new Map(one.categories.toSorted((a, b) => a - b).map((id, i) => [id, i + 1]))
    const images = one.images.map(image => ({
      truth: truthOf(one, image, labels),
      found: foundIn(one, image, labels),
    }))
    const figures = Object.values(cocoFigures(cocoCurves(images, labels.size)))
    for (const [i, expected] of one.stats.entries()) expect(figures[i]).toBeCloseTo(expected, 12)
  })
})
