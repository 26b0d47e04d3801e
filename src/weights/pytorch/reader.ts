/** A cursor over the bytes of a pickle: every read is checked before it is made. */

import type { Refuse } from '../../errors/index.ts'

export interface Reader {
  readonly position: number
  byte(): number
  /** A little-endian unsigned number of 2, 4 or 8 bytes. */
  unsigned(size: 2 | 4 | 8): number
  int32(): number
  /** Big-endian, as pickle has its floats. */
  double(): number
  bytes(count: number): Uint8Array
  /** UTF-8 text of so many bytes. */
  text(count: number): string
  /** Up to the next line feed; UTF-8 unless Latin-1 is asked for. */
  line(encoding?: 'latin1'): string
}

const LONGEST_LINE = 2 ** 16

export const reader = (bytes: Uint8Array, start: number, refuse: Refuse): Reader => {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  let position = start
  const take = (count: number): number => {
    if (count > bytes.length - position)
      refuse(`${count} more bytes from byte ${position}`, `${bytes.length - position}`)
    position += count
    return position - count
  }
  const decode = (from: number, to: number): string => {
    try {
      return new TextDecoder('utf-8', { fatal: true }).decode(bytes.subarray(from, to))
    } catch {
      return refuse(`UTF-8 text at byte ${from}`, 'other bytes')
    }
  }
  return {
    get position() {
      return position
    },
    byte: () => bytes[take(1)],
    unsigned: size => {
      const at = take(size)
      if (size === 2) return view.getUint16(at, true)
      if (size === 4) return view.getUint32(at, true)
      const value = view.getBigUint64(at, true)
      if (value > BigInt(Number.MAX_SAFE_INTEGER))
        refuse(`a size within the file at byte ${at}`, `${value}`)
      return Number(value)
    },
    int32: () => view.getInt32(take(4), true),
    double: () => view.getFloat64(take(8), false),
    bytes: count => {
      const at = take(count)
      return bytes.subarray(at, at + count)
    },
    text: count => {
      const at = take(count)
      return decode(at, at + count)
    },
    line: encoding => {
      const from = position
      const end = bytes.subarray(from, from + LONGEST_LINE).indexOf(0x0a)
      if (end < 0) return refuse(`a line from byte ${from}`, 'no end of one')
      position = from + end + 1
      return encoding === undefined
        ? decode(from, from + end)
        : Buffer.from(bytes.subarray(from, from + end)).toString(encoding)
    },
  }
}
