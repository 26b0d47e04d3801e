/** The arena's memory, and the steps of a plan bound to it. */

import { EngineError, messageOf } from '../../errors/index.ts'
import type { DType } from '../../graph/index.ts'
import { placeOf, type Swaps } from '../arena.ts'
import type { AllReduce } from '../engine.ts'
import type { Stored } from './buffers.ts'
import type { Library } from './library.ts'
import type { Device, PrimitiveCache } from './primitives.ts'
import type { Step } from './program.ts'

const PAGE = 4096
const FLOAT = 4
const ARGUMENT = 16

export interface Memory {
  readonly buffer: ArrayBuffer
  /** Where the first block lies in the buffer, and in the address space. */
  readonly start: number
  readonly address: bigint
}

/** @throws EngineError where the machine has not so much */
export const allocate = (library: Library, bytes: number): Memory => {
  let buffer: ArrayBuffer
  try {
    buffer = new ArrayBuffer(bytes + PAGE)
  } catch (cause) {
    throw new EngineError(
      {
        where: 'onednn: memory',
        expected: `${Math.ceil(bytes / 2 ** 20)} MiB for the graph`,
        got: messageOf(cause),
        hint: 'A smaller batch needs less',
      },
      { cause },
    )
  }
  const address = library.addressOf(new Uint8Array(buffer))
  const start = (PAGE - Number(address % BigInt(PAGE))) % PAGE
  return { buffer, start, address: address + BigInt(start) }
}

/** A tensor's elements. */
export const view = (
  { buffer, start }: Memory,
  { desc, block }: Stored,
  dtype: DType = 'float32',
  swaps?: Swaps,
): Float32Array | Int32Array =>
  new (dtype === 'int32' ? Int32Array : Float32Array)(
    buffer,
    start + placeOf(block, swaps),
    desc.size / FLOAT,
  )

/** A step as a call without arguments: everything that it needs is bound. */
export const bind = (
  step: Step,
  { library, stream }: Device,
  primitiveCache: PrimitiveCache,
  memory: Memory,
  swaps?: Swaps,
  allReduce?: AllReduce,
): (() => void | Promise<void>) => {
  if ('loop' in step) {
    const floats = (tensor: Stored) => view(memory, tensor, 'float32', swaps) as Float32Array
    const inputs = step.inputs.map(floats)
    const outputs = step.outputs.map(floats)
    return () => step.loop(inputs, outputs)
  }
  if ('exchanged' in step) {
    const values = step.exchanged.map(tensor => view(memory, tensor, 'float32', swaps))
    return () => allReduce?.(values as Float32Array[])
  }
  const { where, primitive } = step
  const count = step.arguments.length
  const table = new Uint8Array(count * ARGUMENT)
  const entries = new DataView(table.buffer)
  for (const [i, [argument, { desc, block }]] of step.arguments.entries()) {
    const at = memory.address + BigInt(placeOf(block, swaps))
    entries.setInt32(i * ARGUMENT, argument, true)
    entries.setBigUint64(i * ARGUMENT + 8, BigInt(primitiveCache.memory(where, desc, at)), true)
  }
  return () =>
    library.check(where, 'dnnl_primitive_execute', primitive.handle, stream, count, table)
}
