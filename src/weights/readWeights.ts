/** Weights from any file that is known: told by its first bytes, not by its name. */

import { FileError } from '../errors/index.ts'
import { isCheckpoint, readCheckpoint } from './pytorch/checkpoint.ts'
import { readSafetensors } from './safetensors.ts'
import type { Entry } from './stored.ts'

/** A brace where the header of a safetensors file begins, after its length. */
export const isSafetensors = (bytes: Uint8Array): boolean => bytes[8] === 0x7b

/**
 * The tensors of a safetensors file or of a PyTorch checkpoint, by the names that they have there.
 * @throws FileError when it is neither, or damaged
 */
export const readWeights = (bytes: Uint8Array, file: string): ReadonlyMap<string, Entry> => {
  if (isCheckpoint(bytes)) return readCheckpoint(bytes, file)
  if (!isSafetensors(bytes))
    throw new FileError({
      where: file,
      expected: 'a safetensors file or a PyTorch checkpoint',
      got: 'neither',
      hint: 'Files of PyTorch before 0.2 are to be saved again with a newer one',
    })
  return new Map(
    [...readSafetensors(bytes, file).tensors].map(([name, { dtype, shape, data }]) => [
      name,
      {
        dtype,
        shape,
        read: () =>
          data instanceof BigInt64Array ? Float32Array.from(data, Number) : Float32Array.from(data),
      },
    ]),
  )
}
