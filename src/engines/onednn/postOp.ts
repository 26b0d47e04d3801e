/** What is done to the elements of a result in the pass that makes it. */

import type { Stored } from './buffers.ts'
import { ELTWISE, type Versioned } from './constants.ts'
import type { Descriptor } from './descriptor.ts'

/** f(x), with two numbers. */
export interface Eltwise {
  readonly algorithm: Versioned
  readonly alpha?: number
  readonly beta?: number
}

/** f(x, y), y in a layout that goes with x's. */
export interface Binary {
  readonly binary: number
  readonly operand: (desc: Descriptor) => Stored
}

export type Post = Eltwise | Binary

export const isEltwise = (post: Post): post is Eltwise => 'algorithm' in post

/** ReLU, as ELU with α = −0, which makes 0 of all negative numbers: the library's own makes it of NaN too. */
export const RELU: Eltwise = { algorithm: ELTWISE.elu, alpha: -0 }
