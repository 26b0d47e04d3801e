/**
 * Shake-Shake networks for 32×32 images (Gastaldi, arXiv:1705.07485): residual units of two
 * branches, mixed at random. 26 2×96d has pre-activation branches of two 3×3 convolutions and a
 * shortcut of two shifted paths; 29 2×4×64d is a ResNeXt of two branches, without pre-activation.
 *
 * SE stands on the mixture, before the addition: SENet says only that it is on the non-identity
 * branch, which these have two of. A replacement takes the first spatial convolution of each branch.
 */

import {
  type Backward,
  batchNorm2d,
  dropout,
  globalMean,
  init,
  type Layer,
  lambda,
  layer,
  linear,
  sequential,
  shake,
} from '../nn/index.ts'
import { add, averagePool, concat, pad, relu, slice } from '../ops/index.ts'
import type { Backbone, Family } from './backbone.ts'
import { type Sockets, sockets } from './sockets.ts'

interface Unit {
  readonly channels: number
  readonly outputs: number
  readonly stride: number
  readonly sockets: Sockets
  readonly backward: Backward
}

/** ReLU, 3×3, BN, ReLU, 3×3, BN. */
const basicBranch = ({ channels, outputs, stride, sockets }: Unit): Layer => {
  const replacement = sockets.replacement(channels, outputs, { stride, padding: 1 })
  return sequential(
    lambda(relu),
    ...(replacement
      ? [replacement]
      : [
          sockets.convolution(channels, outputs, 3, { stride, padding: 1 }),
          batchNorm2d(outputs),
          lambda(relu),
        ]),
    sockets.convolution(outputs, outputs, 3, { padding: 1 }),
    batchNorm2d(outputs),
  )
}

/** 1×1, 3×3 in four groups, 1×1; as wide inside as outside at 64 channels a group. */
const groupedBranch = ({ channels, outputs, stride, sockets }: Unit): Layer => {
  const spatial = { stride, padding: 1, group: 4 }
  const replacement = sockets.replacement(outputs, outputs, spatial)
  return sequential(
    sockets.convolution(channels, outputs, 1),
    batchNorm2d(outputs),
    lambda(relu),
    ...(replacement
      ? [replacement]
      : [sockets.convolution(outputs, outputs, 3, spatial), batchNorm2d(outputs), lambda(relu)]),
    sockets.convolution(outputs, outputs, 1),
    batchNorm2d(outputs),
  )
}

/** ReLU, then two paths over every stride-th pixel, the second one pixel further; concatenated; BN. */
const shiftedShortcut = ({ channels, outputs, stride, sockets }: Unit): Layer =>
  layer(
    {
      path1: sockets.convolution(channels, outputs / 2, 1),
      path2: sockets.convolution(channels, outputs / 2, 1),
      bn: batchNorm2d(outputs),
    },
    ({ path1, path2, bn }, x) => {
      const y = relu(x)
      const [n, c, h, w] = y.shape
      const sample = (z: typeof y) => (stride === 1 ? z : averagePool(z, { kernel: 1, stride }))
      const first = sample(y)
      // Padded after sampling: ONNX Runtime fuses padding into a pool, and refuses what comes of it.
      const second = sample(slice(y, [0, 0, 1, 1], [n, c, h, w]))
      const missing = [2, 3].map(axis => first.shape[axis] - second.shape[axis])
      const shifted = missing.some(size => size > 0)
        ? pad(second, [0, 0, 0, 0, 0, 0, ...missing])
        : second
      return bn(concat([path1(first), path2(shifted)], 1))
    },
  )

const unit = (given: Unit, kind: 'basic' | 'grouped'): Layer => {
  const { channels, outputs, stride, sockets, backward } = given
  const branch = kind === 'basic' ? basicBranch : groupedBranch
  const recalibrated = sockets.unit(channels, outputs)
  const project = (): Layer =>
    kind === 'basic' ? shiftedShortcut(given) : sockets.projection(channels, outputs, stride)
  return layer(
    {
      branch1: branch(given),
      branch2: branch(given),
      downsample: channels === outputs ? undefined : project(),
      ...recalibrated.children,
    },
    (children, x, mode) => {
      const { branch1, branch2, downsample } = children
      const recalibrate = recalibrated.bind(children)
      const input = recalibrate('pre', x)
      const mixed = shake(branch1(input), branch2(input), backward, mode)
      const shortcut = recalibrate('identity', downsample ? downsample(x) : x)
      const y = add(shortcut, recalibrate('standard', mixed))
      return recalibrate('post', kind === 'basic' ? y : relu(y))
    },
  )
}

interface Plan {
  readonly kind: 'basic' | 'grouped'
  readonly stem: number
  /** Channels of the first stage; they double at each further one. */
  readonly width: number
  readonly units: number
  readonly backward: Backward
}

const shakeshake =
  ({ kind, stem, width, units, backward }: Plan): Backbone['build'] =>
  options => {
    const { channels, classes, initialize = init.heNormal, dropout: rate = 0 } = options
    let inputs = stem
    const [layer1, layer2, layer3] = [0, 1, 2].map(index => {
      const plugs = sockets(options, index + 2, initialize)
      const outputs = width * 2 ** index
      const all = Array.from({ length: units }, (_, i) => {
        const first = i === 0
        const own = { outputs, sockets: plugs, backward }
        const stride = first && index > 0 ? 2 : 1
        return unit({ ...own, channels: first ? inputs : outputs, stride }, kind)
      })
      inputs = outputs
      return sequential(...all)
    })
    const { convolution } = sockets(options, 1, initialize)
    return layer(
      {
        conv1: convolution(channels, stem, 3, { padding: 1 }),
        bn1: batchNorm2d(stem),
        layer1,
        layer2,
        layer3,
        dropout: dropout(rate),
        fc: linear(inputs, classes),
      },
      ({ conv1, bn1, layer1, layer2, layer3, dropout, fc }, x) => {
        const y = bn1(conv1(x))
        const features = layer3(layer2(layer1(kind === 'basic' ? y : relu(y))))
        return fc(dropout(globalMean(relu(features))))
      },
    )
  }

const backbone = (describe: string, classes: number, plan: Plan): Backbone => ({
  describe: `${describe} for 32×32 images`,
  size: 32,
  classes,
  positions: ['standard', 'pre', 'post', 'identity', 'before-conv'],
  replaceable: true,
  variations: ['dropout'],
  build: shakeshake(plan),
})

const WIDE = { kind: 'basic', stem: 16, width: 96, units: 4 } as const
const GROUPED = { kind: 'grouped', stem: 64, width: 256, units: 3 } as const

export const SHAKE_SHAKE = {
  shake26_2x96d: backbone('Shake-Shake 26 2×96d', 10, { ...WIDE, backward: 'shake' }),
  shake29_2x4x64d: backbone('Shake-Even 29 2×4×64d', 100, { ...GROUPED, backward: 'even' }),
} satisfies Family
