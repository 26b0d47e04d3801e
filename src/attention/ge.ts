/**
 * Gather-Excite (Hu, Shen, Albanie, Sun, Vedaldi, arXiv:1810.12348): ξ gathers each channel over
 * neighborhoods of extent e, the gate excites, x̃ = x ⊙ σ(interpolate(ξ(x))) (equation 1).
 * θ⁻ gathers by average pooling, without parameters (section 3.1); θ by depthwise convolutions,
 * log₂ e of 3×3 with stride 2, or one as large as the map for the global extent (section 3.2);
 * θ⁺ puts SE's bottleneck of 1×1 convolutions behind these (section 4).
 *
 * Windows are 2e − 1 wide at stride e without counting their padding, interpolation is nearest, and
 * weight names are those of timm's GatherExcite; like there and in the authors' networks each
 * convolution has a batch normalization, with ReLU between them, and the bottleneck has biases.
 * A global θ needs the size of each map when it is built: that of ResNet's stages at 224 × 224,
 * unless said otherwise.
 */

import { formatShape, GraphError, UsageError } from '../errors/index.ts'
import type { Value } from '../graph/index.ts'
import { batchNorm2d, conv2d, globalAveragePool, type Layer, layer, tap } from '../nn/index.ts'
import { averagePool, constant, gather, mul, relu, sigmoid } from '../ops/index.ts'
import { recalibration } from './attention.ts'
import { hiddenWidth } from './hidden.ts'

type Extent = 'global' | 2 | 4 | 8

export interface GEOptions {
  /** How much is learnt: nothing, the gathering, the excitation too. */
  readonly variant?: 'theta-minus' | 'theta' | 'theta-plus'
  readonly extent?: Extent
  /** For a global θ: the side of the square map that comes with so many channels. */
  readonly maps?: ReadonlyMap<number, number>
  /** Of θ⁺'s bottleneck. */
  readonly reduction?: number
}

/** The outputs of ResNet-50's stages for images of 224 × 224. */
const RESNET_MAPS: ReadonlyMap<number, number> = new Map([
  [256, 56],
  [512, 28],
  [1024, 14],
  [2048, 7],
])

const pooled = (x: Value, extent: Extent): Value =>
  extent === 'global'
    ? globalAveragePool(x)
    : averagePool(x, {
        kernel: 2 * extent - 1,
        stride: extent,
        padding: extent - 1,
        countIncludePad: false,
      })

const gatherGlobally = (channels: number, maps: ReadonlyMap<number, number>): Layer => {
  const side = maps.get(channels)
  if (side === undefined)
    throw new UsageError({
      where: 'attention ge',
      expected: `maps with the side of the map of ${channels} channels`,
      got: [...maps].map(([channels, side]) => `${channels}x${side}`).join('+'),
      hint: `For example: maps=${channels}x8, or an extent of 2, 4 or 8, which fits any map`,
    })
  return layer(
    {
      conv1: conv2d(channels, channels, side, { group: channels }),
      norm1: batchNorm2d(channels),
    },
    ({ conv1, norm1 }, x) => {
      if (x.shape[2] !== side || x.shape[3] !== side)
        throw new GraphError({
          where: 'gather-excite',
          expected: `a map of ${side} × ${side} at ${channels} channels`,
          got: formatShape(x.shape),
          hint: 'A global θ is built for one size of image: say it with maps=',
        })
      return norm1(conv1(x))
    },
  )
}

const gatherStepwise = (channels: number, extent: number): Layer => {
  const steps = [...Array(Math.log2(extent)).keys()]
  const children = steps.flatMap(i => [
    [`conv${i + 1}`, conv2d(channels, channels, 3, { stride: 2, padding: 1, group: channels })],
    [`norm${i + 1}`, batchNorm2d(channels)],
  ])
  return layer(Object.fromEntries(children) as Record<string, Layer>, (gather, x) =>
    steps.reduce((y, i) => {
      const next = gather[`norm${i + 1}`](gather[`conv${i + 1}`](y))
      return i === steps.length - 1 ? next : relu(next)
    }, x),
  )
}

/** The nearest of `from` entries for each of `to`, along an axis. */
const stretch = (x: Value, axis: number, to: number): Value => {
  const from = x.shape[axis]
  if (from === to || from === 1) return x
  const indices = Array.from({ length: to }, (_, i) => Math.floor((i * from) / to))
  return gather(x, constant(indices, [to], 'int32'), axis)
}

/** [N, channels, H, W] → the same shape, each neighborhood of each channel scaled. */
export const gatherExcite = (
  channels: number,
  {
    variant = 'theta-minus',
    extent = 'global',
    maps = RESNET_MAPS,
    reduction = 16,
  }: GEOptions = {},
): Layer => {
  const learnt = (): Layer =>
    extent === 'global' ? gatherGlobally(channels, maps) : gatherStepwise(channels, extent)
  const hidden = hiddenWidth(channels, reduction)
  const bottleneck = (): Layer =>
    layer(
      {
        fc1: conv2d(channels, hidden, 1, { bias: true }),
        fc2: conv2d(hidden, channels, 1, { bias: true }),
      },
      ({ fc1, fc2 }, x) => fc2(relu(fc1(x))),
    )
  return layer(
    {
      gather: variant === 'theta-minus' ? undefined : learnt(),
      mlp: variant === 'theta-plus' ? bottleneck() : undefined,
    },
    ({ gather, mlp }, x, mode) => {
      const gathered = gather ? gather(x) : pooled(x, extent)
      const excited = sigmoid(mlp ? mlp(gathered) : gathered)
      const gate = stretch(stretch(excited, 2, x.shape[2]), 3, x.shape[3])
      return mul(x, tap(mode, 'gate', gate))
    },
  )
}

/** Gather-excite as attention of a backbone. */
export const ge = recalibration('ge', 'standard', gatherExcite)
