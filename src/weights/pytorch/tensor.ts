/**
 * Tensors of a PyTorch checkpoint: a storage of elements, and a view of it by offset, shape and
 * strides (torch/_utils.py, _rebuild_tensor_v2). A view is checked when it is met, and read when it
 * is asked for.
 */

import { formatShape } from '../../errors/index.ts'
import { type Shape, sizeOf } from '../../graph/index.ts'
import { half } from '../../tensor/float16.ts'
import type { Entry, Refuse } from '../stored.ts'
import { type Global, isGlobal, type Pickled, shown } from './pickle.ts'

interface Elements {
  readonly bytes: number
  readonly read: (view: DataView, at: number) => number
}

const ELEMENTS = {
  Double: { bytes: 8, read: (view, at) => view.getFloat64(at, true) },
  Float: { bytes: 4, read: (view, at) => view.getFloat32(at, true) },
  Half: { bytes: 2, read: (view, at) => half(view.getUint16(at, true)) },
  BFloat16: { bytes: 2, read: (view, at) => bfloat16(view.getUint16(at, true)) },
  Long: { bytes: 8, read: (view, at) => Number(view.getBigInt64(at, true)) },
  Int: { bytes: 4, read: (view, at) => view.getInt32(at, true) },
  Short: { bytes: 2, read: (view, at) => view.getInt16(at, true) },
  Char: { bytes: 1, read: (view, at) => view.getInt8(at) },
  Byte: { bytes: 1, read: (view, at) => view.getUint8(at) },
  Bool: { bytes: 1, read: (view, at) => view.getUint8(at) },
} satisfies Record<string, Elements>

type ElementType = keyof typeof ELEMENTS

const word = new DataView(new ArrayBuffer(4))
const bfloat16 = (bits: number): number => {
  word.setUint32(0, bits << 16)
  return word.getFloat32(0)
}

/** What a tensor is a view of; its bytes may come later in the file than the tensor itself. */
export class Storage {
  readonly type: ElementType
  readonly key: string
  /** In elements. */
  readonly size: number

  constructor(type: ElementType, key: string, size: number) {
    this.type = type
    this.key = key
    this.size = size
  }
}

/** The bytes of a storage. */
export type StorageBytes = (storage: Storage) => Uint8Array

/** A tensor as the pickle describes it. */
export class View {
  readonly storage: Storage
  readonly offset: number
  readonly shape: Shape
  readonly strides: readonly number[]

  constructor(storage: Storage, offset: number, shape: Shape, strides: readonly number[]) {
    this.storage = storage
    this.offset = offset
    this.shape = shape
    this.strides = strides
  }
}

const CLASS = /^torch\.(.+)Storage$/
const MOST_DIMENSIONS = 16
/** PyTorch's are numbers as text. */
const LONGEST_KEY = 40

const isCount = (value: unknown): value is number =>
  typeof value === 'number' && Number.isSafeInteger(value) && value >= 0

const counts = (value: Pickled, what: string, refuse: Refuse): readonly number[] =>
  Array.isArray(value) && value.length <= MOST_DIMENSIONS && value.every(isCount)
    ? value
    : refuse(`${what} of at most ${MOST_DIMENSIONS} whole numbers`, String(typeof value))

/** The storage that a persistent id names: ('storage', class, key, device, size, …). */
export const storageOf = (id: Pickled, refuse: Refuse): Storage => {
  if (!Array.isArray(id)) return refuse('the id of a storage', typeof id)
  const [kind, type, key, , size] = id
  const name = isGlobal(type) ? CLASS.exec(type.name)?.[1] : undefined
  if (kind !== 'storage' || name === undefined || typeof key !== 'string' || !isCount(size))
    return refuse('the id of a storage', 'something else')
  if (key.length > LONGEST_KEY)
    return refuse(`storage keys of at most ${LONGEST_KEY} characters`, `${key.length}`)
  if (id[5] !== undefined && id[5] !== null)
    return refuse('storages of their own', 'a view of another', 'Save it again with PyTorch 1.6+')
  return new Storage(name as ElementType, key, size)
}

const rebuild = (args: readonly Pickled[], refuse: Refuse): View => {
  const [storage, offset, size, stride] = args
  if (!(storage instanceof Storage)) return refuse('a tensor of a storage', typeof storage)
  if (!isCount(offset)) return refuse('an offset into a storage', shown(offset))
  const shape = counts(size, 'a shape', refuse)
  const strides = counts(stride, 'strides', refuse)
  if (strides.length !== shape.length)
    refuse(`${shape.length} strides for shape ${formatShape(shape)}`, `${strides.length}`)
  const elements = sizeOf(shape)
  const last = shape.reduce((index, length, axis) => index + (length - 1) * strides[axis], offset)
  // Not even a view that repeats elements may be larger than what the file holds.
  if (!(elements <= storage.size) || (elements > 0 && last >= storage.size))
    refuse(
      `tensors within their storage of ${storage.size} elements`,
      `shape ${formatShape(shape)} with strides ${formatShape(strides)} from ${offset}`,
    )
  return new View(storage, offset, shape, strides)
}

const known = (name: string, call?: Global['call']): [string, Global] => [
  name,
  call === undefined ? { name } : { name, call },
]

const orderedDict: Global['call'] = ([pairs = []], refuse) => {
  if (!Array.isArray(pairs) || !pairs.every(pair => Array.isArray(pair) && pair.length === 2))
    return refuse('the pairs of an OrderedDict', typeof pairs)
  // Taken out of their list, so that calling again with the same list does no work again.
  return new Map(Object.isFrozen(pairs) ? [] : pairs.splice(0))
}

/** All that a checkpoint may call or name. */
export const GLOBALS: ReadonlyMap<string, Global> = new Map([
  known('collections.OrderedDict', orderedDict),
  known('torch._utils._rebuild_tensor', rebuild),
  known('torch._utils._rebuild_tensor_v2', rebuild),
  known('torch._utils._rebuild_parameter', ([tensor], refuse) =>
    tensor instanceof View ? tensor : refuse('a parameter of a tensor', typeof tensor),
  ),
  known('torch.Size', ([size], refuse) => counts(size, 'a size', refuse)),
  ...Object.keys(ELEMENTS).map(type => known(`torch.${type}Storage`)),
])

/** How many bytes a storage takes in the file. */
export const byteSize = ({ type, size }: Storage): number => ELEMENTS[type].bytes * size

/** Row-major strides of a shape. */
const isContiguous = ({ shape, strides }: View): boolean => {
  let expected = 1
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    if (shape[axis] !== 1 && strides[axis] !== expected) return false
    expected *= shape[axis]
  }
  return true
}

/** A tensor of a file whose storages are at hand. */
export const entryOf = (tensor: View, bytesOf: StorageBytes): Entry => ({
  dtype: tensor.storage.type,
  shape: tensor.shape,
  read: () => {
    const { storage, offset, shape, strides } = tensor
    const bytes = bytesOf(storage)
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    const { bytes: width, read } = ELEMENTS[storage.type]
    const data = new Float32Array(sizeOf(shape))
    if (isContiguous(tensor)) {
      for (let i = 0; i < data.length; i++) data[i] = read(view, (offset + i) * width)
      return data
    }
    const index = new Array<number>(shape.length).fill(0)
    let at = offset
    for (let i = 0; i < data.length; i++) {
      data[i] = read(view, at * width)
      for (let axis = shape.length - 1; axis >= 0; axis--) {
        at += strides[axis]
        if (++index[axis] < shape[axis]) break
        at -= strides[axis] * shape[axis]
        index[axis] = 0
      }
    }
    return data
  },
})
