/** Networks by the names people know: a backbone, or `se-`, `sk-`, `gct-` before one. */

import {
  type AttentionName,
  attentionNames,
  type PluggedAttention,
  parseAttention,
} from '../attention/registry.ts'
import { UsageError } from '../errors.ts'
import type { Layer } from '../nn/index.ts'
import { suggestion } from '../suggest.ts'
import { type NetworkOptions, type ResNetOptions, resnet } from './resnet.ts'

interface Backbone {
  readonly describe: string
  /** Height and width of the pictures that it was designed for. */
  readonly size: number
  readonly options: ResNetOptions
  /** An attention that is part of the name, as in sknet50. */
  readonly attention?: AttentionName
}

const imagenet = (
  describe: string,
  block: 'basic' | 'bottleneck',
  depths: readonly number[],
  more: Partial<ResNetOptions> = {},
): Backbone => ({ describe, size: 224, options: { block, depths, stem: 'imagenet', ...more } })

const RESNEXT = { group: 32, groupWidth: 4 }

const sknet = (depths: readonly number[]): Backbone => ({
  ...imagenet('SKNet, SK[2, 32, 16] units', 'bottleneck', depths, RESNEXT),
  attention: 'sk',
})

/** Depth 6n + 2: n blocks of two convolutions in each of three stages. */
const cifar = (depth: number): Backbone => ({
  describe: 'ResNet for 32×32 pictures, zero-padded shortcuts',
  size: 32,
  options: {
    block: 'basic',
    depths: new Array<number>(3).fill((depth - 2) / 6),
    stem: 'cifar',
    shortcut: 'pad',
    classes: 10,
  },
})

const BACKBONES: Readonly<Record<string, Backbone>> = {
  resnet8: cifar(8),
  resnet14: cifar(14),
  resnet20: cifar(20),
  resnet32: cifar(32),
  resnet44: cifar(44),
  resnet56: cifar(56),
  resnet110: cifar(110),
  resnet164: {
    describe: 'pre-activation bottleneck ResNet for 32×32 pictures',
    size: 32,
    options: { block: 'preactivation', depths: [18, 18, 18], stem: 'cifar', classes: 10 },
  },
  resnet18: imagenet('ResNet, basic blocks', 'basic', [2, 2, 2, 2]),
  resnet34: imagenet('ResNet, basic blocks', 'basic', [3, 4, 6, 3]),
  resnet50: imagenet('ResNet, bottlenecks', 'bottleneck', [3, 4, 6, 3]),
  resnet101: imagenet('ResNet, bottlenecks', 'bottleneck', [3, 4, 23, 3]),
  resnet152: imagenet('ResNet, bottlenecks', 'bottleneck', [3, 8, 36, 3]),
  resnext50: imagenet('ResNeXt 32×4d', 'bottleneck', [3, 4, 6, 3], RESNEXT),
  resnext101: imagenet('ResNeXt 32×4d', 'bottleneck', [3, 4, 23, 3], RESNEXT),
  sknet26: sknet([2, 2, 2, 2]),
  sknet50: sknet([3, 4, 6, 3]),
  sknet101: sknet([3, 4, 23, 3]),
}

export interface ModelInfo {
  readonly name: string
  readonly describe: string
  readonly size: number
}

/** Every network that `model` knows, backbones and their attention variants. */
export const modelNames: readonly string[] = Object.entries(BACKBONES).flatMap(
  ([name, { attention }]) =>
    attention === undefined ? [name, ...attentionNames.map(prefix => `${prefix}-${name}`)] : [name],
)

export interface ModelOptions extends Omit<NetworkOptions, 'attention' | 'at' | 'stages'> {
  /** As text, such as `se:reduction=8,at=pre`; in place of the one in the name. */
  readonly attention?: string
  /** For bottlenecks: stride in the first 1×1 (v1) or in the 3×3 (v1.5, the default). */
  readonly strideIn?: '1x1' | '3x3'
}

export interface Model extends ModelInfo {
  readonly network: Layer
  readonly classes: number
  readonly channels: number
}

interface Named {
  readonly backbone: Backbone
  readonly attention: string | undefined
}

const find = (name: string): Named => {
  const [, prefix, base] = /^(?:([a-z]+)-)?(.+)$/.exec(name) ?? []
  const backbone = Object.hasOwn(BACKBONES, base ?? '') ? BACKBONES[base] : undefined
  if (backbone === undefined || !modelNames.includes(name))
    throw new UsageError({
      where: `model ${name}`,
      expected: 'a network that excite models lists',
      got: name,
      hint: suggestion(name, modelNames) ?? 'Run: excite models',
    })
  return { backbone, attention: prefix ?? backbone.attention }
}

/** What a name stands for, without building it. */
export const describeModel = (name: string): ModelInfo => {
  const { backbone, attention } = find(name)
  const plugged =
    attention === undefined || backbone.attention ? '' : ` with ${attention.toUpperCase()}`
  return { name, describe: `${backbone.describe}${plugged}`, size: backbone.size }
}

/**
 * Builds a network.
 * @throws UsageError for an unknown name or attention, with the nearest known one
 */
export const model = (name: string, options: ModelOptions = {}): Model => {
  const { backbone, attention } = find(name)
  const { attention: given = attention, ...rest } = options
  const plugged: PluggedAttention | undefined =
    given === undefined ? undefined : parseAttention(given)
  const { classes = backbone.options.classes ?? 1000, channels = 3 } = rest
  for (const [option, value] of Object.entries({ classes, channels }))
    if (!Number.isInteger(value) || value < 1)
      throw new UsageError({
        where: `model ${name}`,
        expected: `a whole number of ${option} from 1`,
        got: `${value}`,
      })
  return {
    ...describeModel(name),
    network: resnet({ ...backbone.options, ...plugged, ...rest, classes, channels }),
    classes,
    channels,
  }
}
