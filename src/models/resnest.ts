/**
 * ResNeSt (Zhang et al., arXiv:2004.08955): ResNet-D with split attention as its spatial
 * convolution. Three 3×3 convolutions are the stem, a projection pools before its 1×1 convolution,
 * and a stride is an average pool behind the attention (section 4.1). Weight names are the authors'.
 *
 * Plugged in by another attention, or by none, what stands here is ResNet-D.
 */

import { POSITIONS } from '../attention/attention.ts'
import type { Value } from '../graph/index.ts'
import {
  dropout,
  flatten,
  globalAveragePool,
  init,
  type Layer,
  layer,
  linear,
} from '../nn/index.ts'
import { averagePool, relu } from '../ops/index.ts'
import type { Backbone, Family, NetworkOptions } from './backbone.ts'
import { bottleneck } from './branches.ts'
import { residualUnit } from './residual.ts'
import { type Sockets, sockets } from './sockets.ts'
import { POOLINGS, stem } from './stems.ts'

export interface ResNeStOptions extends NetworkOptions {
  readonly depths: readonly [number, number, number, number]
  /** What the stem gives; its first two convolutions have half of that. */
  readonly stemWidth?: number
  /** Planes of the first stage. */
  readonly planes?: number
}

const EXPANSION = 4

const pooled = (x: Value, stride: number): Value =>
  stride === 1
    ? x
    : averagePool(x, { kernel: stride, stride, ceilMode: true, countIncludePad: false })

/** Sockets whose projection pools before a 1×1 convolution without stride. */
const poolingFirst = (plugs: Sockets): Sockets => ({
  ...plugs,
  projection: (channels, outputs, stride) =>
    layer(
      { '1': plugs.convolution(channels, outputs, 1), '2': plugs.normalization(outputs) },
      (children, x) => children['2'](children['1'](pooled(x, stride))),
    ),
})

/** [N, channels, H, W] → [N, classes]. */
export const resnest = (given: ResNeStOptions): Layer => {
  const { depths, stemWidth = 64, planes = 64, classes = 1000, channels = 3 } = given
  const { initialize = init.heNormal, pooling = 'padded', dropout: rate = 0 } = given
  let inputs = stemWidth
  const stages = depths.map((depth, index) => {
    const width = planes * 2 ** index
    const plugs = poolingFirst(sockets(given, index + 2, initialize))
    const units = Array.from({ length: depth }, (_, i) => {
      const stride = index > 0 && i === 0 ? 2 : 1
      const steps = bottleneck(inputs, width * EXPANSION, { stride, width })
      inputs = width * EXPANSION
      return residualUnit(steps, { stride, sockets: plugs, shortcut: 'projection' })
    })
    return plugs.stage(units, inputs)
  })
  const [layer1, layer2, layer3, layer4] = stages
  const first = sockets(given, 1, initialize)
  return layer(
    {
      conv1: stem('deep', channels, stemWidth, first),
      bn1: first.normalization(stemWidth),
      layer1,
      layer2,
      layer3,
      layer4,
      dropout: dropout(rate),
      fc: linear(inputs, classes),
    },
    ({ conv1, bn1, layer1, layer2, layer3, layer4, dropout, fc }, x) => {
      const y = POOLINGS[pooling](relu(bn1(conv1(x))))
      return fc(dropout(flatten(globalAveragePool(layer4(layer3(layer2(layer1(y))))))))
    },
  )
}

const named = (depths: ResNeStOptions['depths'], stemWidth: number): Backbone => ({
  describe: 'ResNeSt, split attention 2s1x64d',
  size: 224,
  classes: 1000,
  attention: 'splat:avd=true',
  positions: POSITIONS,
  replaceable: true,
  variations: ['pooling', 'dropout'],
  build: options => resnest({ depths, stemWidth, ...options }),
})

export const RESNESTS = {
  resnest50: named([3, 4, 6, 3], 64),
  resnest101: named([3, 4, 23, 3], 128),
} satisfies Family
