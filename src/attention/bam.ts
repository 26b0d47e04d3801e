/**
 * Bottleneck Attention Module (Park, Woo, Lee, Kweon, arXiv:1807.06514): F′ = F · (1 + M(F)) with
 * M = σ(M_c + M_s), M_c over channels by a bottleneck of fully connected layers, M_s over places by
 * one of convolutions of dilation 4 (equations 1 to 4); at the end of stages 2 to 4.
 *
 * Weight names are those of the authors' code, which multiplies M_c and M_s where the paper's
 * equation 2 adds them: their released weights belong to the product, so that is the default.
 */

import {
  batchNorm2d,
  conv2d,
  globalAveragePool,
  type Layer,
  layer,
  linear,
  tap,
} from '../nn/index.ts'
import { add, mul, relu, reshape, sigmoid } from '../ops/index.ts'
import { type Position, type Recalibration, recalibration } from './attention.ts'
import { hiddenWidth } from './hidden.ts'

const DILATION = 4
const combinations = { multiply: mul, add }

export interface BAMOptions {
  readonly reduction?: number
  /** How attention over channels and over places come together. */
  readonly combine?: keyof typeof combinations
}

const channelAttention = (channels: number, hidden: number): Layer => {
  const gate_c = layer(
    {
      gate_c_fc_0: linear(channels, hidden),
      gate_c_bn_1: batchNorm2d(hidden),
      gate_c_fc_final: linear(hidden, channels),
    },
    ({ gate_c_fc_0, gate_c_bn_1, gate_c_fc_final }, z) =>
      gate_c_fc_final(relu(gate_c_bn_1(gate_c_fc_0(z)))),
  )
  return layer({ gate_c }, ({ gate_c }, x) => {
    const [n] = x.shape
    const z = reshape(globalAveragePool(x), [n, channels])
    return reshape(gate_c(z), [n, channels, 1, 1])
  })
}

const spatialAttention = (channels: number, hidden: number): Layer => {
  const dilated = () =>
    conv2d(hidden, hidden, 3, { padding: DILATION, dilation: DILATION, bias: true })
  const gate_s = layer(
    {
      gate_s_conv_reduce0: conv2d(channels, hidden, 1, { bias: true }),
      gate_s_bn_reduce0: batchNorm2d(hidden),
      gate_s_conv_di_0: dilated(),
      gate_s_bn_di_0: batchNorm2d(hidden),
      gate_s_conv_di_1: dilated(),
      gate_s_bn_di_1: batchNorm2d(hidden),
      gate_s_conv_final: conv2d(hidden, 1, 1, { bias: true }),
    },
    (gate, x) => {
      const reduced = relu(gate.gate_s_bn_reduce0(gate.gate_s_conv_reduce0(x)))
      const first = relu(gate.gate_s_bn_di_0(gate.gate_s_conv_di_0(reduced)))
      const second = relu(gate.gate_s_bn_di_1(gate.gate_s_conv_di_1(first)))
      return gate.gate_s_conv_final(second)
    },
  )
  return layer({ gate_s }, ({ gate_s }, x) => gate_s(x))
}

/** [N, channels, H, W] → the same shape, each element scaled by 1 to 2. */
export const bottleneckAttention = (
  channels: number,
  { reduction = 16, combine = 'multiply' }: BAMOptions = {},
): Layer => {
  const hidden = hiddenWidth(channels, reduction)
  return layer(
    {
      channel_att: channelAttention(channels, hidden),
      spatial_att: spatialAttention(channels, hidden),
    },
    ({ channel_att, spatial_att }, x, mode) => {
      const gate = add(1, sigmoid(combinations[combine](channel_att(x), spatial_att(x))))
      return mul(x, tap(mode, 'gate', gate))
    },
  )
}

/** BAM as attention of a backbone: once a stage, and not after the last of four. */
export const bam = (options: BAMOptions & { at?: Position } = {}): Recalibration => {
  const made = recalibration('bam', 'stage-end', bottleneckAttention)(options)
  return made.at === 'stage-end' ? { ...made, stages: [2, 3, 4] } : made
}
