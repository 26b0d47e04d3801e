/**
 * Gates by depth (Yang et al.: Gated Channel Transformation, section 4.4, Figure 5): the weights γ
 * of each GCT, and what it does to variance. γ < 0 damps the channels that stand out
 * (cooperation), γ > 0 raises them (competition).
 *
 * The paper does not say which variance it divides. Here: each channel's variance over images and
 * places, averaged over channels, of the block's output over that of its input.
 */

import type { Dataset } from '../data/dataset.ts'
import { evaluationBatches } from '../data/loader.ts'
import type { Value } from '../graph/index.ts'
import { mul, reduceMean } from '../ops/index.ts'
import { average, moments, std } from '../stats/moments.ts'
import type { Trained } from '../weights/trained.ts'
import { blockName, named, stageOf } from './observe.ts'
import { openProbe, type ProbeOptions } from './probe.ts'

/** |γ| below this changes a gate by less than 0.1 for a channel twice as strong as usual. */
const NEAR_ZERO = 0.05

export interface GateLayer {
  /** 1 is nearest to the image. */
  readonly index: number
  readonly path: string
  readonly block: string
  readonly stage: number
  readonly gamma: readonly number[]
  readonly mean: number
  readonly std: number
  /** The share of channels whose |γ| is below 0.05. */
  readonly nearZero: number
  /** Output over input variance. */
  readonly varianceRatio: number
  readonly reading: 'cooperation' | 'competition'
}

export interface GateStage {
  readonly stage: number
  readonly layers: number
  readonly mean: number
  readonly std: number
  readonly nearZero: number
}

const SPACE = [2, 3]

/** Means over places of x and of x²: [N, C]. */
const firstMoments = (x: Value): { readonly mean: Value; readonly square: Value } => ({
  mean: reduceMean(x, SPACE),
  square: reduceMean(mul(x, x), SPACE),
})

/** The gates of a network's GCT blocks; none where it has no such block. */
export const gateDepth = async (
  trained: Trained,
  dataset: Dataset,
  options: ProbeOptions,
): Promise<readonly GateLayer[]> => {
  const isGated = (path: string): boolean => trained.tensors.has(`${path}.gamma`)
  const blocks: { path: string; channels: number }[] = []
  const probe = await openProbe(trained, options, observed => {
    const outputs: Record<string, Value> = {}
    for (const side of ['input', 'output'] as const)
      for (const { path, value } of named(observed, side).filter(({ path }) => isGated(path))) {
        if (side === 'input') blocks.push({ path, channels: value.shape[1] })
        for (const [key, moment] of Object.entries(firstMoments(value)))
          outputs[`${path} ${side} ${key}`] = moment
      }
    return outputs
  })
  if (probe === undefined) return []
  const sums = new Map<string, ReturnType<typeof moments>>()
  const { batch } = options
  for await (const { images, count } of evaluationBatches(dataset, {
    batch,
    normalization: trained.card,
  }))
    for (const [name, { data, shape }] of Object.entries(await probe.run(images))) {
      const own = sums.get(name) ?? moments(shape[1])
      sums.set(name, own)
      for (let row = 0; row < count; row++)
        own.add(data.subarray(row * shape[1], (row + 1) * shape[1]))
    }
  await probe.dispose()
  const variance = (path: string, side: string): number => {
    const mean = sums.get(`${path} ${side} mean`)?.mean() ?? []
    const square = sums.get(`${path} ${side} square`)?.mean() ?? []
    return average(square.map((value, c) => value - mean[c] ** 2))
  }
  return blocks.map(({ path }, i) => {
    const gamma = [...(trained.tensors.get(`${path}.gamma`) ?? [])]
    const mean = average(gamma)
    return {
      index: i + 1,
      path,
      block: blockName(path),
      stage: stageOf(path),
      gamma,
      mean,
      std: std(gamma),
      nearZero: gamma.filter(value => Math.abs(value) < NEAR_ZERO).length / gamma.length,
      varianceRatio: variance(path, 'output') / variance(path, 'input'),
      reading: mean < 0 ? 'cooperation' : 'competition',
    }
  })
}

/** All γ of a stage together. */
export const gateStages = (layers: readonly GateLayer[]): readonly GateStage[] =>
  [...new Set(layers.map(({ stage }) => stage))].map(stage => {
    const own = layers.filter(layer => layer.stage === stage)
    const gamma = own.flatMap(layer => layer.gamma)
    return {
      stage,
      layers: own.length,
      mean: average(gamma),
      std: std(gamma),
      nearZero: gamma.filter(value => Math.abs(value) < NEAR_ZERO).length / gamma.length,
    }
  })
