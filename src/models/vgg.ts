/**
 * VGG-16 with batch normalization (Simonyan, Zisserman, arXiv:1409.1556), torchvision's weight names.
 *
 * SE stands after the ReLU of every convolution (SENet, section 3.3 of its earlier edition); GCT
 * before each of the 13. Stage k is the k-th run of convolutions between poolings.
 */

import {
  adaptiveAveragePool,
  batchNorm2d,
  dropout,
  flatten,
  init,
  type Layer,
  lambda,
  layer,
  linear,
  sequential,
} from '../nn/index.ts'
import { maxPool, relu } from '../ops/index.ts'
import { activation } from './activation.ts'
import type { Backbone, Family } from './backbone.ts'
import { sockets } from './sockets.ts'

/** Convolutions and channels of each stage. */
const STAGES = [
  [2, 64],
  [2, 128],
  [3, 256],
  [3, 512],
  [3, 512],
] as const
const FEATURES = 4096
/** The map that the classifier reads. */
const SIDE = 7

const vgg: Backbone['build'] = options => {
  const { channels, classes, initialize = init.heNormal, dropout: rate = 0.5 } = options
  const features: Layer[] = []
  let inputs = channels
  for (const [index, [count, width]] of STAGES.entries()) {
    const plugs = sockets(options, index + 1, initialize)
    for (let i = 0; i < count; i++) {
      const spatial = { padding: 1, bias: true }
      const replacement = plugs.replacement(inputs, width, spatial)
      features.push(
        ...(replacement
          ? [replacement, lambda(x => x), lambda(x => x)]
          : [
              plugs.convolution(inputs, width, 3, spatial),
              batchNorm2d(width),
              activation(plugs, width),
            ]),
      )
      inputs = width
    }
    features.push(lambda(x => maxPool(x, { kernel: 2, stride: 2 })))
  }
  return layer(
    {
      features: sequential(...features),
      classifier: sequential(
        linear(inputs * SIDE * SIDE, FEATURES),
        lambda(relu),
        dropout(rate),
        linear(FEATURES, FEATURES),
        lambda(relu),
        dropout(rate),
        linear(FEATURES, classes),
      ),
    },
    ({ features, classifier }, x) => classifier(flatten(adaptiveAveragePool(features(x), SIDE))),
  )
}

export const VGG = {
  vgg16_bn: {
    describe: 'VGG-16 with batch normalization',
    size: 224,
    classes: 1000,
    positions: ['standard', 'inside', 'before-conv'],
    replaceable: true,
    variations: ['dropout'],
    build: vgg,
  },
} satisfies Family
