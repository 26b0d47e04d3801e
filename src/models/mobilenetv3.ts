/**
 * MobileNetV3, large and small (Howard et al., arXiv:1905.02244, Tables 1 and 2), torchvision's
 * layout and weight names. Its SE squeezes to a quarter of the expanded channels, in eights, and its
 * gate is the hard sigmoid.
 */

import { dropout, globalMean, type Layer, lambda, layer, linear, sequential } from '../nn/index.ts'
import { hardSigmoid, hardSwish, relu } from '../ops/index.ts'
import type { Backbone, Family } from './backbone.ts'
import { inverted, normalized, type Style } from './inverted.ts'

const ACTIVATIONS = { relu, swish: hardSwish }
type Row = readonly [
  kernel: number,
  expanded: number,
  outputs: number,
  excited: boolean,
  activation: keyof typeof ACTIVATIONS,
  stride: number,
]

const STEM = 16
const LARGE: readonly Row[] = [
  [3, 16, 16, false, 'relu', 1],
  [3, 64, 24, false, 'relu', 2],
  [3, 72, 24, false, 'relu', 1],
  [5, 72, 40, true, 'relu', 2],
  [5, 120, 40, true, 'relu', 1],
  [5, 120, 40, true, 'relu', 1],
  [3, 240, 80, false, 'swish', 2],
  [3, 200, 80, false, 'swish', 1],
  [3, 184, 80, false, 'swish', 1],
  [3, 184, 80, false, 'swish', 1],
  [3, 480, 112, true, 'swish', 1],
  [3, 672, 112, true, 'swish', 1],
  [5, 672, 160, true, 'swish', 2],
  [5, 960, 160, true, 'swish', 1],
  [5, 960, 160, true, 'swish', 1],
]
const SMALL: readonly Row[] = [
  [3, 16, 16, true, 'relu', 2],
  [3, 72, 24, false, 'relu', 2],
  [3, 88, 24, false, 'relu', 1],
  [5, 96, 40, true, 'swish', 2],
  [5, 240, 40, true, 'swish', 1],
  [5, 240, 40, true, 'swish', 1],
  [5, 120, 48, true, 'swish', 1],
  [5, 144, 48, true, 'swish', 1],
  [5, 288, 96, true, 'swish', 2],
  [5, 576, 96, true, 'swish', 1],
  [5, 576, 96, true, 'swish', 1],
]

/** The nearest multiple of 8, but never less than nine tenths of the value. */
const inEights = (value: number): number => {
  const near = Math.max(8, Math.floor((value + 4) / 8) * 8)
  return near < 0.9 * value ? near + 8 : near
}

const mobilenetv3 =
  (rows: readonly Row[], hidden: number): Backbone['build'] =>
  options => {
    const { classes, initialize, dropout: rate = 0.2 } = options
    const style: Style = {
      epsilon: 1e-3,
      momentum: 0.01,
      initialize,
      excitation: [relu, hardSigmoid],
    }
    const features: Layer[] = [
      normalized([options.channels, STEM, 3], style, { stride: 2, activate: hardSwish }),
    ]
    let channels = STEM
    for (const [kernel, expanded, outputs, excited, activation, stride] of rows) {
      const squeeze = excited ? inEights(Math.floor(expanded / 4)) : undefined
      const activate = ACTIVATIONS[activation]
      features.push(
        inverted({ channels, expanded, outputs, kernel, stride, activate, squeeze }, style),
      )
      channels = outputs
    }
    const wide = channels * 6
    features.push(normalized([channels, wide, 1], style, { activate: hardSwish }))
    return layer(
      {
        features: sequential(...features),
        classifier: sequential(
          linear(wide, hidden),
          lambda(hardSwish),
          dropout(rate),
          linear(hidden, classes),
        ),
      },
      ({ features, classifier }, x) => classifier(globalMean(features(x))),
    )
  }

const backbone = (size: string, rows: readonly Row[], hidden: number): Backbone => ({
  describe: `MobileNetV3-${size}, with its own SE`,
  size: 224,
  classes: 1000,
  positions: [],
  replaceable: false,
  variations: ['dropout'],
  build: mobilenetv3(rows, hidden),
})

export const MOBILENET_V3 = {
  mobilenet_v3_small: backbone('small', SMALL, 1024),
  mobilenet_v3_large: backbone('large', LARGE, 1280),
} satisfies Family
