/**
 * MobileNet 1.0 (Howard et al., arXiv:1704.04861): depthwise and pointwise convolutions, each with
 * batch normalization and ReLU. Weight names are timm's for such blocks.
 *
 * SENet does not say where SE stands in it. Its parameters fit SE after each of the 13 pointwise
 * convolutions; we put it after their ReLU, as in VGG. A replacement takes the depthwise one.
 */

import {
  batchNorm2d,
  dropout,
  globalMean,
  init,
  type Layer,
  layer,
  linear,
  sequential,
} from '../nn/index.ts'
import { relu } from '../ops/index.ts'
import type { Backbone, Family } from './backbone.ts'
import { type Sockets, sockets } from './sockets.ts'

/** Outputs and stride of each block. */
const BLOCKS = [
  [64, 1],
  [128, 2],
  [128, 1],
  [256, 2],
  [256, 1],
  [512, 2],
  [512, 1],
  [512, 1],
  [512, 1],
  [512, 1],
  [512, 1],
  [1024, 2],
  [1024, 1],
] as const
const STEM = 32

const block = (channels: number, outputs: number, stride: number, plugs: Sockets): Layer => {
  const spatial = { stride, padding: 1, group: channels }
  const replacement = plugs.replacement(channels, channels, spatial)
  const recalibrated = plugs.unit(channels, outputs, { inside: channels })
  return layer(
    {
      conv_dw: replacement ?? plugs.convolution(channels, channels, 3, spatial),
      bn1: replacement ? undefined : batchNorm2d(channels),
      conv_pw: plugs.convolution(channels, outputs, 1),
      bn2: batchNorm2d(outputs),
      ...recalibrated.children,
    },
    (children, x) => {
      const { conv_dw, bn1, conv_pw, bn2 } = children
      const recalibrate = recalibrated.bind(children)
      const depthwise = conv_dw(recalibrate('pre', x))
      const hidden = bn1 ? relu(recalibrate('inside', bn1(depthwise))) : depthwise
      return recalibrate('standard', relu(bn2(conv_pw(hidden))))
    },
  )
}

const mobilenet: Backbone['build'] = options => {
  const { channels, classes, initialize = init.heNormal, dropout: rate = 0 } = options
  const blocks: Layer[] = []
  let inputs = STEM
  let stage = 1
  for (const [outputs, stride] of BLOCKS) {
    if (stride === 2) stage += 1
    blocks.push(block(inputs, outputs, stride, sockets(options, stage, initialize)))
    inputs = outputs
  }
  const { convolution } = sockets(options, 1, initialize)
  return layer(
    {
      conv_stem: convolution(channels, STEM, 3, { stride: 2, padding: 1 }),
      bn1: batchNorm2d(STEM),
      blocks: sequential(...blocks),
      dropout: dropout(rate),
      classifier: linear(inputs, classes),
    },
    ({ conv_stem, bn1, blocks, dropout, classifier }, x) =>
      classifier(dropout(globalMean(blocks(relu(bn1(conv_stem(x))))))),
  )
}

export const MOBILENET = {
  mobilenet: {
    describe: 'MobileNet 1.0',
    size: 224,
    classes: 1000,
    positions: ['standard', 'pre', 'inside', 'before-conv'],
    replaceable: true,
    variations: ['dropout'],
    build: mobilenet,
  },
} satisfies Family
