/**
 * The IDX format of MNIST: two zero bytes, a type byte (0x08: unsigned bytes), the rank, each
 * dimension as a big-endian 32-bit word, then the data.
 */

import { FileError } from '../../errors/index.ts'

const UNSIGNED_BYTES = 0x08
const REMEDY =
  'Delete the file and let Excite fetch it again, or name a folder of good ones (`data.dataDir`)'

export interface Idx {
  readonly dims: readonly number[]
  readonly data: Uint8Array
}

const hex = (value: number): string => `0x${value.toString(16).padStart(2, '0')}`

/**
 * Reads the bytes of an IDX file; the data is a view of them.
 * @param rank - how many dimensions are expected: 3 for images, 1 for labels
 * @throws FileError that names the file, the place and what is wrong
 */
export const readIdx = (bytes: Uint8Array, file: string, rank: number): Idx => {
  const refuse = (expected: string, got: string): never => {
    throw new FileError({ where: file, expected, got, hint: REMEDY })
  }
  const header = 4 + 4 * rank
  if (bytes.length < header) refuse(`a header of ${header} bytes`, `${bytes.length} bytes`)
  if (bytes[0] !== 0 || bytes[1] !== 0)
    refuse('two zero bytes at offset 0 (an IDX file)', `${hex(bytes[0])} ${hex(bytes[1])}`)
  if (bytes[2] !== UNSIGNED_BYTES)
    refuse(`type ${hex(UNSIGNED_BYTES)} (unsigned bytes) at offset 2`, hex(bytes[2]))
  if (bytes[3] !== rank) refuse(`${rank} dimensions at offset 3`, `${bytes[3]}`)
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const dims = Array.from({ length: rank }, (_, i) => view.getUint32(4 + 4 * i))
  const size = dims.reduce((product, dimension) => product * dimension, 1)
  if (bytes.length - header !== size)
    refuse(`${size} bytes of data for [${dims.join(', ')}]`, `${bytes.length - header}`)
  return { dims, data: bytes.subarray(header) }
}
