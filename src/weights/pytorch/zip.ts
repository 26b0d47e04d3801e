/**
 * Zip archives as PyTorch writes them: entries stored without compression, found by the central
 * directory, ZIP64 where sizes need it (PKWARE's APPNOTE 6.3, sections 4.3.7 to 4.3.16). Every
 * offset and length is checked against the bytes present.
 */

import { crc32 } from 'node:zlib'
import type { Refuse } from '../../errors/index.ts'
import { readable } from '../../text/visible.ts'
import { type ByteSource, chunksOf } from '../byteSource.ts'

const LOCAL = 0x04034b50
const CENTRAL = 0x02014b50
const END = 0x06054b50
const END64 = 0x06064b50
const LOCATOR64 = 0x07064b50
const END_SIZE = 22
const END64_SIZE = 56
const LOCATOR_SIZE = 20
const LONGEST_COMMENT = 0xffff
/** What stands in a 32-bit field whose value is in the ZIP64 part. */
const ELSEWHERE = 0xffffffff

/** The content of each entry; it is checked when it is first read. */
export type Archive = ReadonlyMap<string, ByteSource>

interface Directory {
  readonly count: number
  readonly start: number
  /** Where it ends at the latest. */
  readonly end: number
}

/** A part of the file, read at once, whose offsets are those of the file. */
interface Part {
  readonly from: number
  readonly bytes: Uint8Array
  readonly view: DataView
}

const partOf = (source: ByteSource, from: number, to: number): Part => {
  const bytes = source.read(from, to)
  return { from, bytes, view: new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength) }
}

/** A 64-bit offset or size, which must lie within the file. */
const long = (view: DataView, at: number, size: number, refuse: Refuse): number => {
  const value = view.getBigUint64(at, true)
  if (value > BigInt(size)) refuse(`an offset or size within the file's ${size} bytes`, `${value}`)
  return Number(value)
}

const directoryOf = (source: ByteSource, refuse: Refuse): Directory => {
  const { size } = source
  const { from, view } = partOf(
    source,
    Math.max(0, size - END_SIZE - LONGEST_COMMENT - LOCATOR_SIZE),
    size,
  )
  const first = Math.max(0, size - END_SIZE - LONGEST_COMMENT) - from
  let end = view.byteLength - END_SIZE
  while (end >= first && view.getUint32(end, true) !== END) end--
  if (end < first)
    return refuse('a central directory at the end', 'none', 'The file is cut off: fetch it again')
  const count = view.getUint16(end + 10, true)
  const start = view.getUint32(end + 16, true)
  const locator = end - LOCATOR_SIZE
  if (locator < 0 || view.getUint32(locator, true) !== LOCATOR64)
    return { count, start, end: from + end }
  const at = long(view, locator + 8, size, refuse)
  const end64 = at + END64_SIZE <= size ? partOf(source, at, at + END64_SIZE).view : undefined
  if (end64?.getUint32(0, true) !== END64)
    return refuse('a ZIP64 directory where its locator points', 'none')
  return {
    count: long(end64, 32, size, refuse),
    start: long(end64, 48, size, refuse),
    end: from + end,
  }
}

/** The 64-bit values of an entry's extra field, in the order in which fields need them. */
const wideValues = (
  view: DataView,
  from: number,
  to: number,
  file: number,
  refuse: Refuse,
): number[] => {
  for (let at = from; at + 4 <= to; ) {
    const size = view.getUint16(at + 2, true)
    if (at + 4 + size > to) refuse('an extra field within its entry', `${size} bytes of it`)
    if (view.getUint16(at, true) === 1)
      return Array.from({ length: Math.floor(size / 8) }, (_, i) =>
        long(view, at + 4 + 8 * i, file, refuse),
      )
    at += 4 + size
  }
  return []
}

const textOf = (bytes: Uint8Array): string => new TextDecoder().decode(bytes)

/** The content of an entry, its name and checksum compared before the first read. */
const content = (
  source: ByteSource,
  name: string,
  { offset, size, check, stored }: { offset: number; size: number; check: number; stored: boolean },
  refuse: Refuse,
): ByteSource => {
  const locate = (): number => {
    const shown = readable(name)
    if (!stored)
      refuse(
        `entry ${shown} stored without compression, as PyTorch does`,
        'a compressed one',
        'Unpack a .zip that holds the weights first',
      )
    const header = offset + 30 <= source.size ? partOf(source, offset, offset + 30).view : undefined
    if (header?.getUint32(0, true) !== LOCAL)
      return refuse(`entry ${shown} at byte ${offset}`, 'no entry there')
    const nameEnd = offset + 30 + header.getUint16(26, true)
    const start = nameEnd + header.getUint16(28, true)
    if (nameEnd > source.size || textOf(source.read(offset + 30, nameEnd)) !== name)
      return refuse(`entry ${shown} at byte ${offset}`, 'an entry of another name')
    if (start + size > source.size)
      return refuse(`${size} bytes of entry ${shown}`, `${Math.max(0, source.size - start)}`)
    let found = 0
    for (const chunk of chunksOf(source, start, start + size)) found = crc32(chunk, found)
    if (found !== check)
      refuse(`entry ${shown} as its checksum has it`, 'other bytes', 'The file is damaged')
    return start
  }
  let start: number | undefined
  return {
    size,
    read: (from, to) => {
      start ??= locate()
      return source.read(start + from, start + to)
    },
  }
}

export const isZip = (bytes: Uint8Array): boolean =>
  bytes[0] === 0x50 && bytes[1] === 0x4b && bytes[2] === 3 && bytes[3] === 4

/** The entries of an archive. */
export const openZip = (source: ByteSource, refuse: Refuse): Archive => {
  if (source.size < END_SIZE) refuse('a zip archive', `${source.size} bytes`)
  const { count, start, end } = directoryOf(source, refuse)
  const { bytes, view } = partOf(source, Math.min(start, end), end)
  const entries = new Map<string, ByteSource>()
  let at = 0
  for (let i = 0; i < count; i++) {
    if (at + 46 > bytes.length || view.getUint32(at, true) !== CENTRAL)
      return refuse(`${count} entries in the central directory`, `${i}`)
    const [nameSize, extraSize, commentSize] = [28, 30, 32].map(o => view.getUint16(at + o, true))
    const nameEnd = at + 46 + nameSize
    const next = nameEnd + extraSize + commentSize
    if (next > bytes.length) refuse('a whole central directory', 'one that is cut off')
    const name = textOf(bytes.subarray(at + 46, nameEnd))
    const wide = wideValues(view, nameEnd, nameEnd + extraSize, source.size, refuse)
    const [size, packed, offset] = [24, 20, 42].map(o => {
      const value = view.getUint32(at + o, true)
      return value === ELSEWHERE ? (wide.shift() ?? value) : value
    })
    const check = view.getUint32(at + 16, true)
    const stored = view.getUint16(at + 10, true) === 0 && size === packed
    if (view.getUint16(at + 8, true) & 1)
      refuse(`entry ${readable(name)} in the clear`, 'an encrypted one')
    if (entries.has(name)) refuse(`entry ${readable(name)} once`, 'it twice')
    entries.set(name, content(source, name, { offset, size, check, stored }, refuse))
    at = next
  }
  if (at + 4 <= bytes.length && view.getUint32(at, true) === CENTRAL)
    refuse(`${count} entries in the central directory`, 'more')
  return entries
}
