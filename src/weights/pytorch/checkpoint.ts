/**
 * PyTorch checkpoints: the tensors of a state dict by name, from a zip archive or the older stream,
 * bare or in the wrappers that training scripts put around it.
 */

import { FileError, type Refuse, refuser } from '../../errors/index.ts'
import { type ByteSource, type Bytes, byteSource } from '../byteSource.ts'
import type { WeightChoice, Weights } from '../stored.ts'
import { isLegacy, readLegacy } from './legacy.ts'
import { Mark, type Pickled, shown, unpickle } from './pickle.ts'
import { byteSize, entryOf, GLOBALS, type StorageBytes, storageOf, View } from './tensor.ts'
import { isZip, openZip } from './zip.ts'

/** Keys that training scripts keep weights under, the more likely to be meant first. */
const WRAPPERS = [
  'state_dict',
  'model_state_dict',
  'model_state',
  'model',
  'net',
  'network',
  'weights',
  'params',
  'module',
  'student',
]

/** Keys of a running average of the weights: timm's, torchvision's and others'. */
const AVERAGES = [
  'state_dict_ema',
  'model_ema',
  'ema_state_dict',
  'model_ema_state_dict',
  'ema_model',
  'ema',
  'params_ema',
  'teacher',
]

const DEEPEST = 3
const SAVE_ALONE = 'Save the weights alone, in Python: torch.save(model.state_dict(), file)'

/** The tensors of a dict, and what stands in the place of some. */
interface StateDict {
  readonly key: string
  readonly tensors: ReadonlyMap<Pickled, Pickled>
}

const isStateDict = (value: Pickled): value is ReadonlyMap<Pickled, Pickled> =>
  value instanceof Map &&
  [...value].some(([key, tensor]) => typeof key === 'string' && tensor instanceof View)

/** The state dict that a value is, or holds under one of some keys. */
const stateDictIn = (
  value: Pickled,
  keys: readonly string[],
  key = '',
  depth = 0,
): StateDict | undefined => {
  if (!(value instanceof Map) || depth > DEEPEST) return undefined
  for (const own of keys) {
    const held = value.get(own)
    const found =
      stateDictIn(held, WRAPPERS, own, depth + 1) ??
      (isStateDict(held) ? { key: own, tensors: held } : undefined)
    if (found !== undefined) return found
  }
  return depth > 0 && isStateDict(value) ? { key, tensors: value } : undefined
}

/** The only dict of tensors of all that a file holds. */
const onlyStateDict = (value: ReadonlyMap<Pickled, Pickled>): StateDict | undefined => {
  const found = [...value].filter(([key, held]) => typeof key === 'string' && isStateDict(held))
  return found.length === 1
    ? { key: found[0][0] as string, tensors: found[0][1] as Map<Pickled, Pickled> }
    : undefined
}

const kindOf = (value: Pickled): string =>
  value instanceof View
    ? 'a single tensor'
    : value instanceof Mark || Array.isArray(value)
      ? shown(value)
      : typeof value

/** The two sets of weights of what a file holds; either may be missing, but not both. */
const choices = (
  value: Pickled,
  refuse: Refuse,
): { plain: StateDict | undefined; average: StateDict | undefined } => {
  if (value instanceof Map) {
    const average = stateDictIn(value, AVERAGES)
    const plain =
      stateDictIn(value, WRAPPERS) ??
      (isStateDict(value) ? { key: '', tensors: value } : undefined) ??
      (average ? undefined : onlyStateDict(value))
    if (plain ?? average) return { plain, average }
  }
  const objects = value instanceof Map ? [...value.values()] : [value]
  const whole = objects.find(held => held instanceof Mark)
  if (whole instanceof Mark)
    return refuse(
      'a dict of tensors',
      `the Python object ${whole.name} in place of weights`,
      SAVE_ALONE,
    )
  if (!(value instanceof Map)) return refuse('a dict of tensors', kindOf(value), SAVE_ALONE)
  const keys = [...value.keys()].slice(0, 5).map(shown)
  return refuse(
    `a dict of tensors, or one under ${WRAPPERS.join(', ')}`,
    `${value.size} entries without weights (${keys.join(', ')})`,
    SAVE_ALONE,
  )
}

/** What PyTorch makes other tensors by, and what to call them. */
const OTHER_TENSORS: readonly (readonly [made: RegExp, name: string])[] = [
  [/_rebuild_q/, 'a quantized tensor'],
  [/_rebuild_sparse/, 'a sparse tensor'],
  [/^torch\._utils\._rebuild|^torch\._tensor\.|^a tensor of/, 'a tensor of another kind'],
]

