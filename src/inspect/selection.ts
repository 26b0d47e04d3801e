/**
 * Selection by scale (Li et al.: Selective Kernel Networks, section 4.4, Figures 3 and 4): does
 * a unit turn to its larger kernel as the object grows? Objects grow by cropping the center; where
 * the true scale of each object is known, attention is compared with it too.
 */

import { reduceMean } from '../ops/index.ts'
import { average, type Moments, moments, rankCorrelation, std } from '../stats/moments.ts'
import { blockName, named, type Observed, stageOf } from './observe.ts'
import type { ImageValues, Measurement } from './probe.ts'

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
  readonly truth?:
    | {
        readonly scale: readonly number[]
        readonly difference: readonly number[]
        readonly rankCorrelation: number
      }
    | undefined
}

/** The mean of every run of so many successive channels (Figure 3 has sixteens). */
export const grouped = (values: readonly number[], groups: number): number[] => {
  const count = Math.min(groups, values.length)
  const border = (i: number): number => Math.round((i * values.length) / count)
  return Array.from({ length: count }, (_, i) => average(values.slice(border(i), border(i + 1))))
}

/** What is measured at one scale: of all images, and of each. */
interface AtScale {
  readonly channels: Moments
  readonly differences: number[]
  readonly labels: number[]
}

/** Measures images as they are; `at` takes the same images enlarged. */
export interface SelectionMeasurement extends Measurement<readonly UnitSelection[]> {
  at(scale: number): Pick<Measurement<unknown>, 'add'>
}

/** @param truth - the true scale of each image's object, where it is known */
export const selectionOf = (
  observed: Observed,
  classes: readonly string[],
  truth?: readonly number[],
): SelectionMeasurement => {
  const taps = named(observed, 'selection').map(({ path, value }) => ({
    path,
    name: `selection ${path}`,
    branches: value.shape[1],
    channels: value.shape[2],
    shares: reduceMean(value, [3, 4]),
    scales: new Map<number, AtScale>(),
  }))
  const at = (scale: number) => {
    for (const { scales, channels } of taps)
      scales.set(scale, { channels: moments(channels), differences: [], labels: [] })
    return {
      add: (values: ImageValues, label: number): void => {
        for (const { name, branches, channels, scales } of taps) {
          const own = scales.get(scale) as AtScale
          const branch = (m: number) => [...values[name]].slice(m * channels, (m + 1) * channels)
          const last = branch(branches - 1)
          own.channels.add(last)
          own.differences.push(average(last) - average(branch(0)))
          own.labels.push(label)
        }
      },
    }
  }
  const scaleResult = ([scale, { channels, differences, labels }]: [number, AtScale]) => ({
    scale,
    channels: channels.mean(),
    difference: average(differences),
    std: std(differences),
    classes: classes.map((name, k) => ({
      class: name,
      difference: average(differences.filter((_, i) => labels[i] === k)),
    })),
  })
  return {
    values: Object.fromEntries(taps.map(({ name, shares }) => [name, shares])),
    at,
    add: at(SCALES[0]).add,
    result: () =>
      taps.map(({ path, branches, scales }) => {
        const difference = scales.get(SCALES[0])?.differences ?? []
        return {
          path,
          block: blockName(path.replace(/\.attn$/, '')).split(' ')[0],
          stage: stageOf(path),
          branches,
          scales: [...scales].map(scaleResult),
          truth: truth && {
            scale: truth,
            difference,
            rankCorrelation: rankCorrelation(truth, difference),
          },
        }
      }),
  }
}
