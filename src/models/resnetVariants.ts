/** The residual networks for ImageNet, by name: ResNet, ResNet-D, ResNeXt, SENet-154, SKNet, timm's skresnet, ResNeSt. */

import { POSITIONS } from '../attention/attention.ts'
import type { Backbone, Family } from './backbone.ts'
import { type ResNetOptions, resnet, resnetBody } from './resnet.ts'

/** A residual network has every socket. */
const residual = { positions: POSITIONS, replaceable: true } as const

const imagenet = (
  describe: string,
  block: 'basic' | 'bottleneck',
  depths: readonly number[],
  more: Partial<ResNetOptions> = {},
): Backbone => {
  const own = { block, depths, stem: 'imagenet', planes: 64, ...more } as const
  return {
    ...residual,
    describe,
    size: 224,
    classes: 1000,
    variations: [
      'stem',
      'pooling',
      'shortcutKernel',
      'norm',
      'dropout',
      ...(block === 'bottleneck' ? (['strideIn', 'halfBottleneck'] as const) : []),
    ],
    build: options => resnet({ ...own, ...options }),
    body: options => resnetBody({ ...own, ...options }),
  }
}

const RESNEXT = { group: 32, groupWidth: 4 }

const sknet = (depths: readonly number[]): Backbone => ({
  ...imagenet('SKNet, SK[2, 32, 16] units', 'bottleneck', depths, RESNEXT),
  attention: 'sk',
})

/** timm's: each branch sees half of the channels, and r is 8 with at least 16 features. */
const skresnet = (depths: readonly number[]): Backbone => ({
  ...imagenet("timm's ResNet of split SK units", 'basic', depths),
  attention: 'sk:split=true,reduction=8,floor=16',
})

/** SENet's appendix: what makes SENet-154 of a ResNeXt-152 64×4d. */
const SENET154 = {
  group: 64,
  groupWidth: 4,
  stem: 'deep',
  stemWidth: 128,
  pooling: 'ceil',
  halfBottleneck: true,
  shortcutKernel: 3,
  dropout: 0.2,
} as const

/** ResNet-D: three 3×3 convolutions as its stem, projections that pool first. */
const resnetD = (
  block: 'basic' | 'bottleneck',
  depths: readonly number[],
  describe = 'ResNet-D',
  stemWidth = 64,
): Backbone => ({
  ...imagenet(describe, block, depths, { stem: 'deep', stemWidth, poolFirst: true }),
  variations: ['pooling', 'norm', 'dropout'],
})

/** ResNeSt (arXiv:2004.08955): a stride is an average pool behind the attention (section 4.1). */
const resnest = (depths: readonly number[], stemWidth: number): Backbone => ({
  ...resnetD('bottleneck', depths, 'ResNeSt, split attention 2s1x64d', stemWidth),
  attention: 'splat:avd=true',
})

export const RESNETS = {
  resnet18: imagenet('ResNet, basic blocks', 'basic', [2, 2, 2, 2]),
  resnet34: imagenet('ResNet, basic blocks', 'basic', [3, 4, 6, 3]),
  resnet50: imagenet('ResNet, bottlenecks', 'bottleneck', [3, 4, 6, 3]),
  resnet101: imagenet('ResNet, bottlenecks', 'bottleneck', [3, 4, 23, 3]),
  resnet152: imagenet('ResNet, bottlenecks', 'bottleneck', [3, 8, 36, 3]),
  resnet200: imagenet('ResNet, bottlenecks', 'bottleneck', [3, 24, 36, 3]),
  resnet18d: resnetD('basic', [2, 2, 2, 2]),
  resnet26d: resnetD('bottleneck', [2, 2, 2, 2]),
  resnet34d: resnetD('basic', [3, 4, 6, 3]),
  resnet50d: resnetD('bottleneck', [3, 4, 6, 3]),
  resnet101d: resnetD('bottleneck', [3, 4, 23, 3]),
  resnet152d: resnetD('bottleneck', [3, 8, 36, 3]),
  resnet200d: resnetD('bottleneck', [3, 24, 36, 3]),
  resnext50: imagenet('ResNeXt 32×4d', 'bottleneck', [3, 4, 6, 3], RESNEXT),
  resnext50_36x4d: imagenet('ResNeXt 36×4d', 'bottleneck', [3, 4, 6, 3], {
    ...RESNEXT,
    group: 36,
  }),
  resnext56: imagenet('ResNeXt 32×4d, two blocks deeper', 'bottleneck', [3, 4, 8, 3], RESNEXT),
  resnext101: imagenet('ResNeXt 32×4d', 'bottleneck', [3, 4, 23, 3], RESNEXT),
  senet154: {
    ...imagenet('SENet-154, of ResNeXt 64×4d blocks', 'bottleneck', [3, 8, 36, 3], SENET154),
    attention: 'se',
  },
  sknet26: sknet([2, 2, 2, 2]),
  sknet50: sknet([3, 4, 6, 3]),
  sknet101: sknet([3, 4, 23, 3]),
  skresnet18: skresnet([2, 2, 2, 2]),
  skresnet34: skresnet([3, 4, 6, 3]),
  resnest14: resnest([1, 1, 1, 1], 64),
  resnest26: resnest([2, 2, 2, 2], 64),
  resnest50: resnest([3, 4, 6, 3], 64),
  resnest101: resnest([3, 4, 23, 3], 128),
} satisfies Family
