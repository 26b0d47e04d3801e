/**
 * Every attention by name: its paper, what it does in a line, and its options as text. Plain data,
 * so that help and lists load no layer; registry.ts says what each name builds.
 */

import { POSITIONS } from './attention.ts'
import {
  flag,
  list,
  named,
  type Option,
  type OptionTable,
  odd,
  oneOf,
  pairs,
  positive,
  whole,
} from './options.ts'
import type { Branch } from './sk.ts'

export interface Entry {
  readonly paper: string
  readonly does: string
  /** Keeps shapes and stands at a position, or replaces a block's spatial convolution. */
  readonly kind: 'recalibration' | 'replacement'
  /** Those of its own, beside what all take. */
  readonly options: OptionTable
}

/** What every attention takes. */
export const EVERYWHERE = { stages: list(whole(1, 5), '3+4') } as const
/** What every recalibration takes. */
export const PLACED = { ...EVERYWHERE, at: oneOf(...POSITIONS) } as const

/** The paper's notation: K3 is 3×3, K5 and K7 are 3×3 with dilation 2 and 3. */
const kernels = named<Branch>({
  '1': { kernel: 1 },
  '3': { kernel: 3 },
  '5': { kernel: 3, dilation: 2 },
  '7': { kernel: 3, dilation: 3 },
})
/** Those, or a kernel without dilation, and how many times the groups: 5x5/2 (Table 6). */
const branch: Option<Branch> = {
  expected: `${kernels.expected}, or a kernel such as 5x5, or 5x5/2 with twice the groups`,
  read: text => {
    const [, size, groups] = /^(\d+)x\1(?:\/([1-9]\d*))?$/.exec(text) ?? []
    const kernel = size === undefined ? undefined : odd.read(size)
    if (kernel === undefined) return kernels.read(text)
    return { kernel, ...(groups === undefined ? {} : { groups: Number(groups) }) }
  },
  write: ({ kernel, dilation, groups }) => {
    const short = kernels.write({ kernel, ...(dilation === undefined ? {} : { dilation }) })
    if (groups === undefined && kernels.read(short) !== undefined) return short
    return `${kernel}x${kernel}${groups === undefined ? '' : `/${groups}`}`
  },
}

const norm = oneOf('l2', 'l1')

export const ATTENTIONS = {
  se: {
    paper: 'Squeeze-and-Excitation Networks, arXiv:1709.01507',
    does: 'scales channels by a bottleneck of their means',
    kind: 'recalibration',
    options: {
      reduction: positive,
      floor: whole(1),
      bias: flag,
      squeeze: oneOf('mean', 'max', 'none'),
      gate: oneOf('sigmoid', 'tanh', 'relu'),
      rectify: flag,
    },
  },
  sk: {
    paper: 'Selective Kernel Networks, arXiv:1903.06586',
    does: 'chooses between branches of different kernels, channel by channel',
    kind: 'replacement',
    options: {
      branches: list(branch, '3+5+7'),
      reduction: positive,
      floor: whole(1),
      select: flag,
      split: flag,
    },
  },
  gct: {
    paper: 'Gated Channel Transformation for Visual Recognition, CVPR 2020',
    does: 'gates channels by their norm among all norms, with three parameters a channel',
    kind: 'recalibration',
    options: {
      norm,
      embedding: oneOf('l2', 'l1', 'linf'),
      normalization: oneOf('l2', 'l1', 'meanvar'),
      gate: oneOf('tanh', 'sigmoid', 'elu'),
      afterRelu: flag,
      epsilon: positive,
    },
  },
  ge: {
    paper: 'Gather-Excite, arXiv:1810.12348',
    does: 'scales neighborhoods of each channel by what is gathered from them',
    kind: 'recalibration',
    options: {
      variant: oneOf('theta-minus', 'theta', 'theta-plus'),
      extent: named({ global: 'global', '2': 2, '4': 4, '8': 8 } as const),
      maps: pairs('256x56+512x28'),
      reduction: positive,
    },
  },
  eca: {
    paper: 'ECA-Net, arXiv:1910.03151',
    does: 'scales channels by a one-dimensional convolution over their means',
    kind: 'recalibration',
    options: { kernel: odd, kernels: pairs('256x3+512x5'), gamma: positive, beta: positive },
  },
  cbam: {
    paper: 'CBAM: Convolutional Block Attention Module, arXiv:1807.06521',
    does: 'scales channels by their means and maxima, then places',
    kind: 'recalibration',
    options: { reduction: positive, spatial: flag, kernel: odd },
  },
  bam: {
    paper: 'BAM: Bottleneck Attention Module, arXiv:1807.06514',
    does: 'scales each element by attention over channels and places at once',
    kind: 'recalibration',
    options: { reduction: positive, combine: oneOf('multiply', 'add') },
  },
  srm: {
    paper: 'SRM: A Style-based Recalibration Module, arXiv:1903.10829',
    does: 'scales each channel by its own mean and std',
    kind: 'recalibration',
    options: {},
  },
  gc: {
    paper: 'GCNet, arXiv:1904.11492',
    does: 'adds to each channel what attention to all places gathers',
    kind: 'recalibration',
    options: {
      reduction: positive,
      pooling: oneOf('attention', 'mean'),
      fusion: oneOf('add', 'mul'),
    },
  },
  fca: {
    paper: 'FcaNet: Frequency Channel Attention Networks, arXiv:2012.11879',
    does: 'takes frequencies of a cosine transform where SE takes means',
    kind: 'recalibration',
    options: { reduction: positive, frequencies: whole(1, 32), selection: oneOf('top', 'low') },
  },
  simam: {
    paper: 'SimAM: A Simple, Parameter-Free Attention Module, ICML 2021',
    does: 'scales each element by how far it stands out of its channel, without parameters',
    kind: 'recalibration',
    options: { lambda: positive },
  },
  ca: {
    paper: 'Coordinate Attention for Efficient Mobile Network Design, arXiv:2103.02907',
    does: 'scales rows and columns of each channel',
    kind: 'recalibration',
    options: { reduction: positive, floor: whole(1) },
  },
  splat: {
    paper: 'ResNeSt: Split-Attention Networks, arXiv:2004.08955',
    does: 'chooses between splits of one wider convolution, channel by channel',
    kind: 'replacement',
    options: { radix: whole(1), reduction: positive, floor: whole(1), avd: flag },
  },
} as const satisfies Record<string, Entry>

export type AttentionName = keyof typeof ATTENTIONS

/** The names that an attention can be asked for by. */
export const attentionNames = Object.keys(ATTENTIONS) as readonly AttentionName[]

/** All options of an attention, those that others take too first. */
export const optionsOf = ({ kind, options }: Entry): OptionTable => ({
  ...(kind === 'replacement' ? EVERYWHERE : PLACED),
  ...options,
})
