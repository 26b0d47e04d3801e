/**
 * Zip archives as PyTorch writes them: entries stored without compression, found by the central
 * directory, ZIP64 where sizes need it (PKWARE's APPNOTE 6.3, sections 4.3.7 to 4.3.16). Every
 * offset and length is checked against the bytes present.
 */

import { crc32 } from 'node:zlib'
import type { Refuse } from '../stored.ts'

const LOCAL = 0x04034b50
const CENTRAL = 0x02014b50
const END = 0x06054b50
const END64 = 0x06064b50
const LOCATOR64 = 0x07064b50
const END_SIZE = 22
const LONGEST_COMMENT = 0xffff
/** What stands in a 32-bit field whose value is in the ZIP64 part. */
const ELSEWHERE = 0xffffffff

/** The content of an entry, as a view of the archive. */
export type Archive = ReadonlyMap<string, () => Uint8Array>

interface Directory {
  readonly count: number
  readonly start: number
}

const viewOf = (bytes: Uint8Array): DataView =>
  new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)

const long = (view: DataView, at: number, refuse: Refuse): number => {
  const value = view.getBigUint64(at, true)
  if (value > BigInt(view.byteLength))
    refuse(`an offset or size within the file's ${view.byteLength} bytes`, `${value}`)
  return Number(value)
}

const directoryOf = (view: DataView, refuse: Refuse): Directory => {
  const first = Math.max(0, view.byteLength - END_SIZE - LONGEST_COMMENT)
  let end = view.byteLength - END_SIZE
  while (end >= first && view.getUint32(end, true) !== END) end--
  if (end < first)
    return refuse('a central directory at the end', 'none', 'The file is cut off: fetch it again')
  const count = view.getUint16(end + 10, true)
  const start = view.getUint32(end + 16, true)
  const locator = end - 20
  if (locator < 0 || view.getUint32(locator, true) !== LOCATOR64) return { count, start }
  const end64 = long(view, locator + 8, refuse)
  if (end64 + 56 > view.byteLength || view.getUint32(end64, true) !== END64)
    return refuse('a ZIP64 directory where its locator points', 'none')
  return { count: long(view, end64 + 32, refuse), start: long(view, end64 + 48, refuse) }
}

/** The 64-bit values of an entry's extra field, in the order in which fields need them. */
const wideValues = (view: DataView, from: number, to: number, refuse: Refuse): number[] => {
  for (let at = from; at + 4 <= to; ) {
    const size = view.getUint16(at + 2, true)
    if (at + 4 + size > to) refuse('an extra field within its entry', `${size} bytes of it`)
    if (view.getUint16(at, true) === 1)
      return Array.from({ length: Math.floor(size / 8) }, (_, i) =>
        long(view, at + 4 + 8 * i, refuse),
      )
    at += 4 + size
  }
  return []
}

const textOf = (bytes: Uint8Array): string => new TextDecoder().decode(bytes)

/** A name as messages show it. */
const shown = (name: string): string => (name.length > 80 ? `${name.slice(0, 80)}…` : name)

const content = (
  bytes: Uint8Array,
  name: string,
  { offset, size, check }: { offset: number; size: number; check: number },
  refuse: Refuse,
): Uint8Array => {
  const view = viewOf(bytes)
  if (offset + 30 > bytes.length || view.getUint32(offset, true) !== LOCAL)
    return refuse(`entry ${shown(name)} at byte ${offset}`, 'no entry there')
  const nameEnd = offset + 30 + view.getUint16(offset + 26, true)
  const start = nameEnd + view.getUint16(offset + 28, true)
  if (nameEnd > bytes.length || textOf(bytes.subarray(offset + 30, nameEnd)) !== name)
    return refuse(`entry ${shown(name)} at byte ${offset}`, 'an entry of another name')
  if (start + size > bytes.length)
    return refuse(`${size} bytes of entry ${shown(name)}`, `${Math.max(0, bytes.length - start)}`)
  const found = bytes.subarray(start, start + size)
  if (crc32(found) !== check)
    refuse(`entry ${shown(name)} as its checksum has it`, 'other bytes', 'The file is damaged')
  return found
}

export const isZip = (bytes: Uint8Array): boolean =>
  bytes.length >= 4 && viewOf(bytes).getUint32(0, true) === LOCAL

/** The entries of an archive, each checked when it is read. */
export const openZip = (bytes: Uint8Array, refuse: Refuse): Archive => {
  const view = viewOf(bytes)
  if (bytes.length < END_SIZE) refuse('a zip archive', `${bytes.length} bytes`)
  const { count, start } = directoryOf(view, refuse)
  const entries = new Map<string, () => Uint8Array>()
  let at = start
  for (let i = 0; i < count; i++) {
    if (at + 46 > bytes.length || view.getUint32(at, true) !== CENTRAL)
      return refuse(`${count} entries in the central directory`, `${i}`)
    const [nameSize, extraSize, commentSize] = [28, 30, 32].map(o => view.getUint16(at + o, true))
    const nameEnd = at + 46 + nameSize
    const next = nameEnd + extraSize + commentSize
    if (next > bytes.length) refuse('a whole central directory', 'one that is cut off')
    const name = textOf(bytes.subarray(at + 46, nameEnd))
    const wide = wideValues(view, nameEnd, nameEnd + extraSize, refuse)
    const [size, packed, offset] = [24, 20, 42].map(o => {
      const value = view.getUint32(at + o, true)
      return value === ELSEWHERE ? (wide.shift() ?? value) : value
    })
    const check = view.getUint32(at + 16, true)
    if (view.getUint16(at + 10, true) !== 0 || size !== packed)
      refuse(
        `entry ${shown(name)} stored without compression, as PyTorch does`,
        'a compressed one',
        'Unpack a .zip that holds the weights first',
      )
    if (view.getUint16(at + 8, true) & 1)
      refuse(`entry ${shown(name)} in the clear`, 'an encrypted one')
    if (entries.has(name)) refuse(`entry ${shown(name)} once`, 'it twice')
    entries.set(name, () => content(bytes, name, { offset, size, check }, refuse))
    at = next
  }
  return entries
}
