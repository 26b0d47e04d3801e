/**
 * Excitation by class (Hu et al.: Squeeze-and-Excitation Networks, section 7.2, Figures 6 to 8): how
 * each channel's gate stands on the pictures of a class, against all classes, block by block.
 */

import type { Dataset } from '../data/dataset.ts'
import { evaluationBatches } from '../data/loader.ts'
import { sizeOf, type Value } from '../graph/index.ts'
import { reduceMean } from '../ops/index.ts'
import type { Trained } from '../weights/trained.ts'
import { average, type Moments, moments } from './moments.ts'
import { blockName, named, stageOf } from './observe.ts'
import { openProbe, type ProbeOptions } from './probe.ts'

export interface ClassExcitation {
  readonly class: string
  readonly count: number
  /** By channel. */
  readonly mean: readonly number[]
  /** Over the pictures of the class, by channel. */
  readonly deviation: readonly number[]
}

export interface BlockExcitation {
  readonly path: string
  readonly block: string
  readonly stage: number
  readonly channels: number
  /** Over all pictures, by channel. */
  readonly mean: readonly number[]
  readonly classes: readonly ClassExcitation[]
  /**
   * How class-specific the block is: the variance of the classes' means over the variance within
   * a class, each averaged over channels; what chance alone puts between the means is subtracted.
   */
  readonly specificity: number
  /** Shares of gates, over pictures and channels, below 0.1, above 0.9, and within 0.1 of 1. */
  readonly nearZero: number
  readonly nearOne: number
  readonly neutral: number
}

/** Σ over channels of between-class over within-class variance, corrected for chance. */
export const classSpecificity = (classes: readonly Moments[]): number => {
  const seen = classes.filter(one => one.count() > 1)
  const total = seen.reduce((sum, one) => sum + one.count(), 0)
  if (seen.length < 2) return 0
  const means = seen.map(one => one.mean())
  const variances = seen.map(one => one.variance())
  const [weights, spare] = [seen.map(one => one.count() / total), total - seen.length]
  let [between, within] = [0, 0]
  for (let channel = 0; channel < seen[0].size; channel++) {
    const grand = weights.reduce((sum, weight, k) => sum + weight * means[k][channel], 0)
    const own = seen.reduce((sum, one, k) => sum + (one.count() - 1) * variances[k][channel], 0)
    const spread = weights.reduce((sum, w, k) => sum + w * (means[k][channel] - grand) ** 2, 0)
    between += spread - (own / spare) * ((seen.length - 1) / total)
    within += own / spare
  }
  return within === 0 ? 0 : Math.max(between / within, 0)
}

const flat = (gate: Value): Value =>
  sizeOf(gate.shape) === gate.shape[0] * gate.shape[1]
    ? gate
    : reduceMean(gate, [2, 3], { keepDims: true })

/** The gates of every block that has some, over a dataset. */
export const excitation = async (
  trained: Trained,
  dataset: Dataset,
  options: ProbeOptions,
): Promise<readonly BlockExcitation[]> => {
  const blocks: { path: string; channels: number }[] = []
  const probe = await openProbe(trained, options, observed =>
    Object.fromEntries(
      named(observed, 'gate').map(({ path, value }) => {
        blocks.push({ path, channels: value.shape[1] })
        return [`gate ${path}`, flat(value)]
      }),
    ),
  )
  if (probe === undefined) return []
  const gathered = blocks.map(({ channels }) => ({
    all: moments(channels),
    classes: dataset.classes.map(() => moments(channels)),
    counts: { zero: 0, one: 0, neutral: 0, all: 0 },
  }))
  const { batch } = options
  for await (const { images, labels, count } of evaluationBatches(dataset, {
    batch,
    normalization: trained.card,
  })) {
    const outputs = await probe.run(images)
    for (const [i, { path, channels }] of blocks.entries()) {
      const { data } = outputs[`gate ${path}`]
      const { all, classes, counts } = gathered[i]
      for (let row = 0; row < count; row++) {
        const gates = data.subarray(row * channels, (row + 1) * channels)
        all.add(gates)
        classes[labels[row]].add(gates)
        for (const gate of gates) {
          counts.all++
          if (gate < 0.1) counts.zero++
          if (gate > 0.9) counts.one++
          if (Math.abs(gate - 1) < 0.1) counts.neutral++
        }
      }
    }
  }
  await probe.dispose()
  return blocks.map(({ path, channels }, i) => {
    const { all, classes, counts } = gathered[i]
    return {
      path,
      block: blockName(path),
      stage: stageOf(path),
      channels,
      mean: all.mean(),
      classes: classes.map((one, k) => ({
        class: dataset.classes[k],
        count: one.count(),
        mean: one.mean(),
        deviation: one.variance().map(Math.sqrt),
      })),
      specificity: classSpecificity(classes),
      nearZero: counts.zero / counts.all,
      nearOne: counts.one / counts.all,
      neutral: counts.neutral / counts.all,
    }
  })
}

/** The mean gate of a block over pictures and channels. */
export const meanGate = ({ mean }: BlockExcitation): number => average(mean)
