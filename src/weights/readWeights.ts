/** Weights from any file that is known: told by its first bytes, not by its name. */

import { FileError } from '../errors/index.ts'
import { type Bytes, byteSource } from './byteSource.ts'
import { fileKind, LOOKED_AT } from './fileKinds.ts'
import { isCheckpoint, readCheckpoint } from './pytorch/checkpoint.ts'
import { openSafetensors } from './safetensors.ts'
import type { WeightChoice, Weights } from './stored.ts'

/** A brace where the header of a safetensors file begins, after its length. */
export const isSafetensors = (bytes: Uint8Array): boolean => bytes[8] === 0x7b

/**
 * The tensors of a safetensors file or of a PyTorch checkpoint, by the names that they have there.
 * @throws FileError when it is neither, or damaged
 */
export const readWeights = (bytes: Bytes, file: string, choice: WeightChoice = {}): Weights => {
  const source = byteSource(bytes)
  const start = source.read(0, Math.min(LOOKED_AT, source.size))
  if (isCheckpoint(start)) return readCheckpoint(source, file, choice)
  const kind = fileKind(start)
  if (kind !== undefined || !isSafetensors(start))
    throw new FileError({
      where: file,
      expected: 'a safetensors file or a PyTorch checkpoint',
      got: kind?.name ?? 'neither',
      hint:
        kind?.hint ??
        'Files from PyTorch older than 0.2 are not supported: save the weights again with a newer version',
    })
  const { tensors, metadata } = openSafetensors(source, file)
  const entries = [...tensors].map(([name, { dtype, shape, read }]) => {
    const floats = (): Float32Array => {
      const { data } = read()
      return data instanceof BigInt64Array
        ? Float32Array.from(data, Number)
        : Float32Array.from(data)
    }
    return [name, { dtype, shape, read: floats }] as const
  })
  return { entries: new Map(entries), notes: [], card: metadata.excite }
}
