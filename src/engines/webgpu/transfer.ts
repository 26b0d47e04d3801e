/** Tensors as bytes of the device and back: bools take 32 bits there, bytes lie packed. */

import { type DType, sizeOf, type ValueType } from '../../graph/index.ts'
import type { Tensor, TensorData } from '../engine.ts'
import type { Element } from '../kernels/placement.ts'
import { USAGE } from './memory.ts'

/** Copies go by words. */
export const inWords = (bytes: number): number => Math.ceil(bytes / 4) * 4

export const widthOf = (element: Element | DType): number => (element === 'uint8' ? 1 : 4)

/** What the device is sent for a tensor of a type. */
export const encode = (data: TensorData, dtype: DType): ArrayBufferView<ArrayBuffer> => {
  if (dtype === 'bool') return Uint32Array.from(data)
  if (dtype === 'uint8') {
    if (data.length % 4 === 0) return data as Uint8Array<ArrayBuffer>
    const padded = new Uint8Array(inWords(data.length))
    padded.set(data)
    return padded
  }
  if (dtype === 'int32') return data as Int32Array<ArrayBuffer>
  return data instanceof Float32Array
    ? (data as Float32Array<ArrayBuffer>)
    : Float32Array.from(data)
}

const decode = (bytes: ArrayBuffer, { dtype, shape }: ValueType): Tensor => {
  const size = sizeOf(shape)
  const numbers = (): TensorData => {
    if (dtype === 'bool') return Uint8Array.from(new Uint32Array(bytes, 0, size))
    if (dtype === 'uint8') return new Uint8Array(bytes, 0, size)
    if (dtype === 'int32') return new Int32Array(bytes, 0, size)
    return new Float32Array(bytes, 0, size)
  }
  return { dtype, shape, data: numbers() }
}

/** Bytes of the device that are read after a run. */
export interface Source {
  readonly type: ValueType
  readonly buffer: GPUBuffer
  readonly offset: number
}

/** Reads several tensors at once, by buffers that are used again. */
export class Readback {
  readonly #gpu: GPUDevice
  readonly #bytes: number
  readonly #free: GPUBuffer[] = []

  /** @param types - what each read is of */
  constructor(gpu: GPUDevice, types: readonly ValueType[]) {
    this.#gpu = gpu
    this.#bytes = types.reduce((sum, type) => sum + Readback.#bytesOf(type), 0)
  }

  static #bytesOf({ dtype, shape }: ValueType): number {
    return inWords(sizeOf(shape) * widthOf(dtype))
  }

  /** Begins a read: what copies the sources, and what waits for them. */
  begin(sources: readonly Source[]): {
    copy(encoder: GPUCommandEncoder): void
    finish(): Promise<Tensor[]>
  } {
    const staging =
      this.#free.pop() ??
      this.#gpu.createBuffer({
        size: Math.max(4, this.#bytes),
        usage: USAGE.mapRead | USAGE.copyTarget,
      })
    let at = 0
    const places = sources.map(source => {
      const from = at
      at += Readback.#bytesOf(source.type)
      return { ...source, from, bytes: at - from }
    })
    return {
      copy: encoder => {
        for (const { buffer, offset, from, bytes } of places)
          if (bytes > 0) encoder.copyBufferToBuffer(buffer, offset, staging, from, bytes)
      },
      finish: async () => {
        await staging.mapAsync(1)
        const all = staging.getMappedRange()
        const tensors = places.map(({ type, from, bytes }) =>
          decode(all.slice(from, from + bytes), type),
        )
        staging.unmap()
        this.#free.push(staging)
        return tensors
      },
    }
  }

  dispose(): void {
    for (const buffer of this.#free) buffer.destroy()
  }
}
