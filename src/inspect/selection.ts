/**
 * Selection by scale (Li et al.: Selective Kernel Networks, section 4.4, Figures 3 and 4): does
 * a unit turn to its larger kernel as the object grows? Objects grow by cropping the center; where
 * the true scale of each object is known, attention is compared with it too.
 */

import type { Dataset } from '../data/dataset.ts'
import { evaluationBatches } from '../data/loader.ts'
import { reduceMean } from '../ops/index.ts'
import { average, moments, rankCorrelation, std } from '../stats/moments.ts'
import type { Trained } from '../weights/trained.ts'
import { enlargedDataset } from './images.ts'
import { blockName, named, stageOf } from './observe.ts'
import { openProbe, type ProbeOptions } from './probe.ts'

export const SCALES = [1, 1.5, 2] as const

export interface ScaleSelection {
  readonly scale: number
  /** Attention of the last branch, the one with the largest kernel, by channel, over all images. */
  readonly channels: readonly number[]
  /** Last branch minus first, mean over channels: over all images, and its std. */
  readonly difference: number
  readonly std: number
  readonly classes: readonly { readonly class: string; readonly difference: number }[]
}

export interface UnitSelection {
  readonly path: string
  readonly block: string
  readonly stage: number
  readonly branches: number
  readonly scales: readonly ScaleSelection[]
  /** By image as it is: the object's true scale, and last branch minus first. */
  readonly truth?: {
    readonly scale: readonly number[]
    readonly difference: readonly number[]
    readonly rankCorrelation: number
  }
}

/** The mean of every run of so many successive channels (Figure 3 has sixteens). */
export const grouped = (values: readonly number[], groups: number): number[] => {
  const count = Math.min(groups, values.length)
  const border = (i: number): number => Math.round((i * values.length) / count)
  return Array.from({ length: count }, (_, i) => average(values.slice(border(i), border(i + 1))))
}

interface Unit {
  readonly path: string
  readonly branches: number
  readonly channels: number
}

/** @param truth - the true scale of each image's object, where it is known */
export const selection = async (
  trained: Trained,
  dataset: Dataset,
  options: ProbeOptions,
  truth?: readonly number[],
): Promise<readonly UnitSelection[]> => {
  const units: Unit[] = []
  const probe = await openProbe(trained, options, observed =>
    Object.fromEntries(
      named(observed, 'selection').map(({ path, value }) => {
        units.push({ path, branches: value.shape[1], channels: value.shape[2] })
        return [path, reduceMean(value, [3, 4])]
      }),
    ),
  )
  if (probe === undefined) return []
  const found: ScaleSelection[][] = units.map(() => [])
  const own: number[][] = units.map(() => [])
  const { batch } = options
  for (const scale of SCALES) {
    const all = units.map(({ channels }) => moments(channels))
    const differences: number[][] = units.map(() => [])
    const seen: number[] = []
    const enlarged = enlargedDataset(dataset, scale)
    for await (const { images, labels, count } of evaluationBatches(enlarged, {
      batch,
      normalization: trained.card,
    })) {
      const outputs = await probe.run(images)
      seen.push(...labels.subarray(0, count))
      for (const [u, { path, branches, channels }] of units.entries()) {
        const { data } = outputs[path]
        for (let row = 0; row < count; row++) {
          const branch = (m: number) =>
            Array.from(data.subarray((row * branches + m) * channels).subarray(0, channels))
          const last = branch(branches - 1)
          all[u].add(last)
          differences[u].push(average(last) - average(branch(0)))
        }
      }
    }
    for (const u of units.keys()) {
      if (scale === 1) own[u] = differences[u]
      found[u].push({
        scale,
        channels: all[u].mean(),
        difference: average(differences[u]),
        std: std(differences[u]),
        classes: dataset.classes.map((name, k) => ({
          class: name,
          difference: average(differences[u].filter((_, i) => seen[i] === k)),
        })),
      })
    }
  }
  await probe.dispose()
  return units.map(({ path, branches }, u) => ({
    path,
    block: blockName(path.replace(/\.attn$/, '')).split(' ')[0],
    stage: stageOf(path),
    branches,
    scales: found[u],
    ...(truth === undefined
      ? {}
      : {
          truth: {
            scale: truth,
            difference: own[u],
            rankCorrelation: rankCorrelation(truth, own[u]),
          },
        }),
  }))
}
