/**
 * BN-Inception (Ioffe, Szegedy, arXiv:1502.03167, appendix): Inception with two 3×3 in place of a
 * 5×5. As in the released SE-BN-Inception, SE stands on every module, the strided ones too.
 *
 * Its convolutions have no biases here: the batch normalization after each has one. The number in a
 * module's name is its stage.
 */

import { batchNorm2d, dropout, globalMean, init, type Layer, layer, linear } from '../nn/index.ts'
import { relu } from '../ops/index.ts'
import type { Backbone, Family } from './backbone.ts'
import { type Branch, inceptionModule } from './inception.ts'
import { type Sockets, sockets } from './sockets.ts'
import { POOLINGS } from './stems.ts'

type Pool = 'average' | 'max'
/** Widths: 1×1; reduction and 3×3; reduction and both of the double 3×3; pooling's projection. */
type Row = readonly [string, number, readonly number[], readonly number[], Pool, number]

const ROWS: readonly Row[] = [
  ['inception_3a', 64, [64, 64], [64, 96], 'average', 32],
  ['inception_3b', 64, [64, 96], [64, 96], 'average', 64],
  ['inception_3c', 0, [128, 160], [64, 96], 'max', 0],
  ['inception_4a', 224, [64, 96], [96, 128], 'average', 128],
  ['inception_4b', 192, [96, 128], [96, 128], 'average', 128],
  ['inception_4c', 160, [128, 160], [128, 160], 'average', 128],
  ['inception_4d', 96, [128, 192], [160, 192], 'average', 128],
  ['inception_4e', 0, [128, 192], [192, 256], 'max', 0],
  ['inception_5a', 352, [192, 320], [160, 224], 'average', 128],
  ['inception_5b', 352, [192, 320], [192, 224], 'max', 128],
]

const branchesOf = ([, single, spatial, double, pool, projection]: Row): readonly Branch[] => {
  const last = { stride: single === 0 ? 2 : 1, padding: 1 }
  return [
    ...(single === 0 ? [] : [{ steps: [['1x1', single, 1]] } satisfies Branch]),
    {
      steps: [
        ['3x3_reduce', spatial[0], 1],
        ['3x3', spatial[1], 3, last],
      ],
    },
    {
      steps: [
        ['double3x3_reduce', double[0], 1],
        ['double3x3_1', double[1], 3],
        ['double3x3_2', double[1], 3, last],
      ],
    },
    { pool, steps: projection === 0 ? [] : [['pool_proj', projection, 1]] },
  ]
}

const stem = (channels: number, { convolution }: Sockets): Readonly<Record<string, Layer>> => ({
  conv1: convolution(channels, 64, 7, { stride: 2, padding: 3 }),
  bn1: batchNorm2d(64),
  conv2_reduce: convolution(64, 64, 1),
  bn2_reduce: batchNorm2d(64),
  conv2: convolution(64, 192, 3, { padding: 1 }),
  bn2: batchNorm2d(192),
})

const bninception: Backbone['build'] = options => {
  const { classes, initialize = init.heNormal, dropout: rate = 0, pooling = 'padded' } = options
  const pool = POOLINGS[pooling]
  let channels = 192
  const modules = ROWS.map(row => {
    const stage = Number(row[0].at(-2))
    const { module, outputs } = inceptionModule(channels, branchesOf(row), {
      epsilon: 1e-5,
      sockets: sockets(options, stage, initialize),
      halve: pool,
    })
    channels = outputs
    return [row[0], module] as const
  })
  return layer(
    {
      ...stem(options.channels, sockets(options, 1, initialize)),
      ...Object.fromEntries(modules),
      dropout: dropout(rate),
      fc: linear(channels, classes),
    } as Readonly<Record<string, Layer>>,
    ({ conv1, bn1, conv2_reduce, bn2_reduce, conv2, bn2, dropout, fc, ...children }, x) => {
      const halved = pool(relu(bn1(conv1(x))))
      const wide = relu(bn2(conv2(relu(bn2_reduce(conv2_reduce(halved))))))
      let y = pool(wide)
      for (const [name] of modules) y = children[name](y)
      return fc(dropout(globalMean(y)))
    },
  )
}

export const BN_INCEPTION = {
  bn_inception: {
    describe: 'BN-Inception',
    size: 224,
    classes: 1000,
    positions: ['standard', 'pre', 'before-conv'],
    replaceable: false,
    variations: ['pooling', 'dropout'],
    build: bninception,
  },
} satisfies Family
