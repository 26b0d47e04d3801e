/** Protobuf's wire format, read strictly: nothing is taken that the bytes do not hold. */

import { PbfReader } from 'pbf'
import { FileError } from '../../errors/index.ts'

export interface Limits {
  /** Of a file: protobuf's own. */
  readonly bytes: number
  /** Of messages within messages: protobuf's own default. */
  readonly depth: number
  /** Of all graphs together. */
  readonly nodes: number
  /** Of all lists together: names, attributes, tensors, dimensions. */
  readonly entries: number
  /** Of one tensor. */
  readonly elements: number
}

export const LIMITS: Limits = {
  bytes: 2 ** 31 - 1,
  depth: 100,
  nodes: 100_000,
  entries: 1_000_000,
  elements: 2 ** 31 - 1,
}

/** How a number of bytes belongs to a field: the lower three bits of its tag. */
export const WIRE = { varint: 0, eight: 1, bytes: 2, four: 5 } as const

/** What is being read, and where in it. */
export interface Reading {
  readonly file: string
  readonly pbf: PbfReader
  readonly limits: Limits
  /** Names of fields, and positions in lists, down to here. */
  readonly path: (string | number)[]
  readonly counts: { nodes: number; entries: number }
  /** How many messages are open. */
  depth: number
}

export const openReading = (bytes: Uint8Array, file: string, limits: Limits): Reading => ({
  file,
  pbf: new PbfReader(bytes),
  limits,
  path: [],
  counts: { nodes: 0, entries: 0 },
  depth: 0,
})

/** `graph.node[3].attribute[0]` */
export const placeText = (path: readonly (string | number)[]): string =>
  path
    .map((step, i) => (typeof step === 'number' ? `[${step}]` : i === 0 ? step : `.${step}`))
    .join('')

const HINT = 'The file is damaged or not ONNX'

export const refuse = (
  { file, pbf, path }: Reading,
  expected: string,
  got: string,
  hint = HINT,
): never => {
  const place = path.length === 0 ? '' : `${placeText(path)}, `
  throw new FileError({ where: file, expected, got, context: `${place}byte ${pbf.pos}`, hint })
}

/** Whole numbers beyond 2^53 are rounded, as JavaScript's are. */
export const readVarint = (reading: Reading, end: number): number => {
  const { pbf } = reading
  const start = pbf.pos
  let value = 0
  let whole = true
  try {
    value = pbf.readVarint(true)
  } catch {
    whole = false
  }
  const [truncated, long] = [pbf.pos > end, !whole]
  if (!truncated && !long) return value
  pbf.pos = start
  if (truncated)
    return refuse(reading, 'a number that ends within its message', 'one that is cut off')
  return refuse(reading, 'a number of at most ten bytes', 'a longer one')
}

/** The end of what follows, after its length. */
export const readEnd = (reading: Reading, end: number): number => {
  const { pbf } = reading
  const length = readVarint(reading, end)
  if (length < 0 || length > end - pbf.pos)
    refuse(reading, `${length} bytes from here`, `${end - pbf.pos}`)
  return pbf.pos + length
}

/** A view of so many bytes. */
export const take = (reading: Reading, length: number, end: number): Uint8Array => {
  const { pbf } = reading
  if (length > end - pbf.pos) refuse(reading, `${length} bytes from here`, `${end - pbf.pos}`)
  pbf.pos += length
  return pbf.buf.subarray(pbf.pos - length, pbf.pos)
}

/** A view of the value of a field, without its length; what a reader that does not know it skips. */
export const takeValue = (reading: Reading, wire: number, end: number): Uint8Array => {
  const { pbf } = reading
  if (wire === WIRE.eight) return take(reading, 8, end)
  if (wire === WIRE.four) return take(reading, 4, end)
  if (wire === WIRE.bytes) return take(reading, readEnd(reading, end) - pbf.pos, end)
  const start = pbf.pos
  readVarint(reading, end)
  return pbf.buf.subarray(start, pbf.pos)
}

export interface Tag {
  readonly field: number
  readonly wire: number
}

export const readTag = (reading: Reading, end: number): Tag => {
  const tag = readVarint(reading, end)
  const [field, wire] = [Math.floor(tag / 8), tag & 7]
  if (field < 1 || field >= 2 ** 29) refuse(reading, 'a field numbered 1 to 536870911', `${field}`)
  if (!Object.values<number>(WIRE).includes(wire))
    refuse(
      reading,
      `a field that is a number or bytes (wire type ${Object.values(WIRE).join(', ')})`,
      `wire type ${wire}`,
    )
  return { field, wire }
}
