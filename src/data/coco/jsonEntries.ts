/**
 * The entries of the arrays at the top of a JSON file, one by one as the file is read: COCO's
 * annotations are half a gigabyte, more than a string of Node may hold, and most of it are outlines
 * that nobody here reads. Brackets and strings are followed byte by byte; each entry alone is parsed.
 */

import { FileError, messageOf } from '../../errors/index.ts'

/** An object in one of the arrays. */
export interface JsonEntry {
  /** The name of its array. */
  readonly key: string
  /** Its place in the array. */
  readonly index: number
  readonly value: Readonly<Record<string, unknown>>
}

const [QUOTE, COMMA, COLON, BACKSLASH] = [...'",:\\'].map(one => one.charCodeAt(0))
const [OPEN_ARRAY, CLOSE_ARRAY, OPEN_OBJECT, CLOSE_OBJECT] = [...'[]{}'].map(one =>
  one.charCodeAt(0),
)
/** Of the object at the top, of an array in it, and of an entry in that. */
const [TOP, ARRAY, ENTRY] = [1, 2, 3]

const text = new TextDecoder()

const joined = (parts: readonly Uint8Array[]): Uint8Array => {
  if (parts.length === 1) return parts[0]
  const whole = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0))
  let at = 0
  for (const part of parts) {
    whole.set(part, at)
    at += part.length
  }
  return whole
}

/**
 * Reads the entries of the arrays of these names.
 * @throws FileError that names the file and the entry, for what is no JSON or ends too early
 */
export async function* jsonEntries(
  chunks: AsyncIterable<Uint8Array>,
  where: string,
  names: ReadonlySet<string>,
): AsyncGenerator<JsonEntry> {
  const closers: number[] = []
  let isString = false
  let isEscaped = false
  /** The last string in the top object: a name, once a colon follows. */
  let name = ''
  let key = ''
  let index = 0
  /** Whether an entry may come: after the bracket, and after a comma. */
  let isDue = false
  /** What is kept of earlier chunks, of an entry or a name that goes on. */
  let kept: Uint8Array[] = []
  let begin = -1
  let last = 0

  const place = (): string =>
    closers.length >= ARRAY && names.has(key) ? `${where}, ${key}[${index}]` : where
  const fail = (got: string, expected = 'JSON', cause?: unknown): never => {
    throw new FileError({ where: place(), expected, got }, { cause })
  }
  const parse = (bytes: Uint8Array): unknown => {
    try {
      return JSON.parse(text.decode(bytes))
    } catch (cause) {
      return fail(messageOf(cause), 'JSON', cause)
    }
  }

  for await (const chunk of chunks) {
    if (begin >= 0) begin = 0
    for (let i = 0; i < chunk.length; i++) {
      const byte = chunk[i]
      if (isString) {
        if (isEscaped) isEscaped = false
        else if (byte === BACKSLASH) isEscaped = true
        else if (byte === QUOTE) {
          isString = false
          if (closers.length === TOP) {
            name = String(parse(joined([...kept, chunk.subarray(begin, i + 1)])))
            kept = []
            begin = -1
          }
        }
        continue
      }
      if (byte <= 0x20) continue
      if (byte === 0xef || byte === 0xbb || byte === 0xbf) continue
      const depth = closers.length
      if (depth === 0 && (byte !== OPEN_OBJECT || last !== 0))
        fail(`"${String.fromCharCode(byte)}"`, 'one JSON object, as COCO’s annotations are')
      const isEntries = depth === ARRAY && names.has(key)
      if (isEntries && byte !== CLOSE_ARRAY && byte !== (isDue ? OPEN_OBJECT : COMMA))
        fail(`"${String.fromCharCode(byte)}"`, isDue ? 'an object' : 'a comma')
      switch (byte) {
        case QUOTE:
          isString = true
          if (depth === TOP) begin = i
          break
        case COLON:
          if (depth === TOP) {
            key = name
            index = 0
          }
          break
        case COMMA:
          if (isEntries) isDue = true
          break
        case OPEN_ARRAY:
        case OPEN_OBJECT:
          if (depth === TOP && names.has(key) && byte !== OPEN_ARRAY)
            fail('an object', `a list of ${key}`)
          closers.push(byte === OPEN_ARRAY ? CLOSE_ARRAY : CLOSE_OBJECT)
          if (depth === TOP) isDue = true
          if (isEntries) {
            begin = i
            isDue = false
          }
          break
        case CLOSE_ARRAY:
        case CLOSE_OBJECT:
          if (closers.pop() !== byte) fail(`"${String.fromCharCode(byte)}"`, 'brackets in pairs')
          if (depth === ENTRY && begin >= 0) {
            const value = parse(joined([...kept, chunk.subarray(begin, i + 1)]))
            yield { key, index, value: value as JsonEntry['value'] }
            kept = []
            begin = -1
            index++
          }
      }
      last = byte
    }
    if (begin >= 0) kept.push(chunk.slice(begin))
  }
  if (closers.length > 0 || isString) fail('the end of the file', 'the rest of it')
  if (last === 0) fail('an empty file', 'one JSON object, as COCO’s annotations are')
}
