/** Bytes that are read by ranges, so that a file of any size needs no more memory than its tensors. */

export interface ByteSource {
  readonly size: number
  /** The bytes from `start` to before `end`, which lie within the size. */
  read(start: number, end: number): Uint8Array
}

/** What a reader takes: a file's bytes at once, or by ranges. */
export type Bytes = Uint8Array | ByteSource

export const byteSource = (bytes: Bytes): ByteSource =>
  bytes instanceof Uint8Array
    ? { size: bytes.length, read: (start, end) => bytes.subarray(start, end) }
    : bytes

/** Enough that a disk is kept busy. */
const CHUNK = 2 ** 24

/** The bytes of a range in order, in chunks. */
export function* chunksOf(source: ByteSource, start = 0, end = source.size): Generator<Uint8Array> {
  for (let at = start; at < end; at += CHUNK) yield source.read(at, Math.min(at + CHUNK, end))
}
