/**
 * The residual networks for 32×32 images, by name.
 *
 * SENet's CIFAR tables stand on the pre-activation ResNets 110 and 164 and on WRN-16-8; `resnet110`
 * is the first paper's, with zero-padded shortcuts. SKNet-29's branches are in a supplement that we
 * have not seen; with 1×1 and 3×3 and r = 32 the count comes nearest to the printed one.
 */

import { POSITIONS } from '../attention/attention.ts'
import type { Backbone, Family } from './backbone.ts'
import { type ResNetOptions, resnet } from './resnet.ts'

const cifar = (
  describe: string,
  options: Pick<ResNetOptions, 'block'> & Partial<ResNetOptions>,
  blocks: number,
): Backbone => ({
  positions: POSITIONS,
  replaceable: true,
  describe,
  size: 32,
  classes: 10,
  variations: [
    'norm',
    'dropout',
    ...(options.block === 'bottleneck' ? (['strideIn'] as const) : []),
    ...(options.block === 'basic' ? (['shortcut'] as const) : []),
  ],
  build: given =>
    resnet({ depths: new Array<number>(3).fill(blocks), stem: 'cifar', ...options, ...given }),
})

/** Depth 6n + 2: n blocks of two convolutions in each of three stages. */
const plain = (depth: number): Backbone =>
  cifar(
    'ResNet for 32×32 images, zero-padded shortcuts',
    { block: 'basic', shortcut: 'pad' },
    (depth - 2) / 6,
  )

const resnext29 = (group: number, groupWidth: number): Backbone =>
  cifar(
    `ResNeXt ${group}×${groupWidth}d for 32×32 images`,
    { block: 'bottleneck', planes: 64, group, groupWidth },
    3,
  )

const PREACTIVATION = 'pre-activation ResNet for 32×32 images'

export const CIFAR = {
  resnet8: plain(8),
  resnet14: plain(14),
  resnet20: plain(20),
  resnet32: plain(32),
  resnet44: plain(44),
  resnet56: plain(56),
  resnet110: plain(110),
  preresnet110: cifar(`${PREACTIVATION}, basic blocks`, { block: 'preactivation-basic' }, 18),
  resnet164: cifar(`${PREACTIVATION}, bottlenecks`, { block: 'preactivation' }, 18),
  wrn16_8: cifar(
    'wide ResNet for 32×32 images',
    { block: 'preactivation-basic', planes: 128, stemWidth: 16 },
    2,
  ),
  resnext29_8x64d: resnext29(8, 64),
  resnext29_16x32d: resnext29(16, 32),
  resnext29_16x64d: resnext29(16, 64),
  sknet29: {
    ...resnext29(16, 32),
    describe: 'SKNet for 32×32 images, of ResNeXt 16×32d blocks',
    attention: 'sk:branches=1+3,reduction=32',
  },
} satisfies Family
