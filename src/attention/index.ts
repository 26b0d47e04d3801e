/** The attentions to plug into a network, each made of its options: `attention.se({ reduction: 8 })`. */

import { makerOf } from './registry.ts'

/** Squeeze-and-Excitation. */
export const se = makerOf('se')
/** Selective kernels, in place of a spatial convolution. */
export const sk = makerOf('sk')
/** The gated channel transformation. */
export const gct = makerOf('gct')
/** Gather-Excite. */
export const gatherExcite = makerOf('ge')
/** Efficient channel attention. */
export const eca = makerOf('eca')
/** The convolutional block attention module. */
export const cbam = makerOf('cbam')
/** The bottleneck attention module. */
export const bam = makerOf('bam')
/** The style-based recalibration module. */
export const srm = makerOf('srm')
/** The global context block of GCNet. */
export const globalContext = makerOf('gc')
/** Frequency channel attention. */
export const fca = makerOf('fca')
/** The parameter-free SimAM. */
export const simam = makerOf('simam')
/** Coordinate attention. */
export const coordinate = makerOf('ca')
/** Split attention of ResNeSt, in place of a spatial convolution. */
export const splitAttention = makerOf('splat')

export {
  type Attention,
  POSITIONS,
  type Position,
  type Recalibration,
  type Replacement,
} from './attention.ts'
export {
  type AttentionMaker,
  attentionNames as names,
  type Placing,
  parseAttention as parse,
} from './registry.ts'
