/**
 * PyTorch checkpoints: the tensors of a state dict by name, from a zip archive or the older stream,
 * bare or in the wrappers that training scripts put around it.
 */

import { FileError } from '../../errors/index.ts'
import type { Entry, Refuse } from '../stored.ts'
import { isLegacy, readLegacy } from './legacy.ts'
import { type Pickled, shown, unpickle } from './pickle.ts'
import { byteSize, entryOf, GLOBALS, type StorageBytes, storageOf, View } from './tensor.ts'
import { type Archive, isZip, openZip } from './zip.ts'

/** Keys that training scripts keep weights under, the more likely to be meant first. */
const WRAPPERS = ['state_dict', 'model_state_dict', 'model_state', 'model', 'net', 'weights']

const DEEPEST = 3

const tensorsOf = (value: Pickled): Map<string, View> =>
  new Map(
    value instanceof Map
      ? [...value].filter(
          (pair): pair is [string, View] => typeof pair[0] === 'string' && pair[1] instanceof View,
        )
      : [],
  )

/** The state dict in what a file holds: that under a known key, or the value itself. */
const stateDict = (value: Pickled, refuse: Refuse, depth = 0): Map<string, View> => {
  if (!(value instanceof Map)) return refuse('a dict of tensors', describe(value))
  const wrapper = WRAPPERS.find(key => value.get(key) instanceof Map)
  if (wrapper !== undefined && depth < DEEPEST)
    return stateDict(value.get(wrapper), refuse, depth + 1)
  const tensors = tensorsOf(value)
  if (tensors.size > 0) return tensors
  const keys = [...value.keys()].slice(0, 5).map(shown)
  return refuse(
    `a dict of tensors, or one under ${WRAPPERS.join(', ')}`,
    `${value.size} entries without a tensor (${keys.join(', ')})`,
  )
}

const describe = (value: Pickled): string =>
  value instanceof View ? 'a single tensor' : Array.isArray(value) ? 'a list' : typeof value

const PICKLE = /^([^/]+)\/data\.pkl$/

const readArchive = (
  archive: Archive,
  refuse: Refuse,
): { value: Pickled; bytesOf: StorageBytes } => {
  const folder = [...archive.keys()].flatMap(name => PICKLE.exec(name)?.[1] ?? [])
  if (folder.length !== 1)
    refuse('one data.pkl in the archive', `${folder.length}`, 'This is no file of torch.save')
  const [root] = folder
  const entry = (name: string): Uint8Array | undefined => archive.get(`${root}/${name}`)?.()
  if (archive.has(`${root}/constants.pkl`))
    refuse(
      'a state dict',
      'a TorchScript program',
      'Save its weights, in Python: torch.save(torch.jit.load(file).state_dict(), other)',
    )
  const order = entry('byteorder')
  if (order !== undefined && new TextDecoder().decode(order) !== 'little')
    refuse('a file written on a little-endian machine', 'another byte order')
  const bytesOf: StorageBytes = storage =>
    entry(`data/${storage.key}`) ?? refuse(`storage ${storage.key}`, 'a file without it')
  const pickle = entry('data.pkl') ?? refuse('data.pkl', 'none')
  const { value } = unpickle(pickle, 0, refuse, {
    globals: GLOBALS,
    persistent: id => storageOf(id, refuse),
  })
  return {
    value,
    bytesOf: storage => {
      const bytes = bytesOf(storage)
      if (bytes.length !== byteSize(storage))
        refuse(`${byteSize(storage)} bytes of storage ${storage.key}`, `${bytes.length}`)
      return bytes
    },
  }
}

export const isCheckpoint = (bytes: Uint8Array): boolean => isZip(bytes) || isLegacy(bytes)

/**
 * Reads a checkpoint.
 * @param file - its name, for messages
 * @throws FileError for a damaged file, and for one that holds more than tensors and containers;
 * a tensor's own read() for damage in its bytes
 */
export const readCheckpoint = (bytes: Uint8Array, file: string): ReadonlyMap<string, Entry> => {
  const refuse: Refuse = (expected, got, hint = 'The file is damaged or no PyTorch checkpoint') => {
    throw new FileError({ where: file, expected, got, hint })
  }
  const { value, bytesOf } = isZip(bytes)
    ? readArchive(openZip(bytes, refuse), refuse)
    : readLegacy(bytes, refuse)
  return new Map(
    [...stateDict(value, refuse)].map(([name, tensor]) => [name, entryOf(tensor, bytesOf)]),
  )
}
