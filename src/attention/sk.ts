/**
 * Selective Kernel convolution (Li, Wang, Hu, Yang: Selective Kernel Networks, arXiv:1903.06586,
 * section 3.1). Split: branches U_m of different kernels; fuse: z = δ(BN(W s)), s the mean over
 * space of ΣU_m, with d = max(C/r, L) features; select: V = Σ a_m·U_m, a = softmax over branches.
 *
 * A "5×5" branch is a 3×3 with dilation 2, as in the paper. Like its released model, the first C
 * selection weights belong to the first branch, both fully connected layers (1×1 convolutions) have
 * no bias and begin as normal with σ = 0.01, and nothing follows V.
 */

import { GraphError } from '../errors/index.ts'
import type { Shape, Value } from '../graph/index.ts'
import {
  batchNorm2d,
  type ConvolutionLayerOptions,
  conv2d,
  globalAveragePool,
  init,
  type Layer,
  layer,
  tap,
} from '../nn/index.ts'
import { add, mul, relu, reshape, slice, softmax, split as splitAxis } from '../ops/index.ts'
import type { Replacement } from './attention.ts'

export interface Branch {
  readonly kernel: number
  readonly dilation?: number
  /** How many times the groups of the convolution being replaced. */
  readonly groups?: number
}

export interface SKOptions {
  /** M of them (Tables 6 and 7). */
  readonly branches?: readonly Branch[]
  /** r */
  readonly reduction?: number
  /** L: the least number of fused features. */
  readonly floor?: number
  /** Without selection the branches are simply added (Table 7). */
  readonly select?: boolean
  /** Branch m sees the m-th part of the channels only, as in timm's skresnet18. */
  readonly split?: boolean
}

const sum = (values: readonly Value[]): Value => values.reduce((total, value) => add(total, value))

/** `x[:, i]` of [N, M, C, 1, 1]. */
const branchWeights = (a: Value, i: number): Value => {
  const [n, , c] = a.shape
  const shape: Shape = [n, c, 1, 1]
  return reshape(slice(a, [0, i, 0, 0, 0], [n, i + 1, c, 1, 1]), shape)
}

/** s ↦ a: [N, channels, 1, 1] → softmax weights [N, branches, channels, 1, 1]. */
const selection = (channels: number, branches: number, features: number): Layer =>
  layer(
    {
      fc_reduce: conv2d(channels, features, 1, { initialize: init.normal(0.01) }),
      bn: batchNorm2d(features),
      fc_select: conv2d(features, channels * branches, 1, { initialize: init.normal(0.01) }),
    },
    ({ fc_reduce, bn, fc_select }, s, mode) => {
      const z = relu(bn(fc_reduce(s)))
      const a = softmax(reshape(fc_select(z), [s.shape[0], branches, channels, 1, 1]), 1)
      return tap(mode, 'selection', a)
    },
  )

/** [N, channels, H, W] → [N, outputs, H′, W′]. */
export const selectiveKernel = (
  channels: number,
  outputs: number,
  { stride = 1, group = 1, initialize = init.heNormal }: ConvolutionLayerOptions = {},
  {
    branches = [{ kernel: 3 }, { kernel: 3, dilation: 2 }],
    reduction = 16,
    floor = 32,
    select = true,
    split = false,
  }: SKOptions = {},
): Layer => {
  const part = channels / branches.length
  if (split && !Number.isInteger(part))
    throw new GraphError({
      where: 'sk',
      expected: `input channels that ${branches.length} branches can share`,
      got: `${channels}`,
      hint: 'Leave out split',
    })
  const path = ({ kernel, dilation = 1, groups = 1 }: Branch): Layer =>
    layer(
      {
        conv: conv2d(split ? part : channels, outputs, kernel, {
          stride,
          dilation,
          padding: (dilation * (kernel - 1)) / 2,
          group: groups * group,
          initialize,
        }),
        bn: batchNorm2d(outputs),
      },
      ({ conv, bn }, x) => relu(bn(conv(x))),
    )
  const features = Math.max(Math.floor(outputs / reduction), floor)
  return layer(
    {
      paths: branches.map(path),
      attn: select ? selection(outputs, branches.length, features) : undefined,
    },
    ({ paths, attn }, x) => {
      const sizes = new Array<number>(branches.length).fill(part)
      const inputs = split ? splitAxis(x, sizes, 1) : paths.map(() => x)
      const u = paths.map((path, m) => path(inputs[m]))
      if (attn === undefined) return sum(u)
      // The mean of a sum is the sum of means: one full-size addition less.
      const a = attn(sum(u.map(globalAveragePool)))
      return sum(u.map((branch, i) => mul(branch, branchWeights(a, i))))
    },
  )
}

/** SK as attention of a backbone: in place of a block's spatial convolution. */
export const sk = (options: SKOptions = {}): Replacement => ({
  kind: 'replacement',
  name: 'sk',
  build: (channels, outputs, convolution) =>
    selectiveKernel(channels, outputs, convolution, options),
})
