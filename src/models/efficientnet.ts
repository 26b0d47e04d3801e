/**
 * EfficientNet-B0 (Tan, Le, arXiv:1905.11946, Table 1), torchvision's layout and weight names. Its
 * SE squeezes to a quarter of the channels that come into the block.
 *
 * Difference from torchvision in training: no stochastic depth.
 */

import { dropout, globalMean, layer, linear, sequential } from '../nn/index.ts'
import { sigmoid, silu } from '../ops/index.ts'
import type { Backbone, Family } from './backbone.ts'
import { inverted, normalized, type Style } from './inverted.ts'

const STEM = 32
const HEAD = 1280
/** Expansion, kernel, stride, outputs and blocks of each stage. */
const STAGES = [
  [1, 3, 1, 16, 1],
  [6, 3, 2, 24, 2],
  [6, 5, 2, 40, 2],
  [6, 3, 2, 80, 3],
  [6, 5, 1, 112, 3],
  [6, 5, 2, 192, 4],
  [6, 3, 1, 320, 1],
] as const

const efficientnet: Backbone['build'] = options => {
  const { classes, initialize, dropout: rate = 0.2 } = options
  const style: Style = { epsilon: 1e-5, momentum: 0.1, initialize, excitation: [silu, sigmoid] }
  let channels = STEM
  const stages = STAGES.map(([expansion, kernel, stride, outputs, count]) => {
    const blocks = Array.from({ length: count }, (_, i) => {
      const block = inverted(
        {
          channels,
          expanded: channels * expansion,
          outputs,
          kernel,
          stride: i === 0 ? stride : 1,
          activate: silu,
          squeeze: Math.max(1, Math.floor(channels / 4)),
        },
        style,
      )
      channels = outputs
      return block
    })
    return sequential(...blocks)
  })
  return layer(
    {
      features: sequential(
        normalized([options.channels, STEM, 3], style, { stride: 2, activate: silu }),
        ...stages,
        normalized([channels, HEAD, 1], style, { activate: silu }),
      ),
      classifier: sequential(dropout(rate), linear(HEAD, classes)),
    },
    ({ features, classifier }, x) => classifier(globalMean(features(x))),
  )
}

export const EFFICIENTNET = {
  efficientnet_b0: {
    describe: 'EfficientNet-B0, with its own SE',
    size: 224,
    classes: 1000,
    positions: [],
    replaceable: false,
    variations: ['dropout'],
    build: efficientnet,
  },
} satisfies Family