const tensorsOf = ({ tensors }: StateDict, refuse: Refuse): [name: string, tensor: View][] =>
  [...tensors].flatMap(([name, tensor]): [string, View][] => {
    if (typeof name !== 'string') return []
    if (tensor instanceof View) return [[name, tensor]]
    const other =
      tensor instanceof Mark && OTHER_TENSORS.find(([made]) => made.test(tensor.name))?.[1]
    return other ? refuse(`${shown(name)} as a plain tensor`, other, SAVE_ALONE) : []
  })

/** What a checkpoint calls its network: timm and PyTorch's examples say arch, torchvision args.model. */
const architectureOf = (value: Pickled): string | undefined => {
  if (!(value instanceof Map)) return undefined
  const args = value.get('args')
  const given = args instanceof Mark ? args.detail : args
  const named = [
    value.get('arch'),
    given instanceof Map ? (given.get('model') ?? given.get('arch')) : undefined,
  ]
  return named.find(name => typeof name === 'string')
}

const PICKLE = /^([^/]+)\/data\.pkl$/

const readArchive = (
  source: ByteSource,
  refuse: Refuse,
): { value: Pickled; bytesOf: StorageBytes } => {
  const archive = openZip(source, refuse)
  const program = [...archive.keys()].some(name => /^[^/]+\/constants\.pkl$/.test(name))
  if (program)
    refuse(
      'a state dict',
      'a TorchScript program',
      'Save its weights, in Python: torch.save(torch.jit.load(file).state_dict(), other)',
    )
  const folder = [...archive.keys()].flatMap(name => PICKLE.exec(name)?.[1] ?? [])
  if (folder.length !== 1)
    refuse('one data.pkl in the archive', `${folder.length}`, 'This is no file of torch.save')
  const [root] = folder
  const content = (name: string): Uint8Array | undefined => {
    const entry = archive.get(`${root}/${name}`)
    return entry?.read(0, entry.size)
  }
  const order = content('byteorder')
  if (order !== undefined && new TextDecoder().decode(order) !== 'little')
    refuse('a file written on a little-endian machine', 'another byte order')
  const pickle = content('data.pkl') ?? refuse('data.pkl', 'none')
  const { value } = unpickle(pickle, 0, refuse, {
    globals: GLOBALS,
    persistent: id => storageOf(id, refuse),
  })
  return {
    value,
    bytesOf: storage => {
      const entry =
        archive.get(`${root}/data/${storage.key}`) ??
        refuse(`storage ${storage.key}`, 'a file without it')
      if (entry.size !== byteSize(storage))
        refuse(`${byteSize(storage)} bytes of storage ${storage.key}`, `${entry.size}`)
      return entry
    },
  }
}

/** @param start - the first bytes of a file */
export const isCheckpoint = (start: Uint8Array): boolean => isZip(start) || isLegacy(start)

/**
 * Reads a checkpoint.
 * @param file - its name, for messages
 * @throws FileError for a damaged file, and for one that holds no plain tensors; a tensor's own
 * read() for damage in its bytes
 */
export const readCheckpoint = (bytes: Bytes, file: string, { ema }: WeightChoice = {}): Weights => {
  const source = byteSource(bytes)
  const refuse: Refuse = refuser(FileError, file, 'The file is damaged or no PyTorch checkpoint')
  const { value, bytesOf } = isZip(source.read(0, Math.min(4, source.size)))
    ? readArchive(source, refuse)
    : readLegacy(source, refuse)
  const { plain, average } = choices(value, refuse)
  const missing = ema === true ? average : ema === false ? plain : (average ?? plain)
  const chosen =
    missing ??
    refuse(
      ema ? 'a running average of the weights' : 'weights that are no running average',
      'none',
      'Leave the choice out',
    )
  const both = plain !== undefined && average !== undefined
  return {
    entries: new Map(
      tensorsOf(chosen, refuse).map(([name, tensor]) => [name, entryOf(tensor, bytesOf)]),
    ),
    notes: both
      ? [
          chosen === average
            ? `the running average (EMA) of the weights was taken, ${average.key}; ${plain.key || 'the others'} are the weights without it`
            : `the weights without their running average were taken, ${plain.key}; ${average.key} is their average (EMA)`,
        ]
      : [],
    architecture: architectureOf(value),
  }
}
