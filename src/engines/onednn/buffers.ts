/** The tensors of a plan: blocks of memory, each in a layout. */

import type { DType, Shape } from '../../graph/index.ts'
import { type Block, block, keep } from '../arena.ts'
import type { Descriptor, Descriptors } from './descriptor.ts'

/** A tensor in memory in one layout. */
export interface Stored {
  readonly desc: Descriptor
  readonly block: Block
}

/** A tensor that is filled once, before the first run. */
interface Constant {
  readonly stored: Stored
  readonly data: ArrayLike<number>
  readonly dtype: DType
}

export interface Buffers {
  readonly descriptors: Descriptors
  readonly blocks: readonly Block[]
  readonly constants: readonly Constant[]
  allocate(desc: Descriptor): Stored
  allocateRowMajor(shape: Shape, dtype?: DType): Stored
  /** A window into another tensor, in bytes. */
  window(of: Stored, desc: Descriptor, offset?: number): Stored
  constant(shape: Shape, data: ArrayLike<number>, dtype?: DType): Stored
}

export const newBuffers = (descriptors: Descriptors): Buffers => {
  const blocks: Block[] = []
  const constants: Constant[] = []
  const allocate = (desc: Descriptor): Stored => {
    const made = block(Math.max(desc.size, 4))
    blocks.push(made)
    return { desc, block: made }
  }
  const allocateRowMajor = (shape: Shape, dtype?: DType): Stored =>
    allocate(descriptors.strided(shape, undefined, dtype))
  return {
    descriptors,
    blocks,
    constants,
    allocate,
    allocateRowMajor,
    window: (of, desc, offset = 0) => ({ desc, block: block(desc.size, of.block, offset) }),
    constant: (shape, data, dtype = 'float32') => {
      const stored = allocateRowMajor(shape, dtype)
      keep(stored.block)
      constants.push({ stored, data, dtype })
      return stored
    },
  }
}
