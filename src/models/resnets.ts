/** The ResNets, ResNeXts and SKNets by name. */

import type { Backbone, Family } from './backbone.ts'
import { type ResNetOptions, resnet } from './resnet.ts'

const imagenet = (
  describe: string,
  block: 'basic' | 'bottleneck',
  depths: readonly number[],
  more: Partial<ResNetOptions> = {},
): Backbone => ({
  describe,
  size: 224,
  classes: 1000,
  build: options => resnet({ block, depths, stem: 'imagenet', ...more, ...options }),
})

const RESNEXT = { group: 32, groupWidth: 4 }

const sknet = (depths: readonly number[]): Backbone => ({
  ...imagenet('SKNet, SK[2, 32, 16] units', 'bottleneck', depths, RESNEXT),
  attention: 'sk',
})

/** Depth 6n + 2: n blocks of two convolutions in each of three stages. */
const cifar = (depth: number): Backbone => ({
  describe: 'ResNet for 32×32 pictures, zero-padded shortcuts',
  size: 32,
  classes: 10,
  build: options =>
    resnet({
      block: 'basic',
      depths: new Array<number>(3).fill((depth - 2) / 6),
      stem: 'cifar',
      shortcut: 'pad',
      ...options,
    }),
})

export const RESNETS: Family = {
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
    classes: 10,
    build: options =>
      resnet({ block: 'preactivation', depths: [18, 18, 18], stem: 'cifar', ...options }),
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
