/**
 * Protobuf messages as data: fields by name, number and kind. One loop reads them all, and one writes
 * them.
 */

import { PbfWriter } from 'pbf'
import {
  type Reading,
  readEnd,
  readTag,
  readVarint,
  refuse,
  take,
  takeValue,
  WIRE,
} from './wire.ts'

/** How a value lies in the file. */
export interface Kind<T> {
  readonly wire: number
  read(reading: Reading, end: number, wire: number): T
  /** Writes a value with the number of its field. */
  write(pbf: PbfWriter, number: number, value: T): void
  /** Of numbers: a list may lie in one piece. */
  readonly packs?: boolean
  /** Of numbers left as bytes: the same, and then a view of the piece. */
  readonly pieces?: boolean
}

/** What counts against a limit, when there is one more of it. */
export type Counted = 'nodes' | 'entries'

export interface Field<T> {
  readonly number: number
  readonly kind: Kind<unknown>
  readonly many: boolean
  readonly counted: Counted
  /** What is not given. */
  readonly empty: T
}

const NONE: readonly never[] = Object.freeze([])

/** A field that is there once, or not at all. */
export const one = <T>(number: number, kind: Kind<T>): Field<T | undefined> => ({
  number,
  kind,
  many: false,
  counted: 'entries',
  empty: undefined,
})

/** A field that is there any number of times. */
export const many = <T>(
  number: number,
  kind: Kind<T>,
  counted: Counted = 'entries',
): Field<readonly T[]> => ({ number, kind, many: true, counted, empty: NONE })

/** The largest number of 53 bits below 2^63. */
const LARGEST = 2 ** 63 - 1024

export const int: Kind<number> = {
  wire: WIRE.varint,
  packs: true,
  read: readVarint,
  // The largest was rounded up when it was read: to one that 64 bits do not hold.
  write: (pbf, number, value) => pbf.writeVarintField(number, Math.min(value, LARGEST)),
}

export const float: Kind<number> = {
  wire: WIRE.four,
  packs: true,
  read: (reading, end) => {
    const { buffer, byteOffset } = take(reading, 4, end)
    return new DataView(buffer, byteOffset).getFloat32(0, true)
  },
  write: (pbf, number, value) => pbf.writeFloatField(number, value),
}

export const double: Kind<number> = {
  wire: WIRE.eight,
  packs: true,
  read: (reading, end) => {
    const { buffer, byteOffset } = take(reading, 8, end)
    return new DataView(buffer, byteOffset).getFloat64(0, true)
  },
  write: (pbf, number, value) => pbf.writeDoubleField(number, value),
}

const utf8 = new TextDecoder('utf-8', { fatal: true })

export const text: Kind<string> = {
  wire: WIRE.bytes,
  read: (reading, end) => {
    const bytes = takeValue(reading, WIRE.bytes, end)
    try {
      return utf8.decode(bytes)
    } catch {
      return refuse(reading, 'text in UTF-8', 'bytes that are none')
    }
  },
  write: (pbf, number, value) => pbf.writeStringField(number, value),
}

/** A view: nothing is copied. */
export const bytes: Kind<Uint8Array> = {
  wire: WIRE.bytes,
  read: (reading, end) => takeValue(reading, WIRE.bytes, end),
  write: (pbf, number, value) => pbf.writeBytesField(number, value),
}

/** A view of numbers, in one piece or one by one: read when they are asked for, and written in pieces. */
export const numbers = (wire: number): Kind<Uint8Array> => ({
  wire,
  pieces: true,
  read: (reading, end, wire) => takeValue(reading, wire, end),
  write: bytes.write,
})

/** The fields of a message, none left out. */
export type Fields<T> = { readonly [Name in keyof T]-?: Field<T[Name]> }

/** What a kind of field holds. */
export type Proto<K> = K extends Kind<infer T> ? T : never

/** A message to be written: what is left out is empty. */
export type Written<T> = T extends string | number | Uint8Array | undefined
  ? T
  : T extends readonly (infer Item)[]
    ? readonly Written<Item>[]
    : { readonly [Name in keyof T]?: Written<T[Name]> | undefined }

const count = (reading: Reading, counted: Counted): void => {
  const { counts, limits } = reading
  if (++counts[counted] > limits[counted])
    refuse(
      reading,
      `at most ${limits[counted]} ${counted === 'nodes' ? 'nodes' : 'entries of lists'}`,
      'more',
    )
}

/** A message can also be all of a file, without a length before it. */
export interface Message<T> extends Kind<T> {
  body(reading: Reading, end: number): T
  /** The bytes of a message, or of some of its fields. */
  encode(value: Written<T>): Uint8Array
}

const expectWire = (reading: Reading, { kind, many }: Field<unknown>, wire: number): void => {
  const piece = wire === WIRE.bytes && many && (kind.packs === true || kind.pieces === true)
  if (wire !== kind.wire && !piece) refuse(reading, `wire type ${kind.wire}`, `${wire}`)
}

const readList = (
  reading: Reading,
  { kind, counted }: Field<unknown>,
  wire: number,
  end: number,
  list: unknown[],
): void => {
  const { pbf, path } = reading
  const add = (end: number): void => {
    count(reading, counted)
    path.push(list.length)
    list.push(kind.read(reading, end, wire))
    path.pop()
  }
  if (kind.packs && wire === WIRE.bytes) {
    const last = readEnd(reading, end)
    while (pbf.pos < last) add(last)
  } else add(end)
}

/** @param fields - asked for once, when first read: a graph has nodes, whose attributes have graphs */
export const message = <T extends object>(fields: () => Fields<T>): Message<T> => {
  let entries: readonly (readonly [string, Field<unknown>])[] = []
  let known: ReadonlyMap<number, readonly [string, Field<unknown>]> = new Map()
  const open = (): void => {
    if (entries.length > 0) return
    entries = Object.entries(fields() as Record<string, Field<unknown>>)
    known = new Map(entries.map(entry => [entry[1].number, entry]))
  }
  const body = (reading: Reading, end: number): T => {
    open()
    const { pbf, path, limits } = reading
    if (++reading.depth > limits.depth)
      refuse(reading, `messages at most ${limits.depth} deep`, 'deeper ones')
    const result = Object.fromEntries(entries.map(([name, { empty }]) => [name, empty]))
    while (pbf.pos < end) {
      const { field: number, wire } = readTag(reading, end)
      const entry = known.get(number)
      if (entry === undefined) {
        // A later version of the format may have it.
        takeValue(reading, wire, end)
        continue
      }
      const [name, field] = entry
      path.push(name)
      expectWire(reading, field, wire)
      if (field.many) {
        if (result[name] === NONE) result[name] = []
        readList(reading, field, wire, end, result[name] as unknown[])
      } else {
        if (result[name] !== undefined) refuse(reading, 'one of it', 'a second')
        result[name] = field.kind.read(reading, end, wire)
      }
      path.pop()
    }
    reading.depth--
    return result as T
  }
  const writeFields = (value: object, pbf: PbfWriter): void => {
    open()
    for (const [name, { number, kind, many }] of entries) {
      const given = (value as Readonly<Record<string, unknown>>)[name]
      for (const one of many ? ((given ?? NONE) as readonly unknown[]) : [given])
        if (one !== undefined) kind.write(pbf, number, one)
    }
  }
  return {
    wire: WIRE.bytes,
    body,
    read: (reading, end) => body(reading, readEnd(reading, end)),
    write: (pbf, number, value) => pbf.writeMessage(number, writeFields, value),
    encode: value => {
      const pbf = new PbfWriter()
      writeFields(value, pbf)
      return pbf.finish()
    },
  }
}
