/**
 * ResNeSt (Zhang et al., arXiv:2004.08955): ResNet-D with split attention as its spatial
 * convolution. Three 3×3 convolutions are the stem, a projection pools before its 1×1 convolution,
 * and a stride is an average pool behind the attention (section 4.1). Weight names are the authors'.
 *
 * Plugged in by another attention, or by none, what stands here is ResNet-D.
 */

import type { Value } from '../graph/index.ts'
import {
  batchNorm2d,
  flatten,
  globalAveragePool,
  he,
  type Layer,
  layer,
  linear,
} from '../nn/index.ts'
import { averagePool, maxPool, relu } from '../ops/index.ts'
import type { Backbone, Family, NetworkOptions } from './backbone.ts'
import { bottleneck } from './residual.ts'
import { type Sockets, sockets } from './sockets.ts'

export interface ResNeStOptions extends NetworkOptions {
  readonly depths: readonly [number, number, number, number]
  /** Channels of the first two convolutions; the third has twice as many. */
  readonly stem?: number
  /** Planes of the first stage. */
  readonly planes?: number
}

const EXPANSION = 4

/** The authors' Sequential, whose 2 and 5 are ReLUs. */
const deepStem = (channels: number, width: number, { convolution }: Sockets): Layer =>
  layer(
    {
      '0': convolution(channels, width, 3, { stride: 2, padding: 1 }),
      '1': batchNorm2d(width),
      '3': convolution(width, width, 3, { padding: 1 }),
      '4': batchNorm2d(width),
      '6': convolution(width, width * 2, 3, { padding: 1 }),
    },
    (stem, x) => {
      const first = relu(stem['1'](stem['0'](x)))
      return stem['6'](relu(stem['4'](stem['3'](first))))
    },
  )

const pooled = (x: Value, stride: number): Value =>
  stride === 1
    ? x
    : averagePool(x, { kernel: stride, stride, ceilMode: true, countIncludePad: false })

/** Sockets whose projection pools before a 1×1 convolution without stride. */
const pooling = (plugs: Sockets): Sockets => ({
  ...plugs,
  projection: (channels, outputs, stride) =>
    layer(
      { '1': plugs.convolution(channels, outputs, 1), '2': batchNorm2d(outputs) },
      (children, x) => children['2'](children['1'](pooled(x, stride))),
    ),
})

/** [N, channels, H, W] → [N, classes]. */
export const resnest = (given: ResNeStOptions): Layer => {
  const { depths, stem = 32, planes = 64, classes = 1000, channels = 3 } = given
  const { initialise = he, strideIn = '3x3' } = given
  let inputs = stem * 2
  const stages = depths.map((depth, index) => {
    const width = planes * 2 ** index
    const plugs = pooling(sockets(given, index + 2, initialise))
    const units = Array.from({ length: depth }, (_, i) => {
      const stride = index > 0 && i === 0 ? 2 : 1
      const common = { stride, sockets: plugs, shortcut: 'projection' } as const
      const unit = bottleneck(inputs, width * EXPANSION, { ...common, width, group: 1, strideIn })
      inputs = width * EXPANSION
      return unit
    })
    return plugs.stage(units, inputs)
  })
  const [layer1, layer2, layer3, layer4] = stages
  return layer(
    {
      conv1: deepStem(channels, stem, sockets(given, 1, initialise)),
      bn1: batchNorm2d(stem * 2),
      layer1,
      layer2,
      layer3,
      layer4,
      fc: linear(inputs, classes),
    },
    ({ conv1, bn1, layer1, layer2, layer3, layer4, fc }, x) => {
      const y = maxPool(relu(bn1(conv1(x))), { kernel: 3, stride: 2, padding: 1 })
      return fc(flatten(globalAveragePool(layer4(layer3(layer2(layer1(y)))))))
    },
  )
}

const named = (depths: ResNeStOptions['depths'], stem: number): Backbone => ({
  describe: 'ResNeSt, split attention 2s1x64d',
  size: 224,
  classes: 1000,
  attention: 'splat:avd=true',
  build: options => resnest({ depths, stem, ...options }),
})

export const RESNESTS: Family = {
  resnest50: named([3, 4, 6, 3], 32),
  resnest101: named([3, 4, 23, 3], 64),
}
