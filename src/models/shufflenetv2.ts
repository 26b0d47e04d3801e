/**
 * ShuffleNetV2 (Ma et al., arXiv:1807.11164): half of the channels pass by, the others go through
 * 1×1, depthwise 3×3 and 1×1, then all are shuffled. Weight names are torchvision's.
 *
 * SKNet puts SE and SK into it without saying where: here SE stands at the end of the second branch,
 * as on a residual branch, and SK takes that branch's depthwise convolution.
 */

import {
  batchNorm2d,
  channelShuffle,
  dropout,
  globalMean,
  init,
  type Layer,
  lambda,
  layer,
  linear,
  sequential,
} from '../nn/index.ts'
import { concat, relu, split } from '../ops/index.ts'
import type { Backbone, Family } from './backbone.ts'
import { type Sockets, sockets } from './sockets.ts'
import { POOLINGS } from './stems.ts'

const STEM = 24
const HEAD = 1024
const UNITS = [4, 8, 4]

/** What passes by in a strided unit: depthwise 3×3, 1×1. */
const passing = (channels: number, outputs: number, { convolution }: Sockets): Layer =>
  sequential(
    convolution(channels, channels, 3, { stride: 2, padding: 1, group: channels }),
    batchNorm2d(channels),
    convolution(channels, outputs, 1),
    batchNorm2d(outputs),
    lambda(relu),
  )

/** 1×1, depthwise 3×3, 1×1; the numbers are places in torchvision's sequence. */
const working = (channels: number, outputs: number, stride: number, plugs: Sockets): Layer => {
  const spatial = { stride, padding: 1, group: outputs }
  const replacement = plugs.replacement(outputs, outputs, spatial)
  const recalibrated = plugs.unit(channels, outputs)
  return layer(
    {
      0: plugs.convolution(channels, outputs, 1),
      1: batchNorm2d(outputs),
      3: replacement ?? plugs.convolution(outputs, outputs, 3, spatial),
      4: replacement ? undefined : batchNorm2d(outputs),
      5: plugs.convolution(outputs, outputs, 1),
      6: batchNorm2d(outputs),
      ...recalibrated.children,
    },
    (children, x) => {
      const { 0: conv1, 1: bn1, 3: conv2, 4: bn2, 5: conv3, 6: bn3 } = children
      const recalibrate = recalibrated.bind(children)
      const depthwise = conv2(relu(bn1(conv1(recalibrate('pre', x)))))
      const hidden = bn2 ? recalibrate('inside', bn2(depthwise)) : depthwise
      return recalibrate('standard', relu(bn3(conv3(hidden))))
    },
  )
}

const unit = (channels: number, outputs: number, stride: number, plugs: Sockets): Layer => {
  const half = outputs / 2
  if (stride === 1)
    return layer({ branch2: working(half, half, 1, plugs) }, ({ branch2 }, x) => {
      const [kept, worked] = split(x, [half, half], 1)
      return channelShuffle(concat([kept, branch2(worked)], 1), 2)
    })
  return layer(
    { branch1: passing(channels, half, plugs), branch2: working(channels, half, 2, plugs) },
    ({ branch1, branch2 }, x) => channelShuffle(concat([branch1(x), branch2(x)], 1), 2),
  )
}

/** Convolution, batch normalization and ReLU. */
const activated = (convolution: Layer, outputs: number): Layer =>
  sequential(convolution, batchNorm2d(outputs), lambda(relu))

const shufflenetv2 =
  (widths: readonly number[]): Backbone['build'] =>
  options => {
    const {
      channels,
      classes,
      initialize = init.heNormal,
      dropout: rate = 0,
      pooling = 'padded',
    } = options
    let inputs = STEM
    const [stage2, stage3, stage4] = widths.map((outputs, index) => {
      const plugs = sockets(options, index + 2, initialize)
      const units = Array.from({ length: UNITS[index] }, (_, i) =>
        i === 0 ? unit(inputs, outputs, 2, plugs) : unit(outputs, outputs, 1, plugs),
      )
      inputs = outputs
      return plugs.stage(units, outputs)
    })
    const stem = sockets(options, 1, initialize)
    const head = sockets(options, 5, initialize)
    return layer(
      {
        conv1: activated(stem.convolution(channels, STEM, 3, { stride: 2, padding: 1 }), STEM),
        stage2,
        stage3,
        stage4,
        conv5: activated(head.convolution(inputs, HEAD, 1), HEAD),
        dropout: dropout(rate),
        fc: linear(HEAD, classes),
      },
      ({ conv1, stage2, stage3, stage4, conv5, dropout, fc }, x) => {
        const y = POOLINGS[pooling](conv1(x))
        return fc(dropout(globalMean(conv5(stage4(stage3(stage2(y)))))))
      },
    )
  }

const backbone = (width: string, widths: readonly number[]): Backbone => ({
  describe: `ShuffleNetV2 ${width}×`,
  size: 224,
  classes: 1000,
  positions: ['standard', 'pre', 'inside', 'before-conv', 'stage-end'],
  replaceable: true,
  variations: ['pooling', 'dropout'],
  build: shufflenetv2(widths),
})

export const SHUFFLENETV2 = {
  shufflenet_v2_x0_5: backbone('0.5', [48, 96, 192]),
  shufflenet_v2_x1_0: backbone('1.0', [116, 232, 464]),
} satisfies Family
