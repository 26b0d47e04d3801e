/**
 * What stands in the place of batch normalization: by the statistics of each image alone (Wu, He:
 * Group Normalization, arXiv:1803.08494), or by what stands in neighboring channels.
 */

import { GraphError } from '../errors/index.ts'
import { sizeOf, type Value } from '../graph/index.ts'
import {
  add,
  averagePool,
  constant,
  div,
  layerNormalization,
  mul,
  pad,
  power,
  reshape,
} from '../ops/index.ts'
import { lambda } from './combine.ts'
import * as init from './init.ts'
import { type Layer, layer, parameter } from './layer.ts'
import { batchNorm2d } from './normalization.ts'

const EPSILON = 1e-5

/** (x − mean) / √(variance + ε) over the channels of each group and all pixels, image by image. */
const normalizedGroups = (x: Value, groups: number): Value => {
  const [images] = x.shape
  const size = sizeOf(x.shape) / (images * groups)
  if (size < 2)
    throw new GraphError({
      where: 'normalization',
      expected: 'more than one value to normalize, so larger images',
      got: `maps of ${x.shape.slice(2).join('×')}`,
    })
  const grouped = reshape(x, [images, groups, size])
  return reshape(
    layerNormalization(grouped, constant(1, [size]), constant(0, [size]), EPSILON),
    x.shape,
  )
}

/** Group normalization of [N, channels, H, W], with a scale and a shift for each channel. */
export const groupNorm = (groups: number, channels: number): Layer =>
  layer(
    {
      weight: parameter([channels], init.constant(1)),
      bias: parameter([channels], init.constant(0)),
    },
    ({ weight, bias }, x) => {
      const perChannel = (vector: Value): Value => reshape(vector, [1, channels, 1, 1])
      return add(mul(normalizedGroups(x, groups), perChannel(weight)), perChannel(bias))
    },
  )

/** Instance normalization, without scale and shift, as PyTorch has it: every channel of an image has mean 0 and variance 1. */
export const instanceNorm = (channels: number): Layer => lambda(x => normalizedGroups(x, channels))

/** How a local response normalization counts. */
export interface LocalResponseOptions {
  /** As many neighboring channels, the channel itself among them. */
  readonly size?: number
  /** What the mean of squares is multiplied by; 1e-4 unless given. */
  readonly alpha?: number
  /** The exponent; 0.75 unless given. */
  readonly beta?: number
  /** What keeps the denominator from 0; 1 unless given. */
  readonly k?: number
}

/**
 * Local response normalization (Krizhevsky et al. 2012, section 3.3): y = x / (k + α/n · Σ x²)^β, the sum
 * over the n channels around each, from ⌊n/2⌋ before it.
 */
export const localResponseNorm = ({
  size = 5,
  alpha = 1e-4,
  beta = 0.75,
  k = 1,
}: LocalResponseOptions = {}): Layer =>
  lambda(x => {
    const [images, channels, height, width] = x.shape
    const before = Math.floor(size / 2)
    const rows = reshape(mul(x, x), [images, 1, channels, height * width])
    const padded = pad(rows, [0, 0, before, 0, 0, 0, size - 1 - before, 0])
    const mean = averagePool(padded, { kernel: [size, 1], stride: 1 })
    return div(x, power(add(mul(reshape(mean, x.shape), alpha), k), beta))
  })

/** What a backbone may be normalized by. */
export const NORMS = ['batch', 'layer', 'instance', 'group', 'lrn'] as const
/** A normalization by its name. */
export type Norm = (typeof NORMS)[number]

/** Detectron's; fewer channels have groups of two at least. */
const GROUPS = 32

/** The most groups up to 32 that so many channels divide into, of two channels or more. */
export const groupsOf = (channels: number): number => {
  for (let groups = Math.min(GROUPS, Math.floor(channels / 2)); groups > 1; groups--)
    if (channels % groups === 0) return groups
  return 1
}

const MAKERS: Readonly<Record<Norm, (channels: number) => Layer>> = {
  batch: channels => batchNorm2d(channels),
  // PyTorch's GroupNorm of one group: LayerNorm over [C, H, W] with a scale for each channel.
  layer: channels => groupNorm(1, channels),
  instance: instanceNorm,
  group: channels => groupNorm(groupsOf(channels), channels),
  // AlexNet's constants.
  lrn: () => localResponseNorm({ k: 2 }),
}

/** The normalization of so many channels by its name. */
export const norm = (name: Norm, channels: number): Layer => MAKERS[name](channels)
