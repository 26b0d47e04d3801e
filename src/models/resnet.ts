/**
 * ResNet and ResNeXt, for ImageNet and for CIFAR, with attention as an option: SENet, SKNet and
 * GCT networks are these with `se()`, `sk()` or `gct()` plugged in. Weight names are torchvision's.
 */

import {
  batchNorm2d,
  flatten,
  globalAveragePool,
  he,
  type Layer,
  layer,
  linear,
} from '../nn/index.ts'
import { maxPool, relu } from '../ops/index.ts'
import type { NetworkOptions } from './backbone.ts'
import { basicBlock, bottleneck, preActivationBottleneck } from './residual.ts'
import { sockets } from './sockets.ts'

export interface ResNetOptions extends NetworkOptions {
  readonly block: 'basic' | 'bottleneck' | 'preactivation'
  /** Blocks a stage, for up to four stages. */
  readonly depths: readonly number[]
  /** 7×7 stride 2 and max pooling, or a plain 3×3. */
  readonly stem: 'imagenet' | 'cifar'
  /** Planes of the first stage; they double at each further one. */
  readonly planes?: number
  /** ResNeXt's cardinality, and the channels of a group at 64 planes. */
  readonly group?: number
  readonly groupWidth?: number
  readonly shortcut?: 'projection' | 'pad'
}

interface Stage {
  readonly blocks: Layer
  readonly outputs: number
}

const EXPANSION = { basic: 1, bottleneck: 4, preactivation: 4 }

const stage = (
  index: number,
  channels: number,
  depth: number,
  options: Required<ResNetOptions>,
): Stage => {
  const { block, group, groupWidth, strideIn, shortcut, initialise } = options
  const planes = options.planes * 2 ** index
  const outputs = planes * EXPANSION[block]
  const width = Math.floor((planes * groupWidth) / 64) * group
  const plugs = sockets(options, index + 2, initialise)
  const unit = (inputs: number, stride: number): Layer => {
    const common = { stride, sockets: plugs, shortcut }
    if (block === 'basic') return basicBlock(inputs, outputs, common)
    if (block === 'preactivation')
      return preActivationBottleneck(inputs, outputs, { ...common, width: planes })
    return bottleneck(inputs, outputs, { ...common, width, group, strideIn })
  }
  const blocks = Array.from({ length: depth }, (_, i) =>
    i === 0 ? unit(channels, index === 0 ? 1 : 2) : unit(outputs, 1),
  )
  return { blocks: plugs.stage(blocks, outputs), outputs }
}

const DEFAULTS = {
  group: 1,
  groupWidth: 64,
  strideIn: '3x3',
  shortcut: 'projection',
  attention: undefined,
  at: undefined,
  stages: undefined,
  classes: 1000,
  channels: 3,
  initialise: he,
} as const

/** [N, channels, H, W] → [N, classes]. */
export const resnet = (given: ResNetOptions): Layer => {
  const planes = given.stem === 'cifar' ? 16 : 64
  const options: Required<ResNetOptions> = { planes, ...DEFAULTS, ...given }
  const { stem, block, depths, channels } = options
  const { convolution } = sockets(options, 1, options.initialise)
  const preactivation = block === 'preactivation'
  const stages: (Layer | undefined)[] = []
  let outputs = options.planes
  for (const [index, depth] of depths.entries()) {
    const made = stage(index, outputs, depth, options)
    stages.push(made.blocks)
    outputs = made.outputs
  }
  return layer(
    {
      conv1:
        stem === 'cifar'
          ? convolution(channels, options.planes, 3, { padding: 1 })
          : convolution(channels, options.planes, 7, { stride: 2, padding: 3 }),
      bn1: preactivation ? undefined : batchNorm2d(options.planes),
      layer1: stages[0],
      layer2: stages[1],
      layer3: stages[2],
      layer4: stages[3],
      bn: preactivation ? batchNorm2d(outputs) : undefined,
      fc: linear(outputs, options.classes),
    },
    ({ conv1, bn1, layer1, layer2, layer3, layer4, bn, fc }, x) => {
      let y = conv1(x)
      if (bn1) y = relu(bn1(y))
      if (stem === 'imagenet') y = maxPool(y, { kernel: 3, stride: 2, padding: 1 })
      for (const stage of [layer1, layer2, layer3, layer4]) if (stage) y = stage(y)
      if (bn) y = relu(bn(y))
      return fc(flatten(globalAveragePool(y)))
    },
  )
}
