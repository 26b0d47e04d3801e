/**
 * PyTorch's older stream (torch.save before 1.6, torch/serialization.py _legacy_save): five pickles
 * (magic number, protocol, facts of the machine, the object, the keys of its storages), then each
 * storage as a 64-bit count and its elements.
 */

import type { Refuse } from '../stored.ts'
import { type Pickled, shown, unpickle } from './pickle.ts'
import { byteSize, GLOBALS, type Storage, type StorageBytes, storageOf } from './tensor.ts'

const MAGIC = 0x1950a86a20f9469cfc6cn
const PROTOCOL = 1001
/** The magic number as its pickle begins: protocol 2, LONG1 of ten bytes. */
const START = [0x80, 0x02, 0x8a, 0x0a, 0x6c, 0xfc, 0x9c, 0x46, 0xf9, 0x20, 0x6a, 0xa8, 0x50, 0x19]

export const isLegacy = (bytes: Uint8Array): boolean => START.every((byte, i) => bytes[i] === byte)

const plain = {
  globals: new Map(),
  persistent: (_: Pickled, refuse: Refuse) => refuse('no storage in this place', 'one'),
}

export const readLegacy = (
  bytes: Uint8Array,
  refuse: Refuse,
): { value: Pickled; bytesOf: StorageBytes } => {
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
      const known = storages.get(storage.key)
      if (known === undefined) storages.set(storage.key, storage)
      else if (known.type !== storage.type || known.size !== storage.size)
        refuse(`storage ${storage.key} as before`, 'of another type or size')
      return known ?? storage
    },
  })
  const keys = next()
  if (!Array.isArray(keys)) return refuse('a list of storage keys', shown(keys))
  const found = new Map<string, Uint8Array>()
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  for (const key of keys) {
    const storage = storages.get(key)
    if (storage === undefined || found.has(key))
      return refuse('the keys of the storages, once each', shown(key))
    if (end + 8 > bytes.length) refuse(`storage ${key} at byte ${end}`, 'the end of the file')
    const count = view.getBigInt64(end, true)
    if (count !== BigInt(storage.size))
      refuse(`${storage.size} elements of storage ${key}`, `${count}`)
    const size = byteSize(storage)
    if (end + 8 + size > bytes.length)
      refuse(`${size} bytes of storage ${key}`, `${bytes.length - end - 8}`)
    found.set(key, bytes.subarray(end + 8, end + 8 + size))
    end += 8 + size
  }
  const lost = [...storages.keys()].find(key => !found.has(key))
  if (lost !== undefined) refuse(`storage ${lost}`, 'a file without it')
  return { value, bytesOf: ({ key }) => found.get(key) ?? new Uint8Array() }
}
