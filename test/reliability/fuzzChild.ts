/** Reads mutations of one format's good file, each announced before it is read. Needs a parent that watches. */

import { writeSync } from 'node:fs'
import fc from 'fast-check'
import { ExciteError } from '../../src/errors/index.ts'
import { codeOf } from '../../src/platform/node/files.ts'
import { emptied, formats } from './formats.ts'

/** A change of a file's bytes; places are shares of its length. */
type Change = (bytes: Buffer<ArrayBufferLike>) => Buffer<ArrayBufferLike>

const at = (bytes: Buffer, share: number): number => Math.floor(share * bytes.length)
const share = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true })
/** Values at which formats change their minds. */
const edge = fc.constantFrom(0, 1, 0x7f, 0x80, 0xff, 0x20, 0x22, 0x5b, 0x7b, 0x7d, 0x2d, 0x65)

const change: fc.Arbitrary<Change> = fc.oneof(
  fc.tuple(share, fc.nat(7)).map(([place, bit]) => (bytes: Buffer) => {
    bytes[at(bytes, place)] ^= 1 << bit
    return bytes
  }),
  fc.tuple(share, fc.oneof(edge, fc.nat(255)), fc.constantFrom(1, 1, 2, 4, 8)).map(
    ([place, value, count]) =>
      (bytes: Buffer) =>
        bytes.fill(value, at(bytes, place), Math.min(bytes.length, at(bytes, place) + count)),
  ),
  share.map(place => (bytes: Buffer) => bytes.subarray(0, at(bytes, place))),
  fc.tuple(share, fc.uint8Array({ maxLength: 16 })).map(
    ([place, more]) =>
      (bytes: Buffer) =>
        Buffer.concat([
          bytes.subarray(0, at(bytes, place)),
          more,
          bytes.subarray(at(bytes, place)),
        ]),
  ),
  fc.tuple(share, share, share).map(([from, to, into]) => (bytes: Buffer) => {
    const [start, end] = [at(bytes, Math.min(from, to)), at(bytes, Math.max(from, to))]
    const place = at(bytes, into)
    return Buffer.concat([
      bytes.subarray(0, place),
      bytes.subarray(start, end),
      bytes.subarray(place),
    ])
  }),
  fc.tuple(share, share).map(([from, to]) => (bytes: Buffer) => {
    const [start, end] = [at(bytes, Math.min(from, to)), at(bytes, Math.max(from, to))]
    return Buffer.concat([bytes.subarray(0, start), bytes.subarray(end)])
  }),
)

const [name, runs, seed, folder, path] = process.argv.slice(2)
const format = (await formats())[name]
const prototype = Object.getOwnPropertyNames(Object.prototype).join()
const pause = new Int32Array(new SharedArrayBuffer(4))

/** Tells the parent, once it has room in the pipe: on a busy machine it may lag behind. */
const say = (line: string): void => {
  for (;;)
    try {
      writeSync(1, `${line}\n`)
      return
    } catch (error) {
      if (codeOf(error) !== 'EAGAIN') throw error
      Atomics.wait(pause, 0, 0, 1)
    }
}

const check = async (changes: readonly Change[]): Promise<void> => {
  const content = changes.reduce<Buffer<ArrayBufferLike>>(
    (bytes, one) => one(bytes),
    Buffer.from(format.sample),
  )
  try {
    await format.read(new Uint8Array(content), await emptied(folder))
  } catch (error) {
    if (!(error instanceof ExciteError)) throw error
    if (error.message.length > 5000) throw new RangeError('a message of over 5,000 characters')
  }
  if (Object.getOwnPropertyNames(Object.prototype).join() !== prototype)
    throw new TypeError('Object.prototype has changed')
}

say('ready')
let done = 0
await fc.assert(
  fc.asyncProperty(fc.array(change, { minLength: 1, maxLength: 4 }), async changes => {
    say(`${done++}`)
    await check(changes)
  }),
  { numRuns: Number(runs), seed: Number(seed), ...(path === undefined ? {} : { path }) },
)
say('done')
