/**
 * ShuffleNet 1× with three groups (Zhang et al., arXiv:1707.01083, Table 1): units of a grouped 1×1,
 * a channel shuffle, a depthwise 3×3 and a grouped 1×1; a strided unit concatenates its branch with
 * its average-pooled input.
 *
 * SE stands on the branch before addition or concatenation: SENet does not say so, but only that
 * fits its parameters. The first 1×1 of stage 2 has one group, as its input is narrow.
 */

import {
  batchNorm2d,
  channelShuffle,
  dropout,
  globalMean,
  init,
  type Layer,
  layer,
  linear,
} from '../nn/index.ts'
import { add, averagePool, concat, relu } from '../ops/index.ts'
import type { Backbone, Family } from './backbone.ts'
import { type Sockets, sockets } from './sockets.ts'
import { POOLINGS } from './stems.ts'

const GROUPS = 3
const STEM = 24
/** Units and channels of each stage. */
const STAGES = [
  [4, 240],
  [8, 480],
  [4, 960],
] as const

const unit = (channels: number, outputs: number, plugs: Sockets): Layer => {
  const strided = channels !== outputs
  const stride = strided ? 2 : 1
  const branch = strided ? outputs - channels : outputs
  const width = outputs / 4
  const spatial = { stride, padding: 1, group: width }
  const replacement = plugs.replacement(width, width, spatial)
  const recalibrated = plugs.unit(channels, outputs, {
    inside: width,
    standard: branch,
    identity: channels,
  })
  return layer(
    {
      conv1: plugs.convolution(channels, width, 1, { group: channels === STEM ? 1 : GROUPS }),
      bn1: batchNorm2d(width),
      conv2: replacement ?? plugs.convolution(width, width, 3, spatial),
      bn2: replacement ? undefined : batchNorm2d(width),
      conv3: plugs.convolution(width, branch, 1, { group: GROUPS }),
      bn3: batchNorm2d(branch),
      ...recalibrated.children,
    },
    (children, x) => {
      const { conv1, bn1, conv2, bn2, conv3, bn3 } = children
      const recalibrate = recalibrated.bind(children)
      const reduced = relu(bn1(conv1(recalibrate('pre', x))))
      const depthwise = conv2(channelShuffle(reduced, GROUPS))
      const hidden = bn2 ? recalibrate('inside', bn2(depthwise)) : depthwise
      const residual = recalibrate('standard', bn3(conv3(hidden)))
      const pooled = strided ? averagePool(x, { kernel: 3, stride: 2, padding: 1 }) : x
      const shortcut = recalibrate('identity', pooled)
      const joined = strided ? concat([shortcut, residual], 1) : add(shortcut, residual)
      return recalibrate('post', relu(joined))
    },
  )
}

const shufflenet: Backbone['build'] = options => {
  const {
    channels,
    classes,
    initialize = init.heNormal,
    dropout: rate = 0,
    pooling = 'padded',
  } = options
  let inputs = STEM
  const [stage2, stage3, stage4] = STAGES.map(([count, outputs], index) => {
    const plugs = sockets(options, index + 2, initialize)
    const units = Array.from({ length: count }, (_, i) =>
      unit(i === 0 ? inputs : outputs, outputs, plugs),
    )
    inputs = outputs
    return plugs.stage(units, outputs)
  })
  const { convolution } = sockets(options, 1, initialize)
  return layer(
    {
      conv1: convolution(channels, STEM, 3, { stride: 2, padding: 1 }),
      bn1: batchNorm2d(STEM),
      stage2,
      stage3,
      stage4,
      dropout: dropout(rate),
      fc: linear(inputs, classes),
    },
    ({ conv1, bn1, stage2, stage3, stage4, dropout, fc }, x) => {
      const y = POOLINGS[pooling](relu(bn1(conv1(x))))
      return fc(dropout(globalMean(stage4(stage3(stage2(y))))))
    },
  )
}

export const SHUFFLENET = {
  shufflenet_g3: {
    describe: 'ShuffleNet 1×, 3 groups',
    size: 224,
    classes: 1000,
    positions: ['standard', 'pre', 'post', 'identity', 'inside', 'before-conv', 'stage-end'],
    replaceable: true,
    variations: ['pooling', 'dropout'],
    build: shufflenet,
  },
} satisfies Family
