/**
 * Inception-ResNet-v2 (Szegedy et al., arXiv:1602.07261), the layout and weight names of timm.
 *
 * SENet puts SE on the non-identity branch; where, relative to the branch's scale, and whether in
 * the reductions is not said. Here: after the 1×1 that widens the branch, before the scale, and in
 * residual units alone.
 */

import { dropout, globalMean, init, type Layer, layer, linear, sequential } from '../nn/index.ts'
import { add, maxPool, mul, relu } from '../ops/index.ts'
import type { Backbone, Family } from './backbone.ts'
import { type Branch, branches, type ModuleOptions, type Step, step } from './inception.ts'
import { sockets } from './sockets.ts'

const HALVING = { stride: 2, padding: 0 }
const VALID = { padding: 0 }

const steps = (...all: Step[]): Branch => ({ steps: all })
const POOL: Branch = { pool: 'max', steps: [] }

const MIXED_5B: readonly Branch[] = [
  steps(['branch0', 96, 1]),
  steps(['branch1.0', 48, 1], ['branch1.1', 64, 5]),
  steps(['branch2.0', 64, 1], ['branch2.1', 96, 3], ['branch2.2', 96, 3]),
  { pool: 'average', steps: [['branch3.1', 64, 1]] },
]
const BLOCK35: readonly Branch[] = [
  steps(['branch0', 32, 1]),
  steps(['branch1.0', 32, 1], ['branch1.1', 32, 3]),
  steps(['branch2.0', 32, 1], ['branch2.1', 48, 3], ['branch2.2', 64, 3]),
]
const MIXED_6A: readonly Branch[] = [
  steps(['branch0', 384, 3, HALVING]),
  steps(['branch1.0', 256, 1], ['branch1.1', 256, 3], ['branch1.2', 384, 3, HALVING]),
  POOL,
]
const BLOCK17: readonly Branch[] = [
  steps(['branch0', 192, 1]),
  steps(['branch1.0', 128, 1], ['branch1.1', 160, [1, 7]], ['branch1.2', 192, [7, 1]]),
]
const MIXED_7A: readonly Branch[] = [
  steps(['branch0.0', 256, 1], ['branch0.1', 384, 3, HALVING]),
  steps(['branch1.0', 256, 1], ['branch1.1', 288, 3, HALVING]),
  steps(['branch2.0', 256, 1], ['branch2.1', 288, 3], ['branch2.2', 320, 3, HALVING]),
  POOL,
]
const BLOCK8: readonly Branch[] = [
  steps(['branch0', 192, 1]),
  steps(['branch1.0', 192, 1], ['branch1.1', 224, [1, 3]], ['branch1.2', 256, [3, 1]]),
]

const STEM: readonly Step[] = [
  ['conv2d_1a', 32, 3, HALVING],
  ['conv2d_2a', 32, 3, VALID],
  ['conv2d_2b', 64, 3],
  ['conv2d_3b', 80, 1],
  ['conv2d_4a', 192, 3, VALID],
]
/** The steps of the stem that a max pooling follows. */
const POOLED = ['conv2d_2b', 'conv2d_4a']

/** y = relu(x + scale · F(x)), F's branches widened by a 1×1 with a bias. */
const residual = (
  channels: number,
  all: readonly Branch[],
  scale: number,
  options: ModuleOptions,
  activate = true,
): Layer => {
  const { children, forward, outputs } = branches(channels, all, options)
  const recalibrated = options.sockets.unit(channels, channels, { inside: outputs })
  const conv2d = options.sockets.convolution(outputs, channels, 1, { bias: true })
  return layer({ ...children, conv2d, ...recalibrated.children }, (bound, x) => {
    const recalibrate = recalibrated.bind(bound)
    const joined = recalibrate('inside', forward(bound, recalibrate('pre', x)))
    const branch = recalibrate('standard', bound.conv2d(joined))
    const y = add(recalibrate('identity', x), mul(branch, scale))
    return recalibrate('post', activate ? relu(y) : y)
  })
}

const inceptionresnet: Backbone['build'] = options => {
  const { classes, initialize = init.heNormal, dropout: rate = 0.2 } = options
  const own = (stage: number): ModuleOptions => ({
    epsilon: 1e-3,
    sockets: sockets(options, stage, initialize),
    countIncludePad: false,
  })
  let channels = options.channels
  const layers: [string, Layer][] = []
  const chain = (stage: number, ...all: readonly Step[]): void => {
    for (const one of all) {
      layers.push([one[0], step(channels, one, own(stage))])
      channels = one[1]
    }
  }
  const mixed = (name: string, stage: number, all: readonly Branch[]): void => {
    const { children, forward, outputs } = branches(channels, all, own(stage))
    layers.push([name, layer(children, forward)])
    channels = outputs
  }
  const repeat = (
    name: string,
    stage: number,
    count: number,
    all: readonly Branch[],
    scale: number,
  ): void => {
    const units = Array.from({ length: count }, () => residual(channels, all, scale, own(stage)))
    layers.push([name, sequential(...units)])
  }
  chain(1, ...STEM)
  mixed('mixed_5b', 3, MIXED_5B)
  repeat('repeat', 3, 10, BLOCK35, 0.17)
  mixed('mixed_6a', 4, MIXED_6A)
  repeat('repeat_1', 4, 20, BLOCK17, 0.1)
  mixed('mixed_7a', 5, MIXED_7A)
  repeat('repeat_2', 5, 9, BLOCK8, 0.2)
  layers.push(['block8', residual(channels, BLOCK8, 1, own(5), false)])
  chain(5, ['conv2d_7b', 1536, 1])
  const head = { dropout: dropout(rate), classif: linear(channels, classes) }
  return layer({ ...Object.fromEntries(layers), ...head }, (children, x) => {
    let y = x
    for (const [name] of layers) {
      y = children[name as keyof typeof head](y)
      if (POOLED.includes(name)) y = maxPool(y, { kernel: 3, stride: 2 })
    }
    return children.classif(children.dropout(globalMean(y)))
  })
}

export const INCEPTION_RESNET = {
  inception_resnet_v2: {
    describe: 'Inception-ResNet-v2',
    size: 299,
    classes: 1000,
    positions: ['standard', 'pre', 'post', 'identity', 'inside', 'before-conv'],
    replaceable: false,
    variations: ['dropout'],
    build: inceptionresnet,
  },
} satisfies Family
