/**
 * Inception-v3 (Szegedy et al., arXiv:1512.00567), torchvision's layout and weight names, without
 * the auxiliary classifier. Stage 1 is the stem; the maps of 35², 17² and 8² are stages 3, 4 and 5.
 */

import { dropout, globalMean, init, layer, linear } from '../nn/index.ts'
import { maxPool } from '../ops/index.ts'
import type { Backbone, Family } from './backbone.ts'
import { type Branch, inceptionModule, type Step, step } from './inception.ts'
import { sockets } from './sockets.ts'

const EPSILON = 1e-3
const VALID = { padding: 0 }
const HALVING = { stride: 2, padding: 0 }
const ROW = [1, 7]
const COLUMN = [7, 1]

const a = (pool: number): readonly Branch[] => [
  { steps: [['branch1x1', 64, 1]] },
  {
    steps: [
      ['branch5x5_1', 48, 1],
      ['branch5x5_2', 64, 5],
    ],
  },
  {
    steps: [
      ['branch3x3dbl_1', 64, 1],
      ['branch3x3dbl_2', 96, 3],
      ['branch3x3dbl_3', 96, 3],
    ],
  },
  { pool: 'average', steps: [['branch_pool', pool, 1]] },
]
const b: readonly Branch[] = [
  { steps: [['branch3x3', 384, 3, HALVING]] },
  {
    steps: [
      ['branch3x3dbl_1', 64, 1],
      ['branch3x3dbl_2', 96, 3],
      ['branch3x3dbl_3', 96, 3, HALVING],
    ],
  },
  { pool: 'max', steps: [] },
]
const c = (width: number): readonly Branch[] => [
  { steps: [['branch1x1', 192, 1]] },
  {
    steps: [
      ['branch7x7_1', width, 1],
      ['branch7x7_2', width, ROW],
      ['branch7x7_3', 192, COLUMN],
    ],
  },
  {
    steps: [
      ['branch7x7dbl_1', width, 1],
      ['branch7x7dbl_2', width, COLUMN],
      ['branch7x7dbl_3', width, ROW],
      ['branch7x7dbl_4', width, COLUMN],
      ['branch7x7dbl_5', 192, ROW],
    ],
  },
  { pool: 'average', steps: [['branch_pool', 192, 1]] },
]
const d: readonly Branch[] = [
  {
    steps: [
      ['branch3x3_1', 192, 1],
      ['branch3x3_2', 320, 3, HALVING],
    ],
  },
  {
    steps: [
      ['branch7x7x3_1', 192, 1],
      ['branch7x7x3_2', 192, ROW],
      ['branch7x7x3_3', 192, COLUMN],
      ['branch7x7x3_4', 192, 3, HALVING],
    ],
  },
  { pool: 'max', steps: [] },
]
const fork = (name: string): readonly Step[] => [
  [`${name}a`, 384, [1, 3]],
  [`${name}b`, 384, [3, 1]],
]
const e: readonly Branch[] = [
  { steps: [['branch1x1', 320, 1]] },
  { steps: [['branch3x3_1', 384, 1]], fork: fork('branch3x3_2') },
  {
    steps: [
      ['branch3x3dbl_1', 448, 1],
      ['branch3x3dbl_2', 384, 3],
    ],
    fork: fork('branch3x3dbl_3'),
  },
  { pool: 'average', steps: [['branch_pool', 192, 1]] },
]

const MODULES: readonly (readonly [name: string, stage: number, branches: readonly Branch[]])[] = [
  ['Mixed_5b', 3, a(32)],
  ['Mixed_5c', 3, a(64)],
  ['Mixed_5d', 3, a(64)],
  ['Mixed_6a', 4, b],
  ['Mixed_6b', 4, c(128)],
  ['Mixed_6c', 4, c(160)],
  ['Mixed_6d', 4, c(160)],
  ['Mixed_6e', 4, c(192)],
  ['Mixed_7a', 5, d],
  ['Mixed_7b', 5, e],
  ['Mixed_7c', 5, e],
]

const STEM: readonly Step[] = [
  ['Conv2d_1a_3x3', 32, 3, HALVING],
  ['Conv2d_2a_3x3', 32, 3, VALID],
  ['Conv2d_2b_3x3', 64, 3],
  ['Conv2d_3b_1x1', 80, 1],
  ['Conv2d_4a_3x3', 192, 3, VALID],
]
/** The steps of the stem that a max pooling follows. */
const POOLED = ['Conv2d_2b_3x3', 'Conv2d_4a_3x3']

const inceptionv3: Backbone['build'] = options => {
  const { classes, initialize = init.heNormal, dropout: rate = 0.5 } = options
  const own = (stage: number) => ({
    epsilon: EPSILON,
    sockets: sockets(options, stage, initialize),
  })
  let channels = options.channels
  const stem = STEM.map(one => {
    const made = step(channels, one, own(1))
    channels = one[1]
    return [one[0], made] as const
  })
  const modules = MODULES.map(([name, stage, branches]) => {
    const { module, outputs } = inceptionModule(channels, branches, own(stage))
    channels = outputs
    return [name, module] as const
  })
  const head = { dropout: dropout(rate), fc: linear(channels, classes) }
  return layer({ ...Object.fromEntries([...stem, ...modules]), ...head }, (children, x) => {
    let y = x
    for (const [name] of [...stem, ...modules]) {
      y = children[name as keyof typeof head](y)
      if (POOLED.includes(name)) y = maxPool(y, { kernel: 3, stride: 2 })
    }
    return children.fc(children.dropout(globalMean(y)))
  })
}

export const INCEPTION_V3 = {
  inception_v3: {
    describe: 'Inception-v3',
    size: 299,
    classes: 1000,
    positions: ['standard', 'pre', 'before-conv'],
    replaceable: false,
    variations: ['dropout'],
    build: inceptionv3,
  },
} satisfies Family
