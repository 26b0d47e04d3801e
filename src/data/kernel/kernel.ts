/** The kernel in WebAssembly, and its memory, which every call lays out anew. */

import { instantiate } from '../../native/wasm.ts'
import { KERNEL } from './kernel.wasm.ts'

interface Kernel {
  readonly memory: { readonly buffer: ArrayBuffer; grow(pages: number): number }
  resample(
    source: number,
    stride: number,
    bytes: number,
    rows: number,
    places: number,
    weights: number,
    taps: number,
    height: number,
    width: number,
    line: number,
    to: number,
  ): void
  normalize(
    from: number,
    to: number,
    count: number,
    mirrored: number,
    scale: number,
    shift: number,
  ): void
}

let loaded: Kernel | undefined

export const kernel = (): Kernel => {
  loaded ??= instantiate<Kernel>(KERNEL)
  return loaded
}

/** The kernel loads and stores by so many bytes, over the end of what it needs. */
export const VECTOR = 16
const PAGE = 65536

/** Places in the kernel's memory for so many bytes each; memory that was there may move. */
export const reserve = (...sizes: readonly number[]): readonly number[] => {
  let end = 0
  const places = sizes.map(size => {
    const at = end
    end = Math.ceil((end + size) / VECTOR) * VECTOR
    return at
  })
  const { memory } = kernel()
  const missing = end - memory.buffer.byteLength
  if (missing > 0) memory.grow(Math.ceil(missing / PAGE))
  return places
}
