/** The memory of a program: few buffers of the device, in which blocks share places as their lives allow. */

import { EngineError } from '../../errors/index.ts'
import { type Block, planArena } from '../arena.ts'
import type { Device } from './device.ts'

/** WebGPU's flags, which Node has no globals for. */
export const USAGE = { mapRead: 1, copySource: 4, copyTarget: 8, uniform: 64, storage: 128 }

/** Where bindings may begin, on every adapter. */
const ALIGNMENT = 256

const MiB = (bytes: number): string => `${Math.ceil(bytes / 2 ** 20)} MiB`

/** Blocks that share a buffer of the device, and its size. */
export interface Page {
  readonly blocks: readonly Block[]
  readonly bytes: number
}

/** Plans as few pages as hold all blocks, none of which may be larger than a limit. */
export const planPages = (blocks: readonly Block[], limit: number): Page[] => {
  const pages: Page[] = []
  for (let rest = blocks; rest.length > 0; ) {
    planArena(rest, ALIGNMENT)
    const fits = ({ place, bytes }: Block): boolean => place + bytes <= limit
    const own = rest.filter(fits)
    pages.push({ blocks: own, bytes: Math.max(...own.map(({ place, bytes }) => place + bytes)) })
    rest = rest.filter(one => !fits(one))
  }
  return pages
}

/** @throws EngineError for a block larger than the device binds */
const checkSize = ({ bytes }: Block, { limits }: Device): void => {
  const most = Math.min(limits.maxStorageBufferBindingSize, limits.maxBufferSize)
  if (bytes <= most) return
  throw new EngineError({
    where: 'engine webgpu',
    expected: `tensors of at most ${MiB(most)}, the limit of this device`,
    got: `one of ${MiB(bytes)}`,
    hint: 'Lower `recipe.batch` or the `size` of the images, or use another `engine`',
  })
}

export interface Memory {
  readonly bytes: number
  /** Where a block lies on the device. */
  at(block: Block): { readonly buffer: GPUBuffer; readonly offset: number; readonly size: number }
  dispose(): void
}

/** @throws EngineError where the device has less memory, or a block is too large for it */
export const allocate = async (blocks: readonly Block[], device: Device): Promise<Memory> => {
  for (const block of blocks) checkSize(block, device)
  const pages = planPages(blocks, device.limits.maxBufferSize)
  const bytes = pages.reduce((sum, page) => sum + page.bytes, 0)
  const usage = USAGE.storage | USAGE.copySource | USAGE.copyTarget
  const buffers = await device.guarded('engine webgpu', `${MiB(bytes)} of its memory`, () =>
    pages.map(page => device.gpu.createBuffer({ size: Math.ceil(page.bytes / 4) * 4, usage })),
  )
  const homes = new Map(pages.flatMap((page, i) => page.blocks.map(block => [block, buffers[i]])))
  return {
    bytes,
    at: block => ({
      buffer: homes.get(block) as GPUBuffer,
      offset: block.place,
      size: block.bytes,
    }),
    dispose: () => {
      for (const buffer of buffers) buffer.destroy()
    },
  }
}
