/**
 * ResNet and ResNeXt, for ImageNet and for CIFAR, with attention as an option: SENet, SKNet, GCT and
 * ResNeSt networks are these with `se()`, `sk()`, `gct()` or `splat()` plugged in. Weight names are
 * torchvision's.
 */

import type { Value } from '../graph/index.ts'
import {
  type Bound,
  dropout,
  globalMean,
  init,
  type Layer,
  layer,
  linear,
  type Named,
} from '../nn/index.ts'
import { averagePool, relu } from '../ops/index.ts'
import type { Body, NetworkOptions } from './backbone.ts'
import { basic, bottleneck } from './branches.ts'
import { preActivationUnit } from './preactivation.ts'
import { residualUnit } from './residual.ts'
import { type Sockets, sockets } from './sockets.ts'
import { POOLINGS, type Stem, stem as stemLayer } from './stems.ts'

/** What a residual network is told. */
export interface ResNetOptions extends NetworkOptions {
  /** The kind of residual block. */
  readonly block: keyof typeof BLOCKS
  /** Blocks a stage, for up to four stages. */
  readonly depths: readonly number[]
  /** All but CIFAR's are followed by max pooling. */
  readonly stem: Stem
  /** What the stem gives, if not the planes of the first stage. */
  readonly stemWidth?: number
  /** Planes of the first stage; they double at each further one. */
  readonly planes?: number
  /** ResNeXt's cardinality, and the channels of a group at 64 planes. */
  readonly group?: number
  /** See `group`. */
  readonly groupWidth?: number
  /** Whether projections that stride pool before a 1×1 without stride, as in ResNet-D. */
  readonly poolFirst?: boolean
}

const pooled = (x: Value, stride: number): Value =>
  stride === 1
    ? x
    : averagePool(x, { kernel: stride, stride, ceilMode: true, countIncludePad: false })

/** Sockets with ResNet-D's projections (He et al.: Bag of Tricks, arXiv:1812.01187). */
const poolingFirst = (plugs: Sockets): Sockets => ({
  ...plugs,
  projection: (channels, outputs, stride) =>
    layer(
      { '1': plugs.convolution(channels, outputs, 1), '2': plugs.normalization(outputs) },
      (children, x) => children['2'](children['1'](pooled(x, stride))),
    ),
})

interface Stage {
  readonly blocks: Layer
  readonly outputs: number
}

const BLOCKS = {
  basic: { steps: basic, expansion: 1, unit: residualUnit },
  bottleneck: { steps: bottleneck, expansion: 4, unit: residualUnit },
  'preactivation-basic': { steps: basic, expansion: 1, unit: preActivationUnit },
  preactivation: { steps: bottleneck, expansion: 4, unit: preActivationUnit },
} as const

/** Whatever normalizes, a body is built with it; the others are of what stands on it. */
type DetectorVariation = 'frozenNorm' | 'pyramid' | 'proposals' | 'anchors'

const stage = (
  index: number,
  channels: number,
  depth: number,
  options: Required<Omit<ResNetOptions, DetectorVariation>>,
): Stage => {
  const { group, groupWidth, initialize } = options
  const { steps, expansion, unit } = BLOCKS[options.block]
  const planes = options.planes * 2 ** index
  const outputs = planes * expansion
  const width = Math.floor((planes * groupWidth) / 64) * group
  const own = sockets(options, index + 2, initialize)
  const plugs = options.poolFirst ? poolingFirst(own) : own
  const blocks = Array.from({ length: depth }, (_, i) => {
    const unitOptions = { ...options, stride: index > 0 && i === 0 ? 2 : 1, sockets: plugs, width }
    return unit(steps(i === 0 ? channels : outputs, outputs, unitOptions), unitOptions)
  })
  return { blocks: plugs.stage(blocks, outputs), outputs }
}

const DEFAULTS = {
  group: 1,
  groupWidth: 64,
  strideIn: '3x3',
  pooling: 'padded',
  halfBottleneck: false,
  norm: 'batch',
  shortcutKernel: 1,
  dropout: 0,
  shortcut: 'projection',
  poolFirst: false,
  normalize: undefined,
  attention: undefined,
  at: undefined,
  stages: undefined,
  classes: 1000,
  channels: 3,
  initialize: init.heNormal,
} as const

/** The layers up to the last stage, and what they give: the channels of each stage. */
const trunk = (given: ResNetOptions) => {
  const planes = given.planes ?? (given.stem === 'cifar' ? 16 : 64)
  const options = { stemWidth: planes, ...DEFAULTS, ...given, planes }
  const { stem, block, depths, channels, stemWidth } = options
  const preactivation = block.startsWith('preactivation')
  const stages: (Layer | undefined)[] = []
  const widths: number[] = []
  for (const [index, depth] of depths.entries()) {
    const made = stage(index, widths.at(-1) ?? stemWidth, depth, options)
    stages.push(made.blocks)
    widths.push(made.outputs)
  }
  const outputs = widths.at(-1) ?? stemWidth
  const first = sockets(options, 1, options.initialize)
  const last = sockets(options, depths.length + 1, options.initialize)
  const children = {
    conv1: stemLayer(stem, channels, stemWidth, first),
    bn1: preactivation ? undefined : first.normalization(stemWidth),
    layer1: stages[0],
    layer2: stages[1],
    layer3: stages[2],
    layer4: stages[3],
    bn: preactivation ? last.normalization(outputs) : undefined,
  }
  const features = (
    { conv1, bn1, layer1, layer2, layer3, layer4, bn }: Bound<typeof children>,
    x: Value,
  ): Value[] => {
    let y = conv1(x)
    if (bn1) y = relu(bn1(y))
    if (stem !== 'cifar') y = POOLINGS[options.pooling](y)
    const levels: Value[] = []
    for (const stage of [layer1, layer2, layer3, layer4]) {
      if (stage) y = stage(y)
      if (stage) levels.push(y)
    }
    if (bn) levels[levels.length - 1] = relu(bn(y))
    return levels
  }
  return { options, children, features, widths }
}

/** [N, channels, H, W] → [N, classes]. */
export const resnet = (given: ResNetOptions): Layer => {
  const { options, children, features, widths } = trunk(given)
  return layer(
    {
      ...children,
      dropout: dropout(options.dropout),
      fc: linear(widths[widths.length - 1], options.classes),
    },
    ({ dropout, fc, ...rest }, x) => fc(dropout(globalMean(features(rest, x)[widths.length - 1]))),
  )
}

/** The same without its classifier: [N, channels, H, W] → what each stage gives, `0`, `1`, …. */
export const resnetBody = (given: ResNetOptions): Body => {
  const { children, features, widths } = trunk(given)
  const body = layer(
    children,
    (bound, x): Named => Object.fromEntries(features(bound, x).entries()),
  )
  return { body, widths }
}
