/**
 * Gates by depth (Yang et al.: Gated Channel Transformation, section 4.4, Figure 5): the weights γ
 * of each GCT, and what it does to variance. γ < 0 damps the channels that stand out
 * (cooperation), γ > 0 raises them (competition).
 *
 * The paper does not say which variance it divides. Here: each channel's variance over images and
 * places, averaged over channels, of the block's output over that of its input.
 */

import type { Value } from '../graph/index.ts'
import { mul, reduceMean } from '../ops/index.ts'
import { average, moments, std } from '../stats/moments.ts'
import { blockName, named, type Observed, stageOf } from './observe.ts'
import type { Measurement } from './probe.ts'

/** |γ| below this changes a gate by less than 0.1 for a channel twice as strong as usual. */
const NEAR_ZERO = 0.05

interface GammaSummary {
  readonly mean: number
  readonly std: number
  /** The share of channels whose |γ| is below 0.05. */
  readonly nearZero: number
}

const summary = (gamma: readonly number[]): GammaSummary => ({
  mean: average(gamma),
  std: std(gamma),
  nearZero: gamma.filter(value => Math.abs(value) < NEAR_ZERO).length / gamma.length,
})

export interface GateLayer extends GammaSummary {
  /** 1 is nearest to the image. */
  readonly index: number
  readonly path: string
  readonly block: string
  readonly stage: number
  readonly gamma: readonly number[]
  /** Output over input variance. */
  readonly varianceRatio: number
  readonly reading: 'cooperation' | 'competition'
}

export interface GateStage extends GammaSummary {
  readonly stage: number
  readonly layers: number
}

const SPACE = [2, 3]

/** Means over places of x and of x²: [N, C]. */
const firstMoments = (x: Value): { readonly mean: Value; readonly square: Value } => ({
  mean: reduceMean(x, SPACE),
  square: reduceMean(mul(x, x), SPACE),
})

const SIDES = ['input', 'output'] as const

/** The gates of a network's GCT blocks, whose weights are among its tensors. */
export const gateDepthOf = (
  observed: Observed,
  tensors: ReadonlyMap<string, Float32Array>,
): Measurement<readonly GateLayer[]> => {
  const taps = SIDES.flatMap(side =>
    named(observed, side).filter(({ path }) => tensors.has(`${path}.gamma`)),
  )
  const values = Object.fromEntries(
    taps.flatMap(({ path, name, value }) =>
      Object.entries(firstMoments(value)).map(([key, moment]) => [
        `${path} ${name} ${key}`,
        moment,
      ]),
    ),
  )
  const sums = new Map(
    Object.entries(values).map(([name, { shape }]) => [name, moments(shape[1])] as const),
  )
  const variance = (path: string, side: string): number => {
    const mean = sums.get(`${path} ${side} mean`)?.mean() ?? []
    const square = sums.get(`${path} ${side} square`)?.mean() ?? []
    return average(square.map((value, c) => value - mean[c] ** 2))
  }
  const layer = (path: string, i: number): GateLayer => {
    const gamma = [...(tensors.get(`${path}.gamma`) ?? [])]
    const found = summary(gamma)
    return {
      index: i + 1,
      path,
      block: blockName(path),
      stage: stageOf(path),
      gamma,
      ...found,
      varianceRatio: variance(path, 'output') / variance(path, 'input'),
      reading: found.mean < 0 ? 'cooperation' : 'competition',
    }
  }
  const paths = [...new Set(taps.map(({ path }) => path))]
  return {
    values,
    add: found => {
      for (const [name, own] of sums) own.add(found[name])
    },
    result: () => paths.map(layer),
  }
}

/** All γ of a stage together. */
export const gateStages = (layers: readonly GateLayer[]): readonly GateStage[] =>
  [...new Set(layers.map(({ stage }) => stage))].map(stage => {
    const own = layers.filter(layer => layer.stage === stage)
    return { stage, layers: own.length, ...summary(own.flatMap(({ gamma }) => gamma)) }
  })
