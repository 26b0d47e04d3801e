/**
 * PyTorch's older stream (torch.save before 1.6, torch/serialization.py _legacy_save): five pickles
 * (magic number, protocol, facts of the machine, the object, the keys of its storages), then each
 * storage as a 64-bit count and its elements.
 */

import type { Refuse } from '../../errors/index.ts'
import { type ByteSource, byteSource } from '../byteSource.ts'
import { Mark, type Pickled, shown, unpickle } from './pickle.ts'
import { byteSize, GLOBALS, type Storage, type StorageBytes, storageOf } from './tensor.ts'

const MAGIC = 0x1950a86a20f9469cfc6cn
const PROTOCOL = 1001
/** The magic number as a pickle of protocol 2 and up has it, and as one of 0 and 1. */
const MAGIC_BYTES = '\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19'
const MAGIC_TEXT = `L${MAGIC}L\n`

/** Before the number stand a protocol and, in newer ones, the length of a frame. */
export const isLegacy = (bytes: Uint8Array): boolean => {
  const start = Buffer.from(bytes.subarray(0, 32)).toString('latin1')
  return start.startsWith(MAGIC_TEXT) || (start[0] === '\x80' && start.includes(MAGIC_BYTES))
}

const plain = {
  globals: new Map(),
  persistent: (_: Pickled, refuse: Refuse) => refuse('no storage in this place', 'one'),
}

/** The pickles stand before the storages; longer ones than this no training writes. */
const LONGEST_PICKLES = 2 ** 28

export const readLegacy = (
  source: ByteSource,
  refuse: Refuse,
): { value: Pickled; bytesOf: StorageBytes } => {
  const bytes = source.read(0, Math.min(source.size, LONGEST_PICKLES))
  let end = 0
  const next = (options: Parameters<typeof unpickle>[3] = plain): Pickled => {
    const read = unpickle(bytes, end, refuse, options)
    end = read.end
    return read.value
  }
  if (next() !== MAGIC) refuse('the magic number of a PyTorch file', 'another')
  const protocol = next()
  if (protocol !== PROTOCOL) refuse(`protocol ${PROTOCOL}`, shown(protocol))
  const facts = next()
  if (facts instanceof Map && facts.get('little_endian') === false)
    refuse('a file written on a little-endian machine', 'a big-endian one')
  const storages = new Map<string, Storage>()
  const value = next({
    globals: GLOBALS,
    persistent: id => {
      const storage = storageOf(id, refuse)
      if (storage instanceof Mark) return storage
      const known = storages.get(storage.key)
      if (known === undefined) storages.set(storage.key, storage)
      else if (known.type !== storage.type || known.size !== storage.size)
        refuse(`storage ${storage.key} as before`, 'of another type or size')
      return known ?? storage
    },
  })
  const keys = next()
  if (!Array.isArray(keys)) return refuse('a list of storage keys', shown(keys))
  const found = new Map<string, ByteSource>()
  for (const key of keys) {
    const storage = storages.get(key)
    if (storage === undefined || found.has(key))
      return refuse('the keys of the storages, once each', shown(key))
    if (end + 8 > source.size) refuse(`storage ${key} at byte ${end}`, 'the end of the file')
    const [start, size] = [end + 8, byteSize(storage)]
    const count = Buffer.from(source.read(end, start)).readBigInt64LE()
    if (count !== BigInt(storage.size))
      refuse(`${storage.size} elements of storage ${key}`, `${count}`)
    if (start + size > source.size)
      refuse(`${size} bytes of storage ${key}`, `${source.size - start}`)
    found.set(key, { size, read: (from, to) => source.read(start + from, start + to) })
    end = start + size
  }
  const lost = [...storages.keys()].find(key => !found.has(key))
  if (lost !== undefined) refuse(`storage ${lost}`, 'a file without it')
  return { value, bytesOf: ({ key }) => found.get(key) ?? byteSource(new Uint8Array()) }
}
