/** Many draws at once, by a kernel in WebAssembly: the same numbers as one by one, several times as fast. */

import { instantiate } from '../native/wasm.ts'
import { KERNEL } from './kernel.wasm.ts'

interface Kernel {
  readonly memory: { readonly buffer: ArrayBuffer }
  words(key0: number, key1: number, first: number, count: number): void
  normals(count: number, std: number): void
  uniforms(count: number, bound: number): void
}

let loaded: Kernel | undefined

/** Draws whose words the kernel's memory has room for. */
const ROOM = 8192

/** Fills with draw after draw of the stream that has this key, times `scale`. */
export const fill = (
  what: 'normals' | 'uniforms',
  [key0, key1]: readonly [number, number],
  values: Float32Array,
  scale: number,
): void => {
  loaded ??= instantiate<Kernel>(KERNEL)
  const made = new Float32Array(loaded.memory.buffer, 0, ROOM)
  for (let first = 0; first < values.length; first += ROOM) {
    const count = Math.min(ROOM, values.length - first)
    loaded.words(key0, key1, first, count)
    loaded[what](count, scale)
    values.set(made.subarray(0, count), first)
  }
}
