/**
 * Tensors of a PyTorch checkpoint: a storage of elements, and a view of it by offset, shape and
 * strides (torch/_utils.py, _rebuild_tensor_v2). A view is checked when it is met, and read when it
 * is asked for.
 */

import { formatShape, type Refuse } from '../../errors/index.ts'
import { type Shape, sizeOf } from '../../graph/index.ts'
import { bfloat16, half } from '../../tensor/float16.ts'
import type { ByteSource } from '../byteSource.ts'
import { type Entry, isCount } from '../stored.ts'
import { Mark, type Pickled, shown } from './pickle.ts'

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
export type StorageBytes = (storage: Storage) => ByteSource

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

const counts = (value: Pickled, what: string, refuse: Refuse): readonly number[] =>
  Array.isArray(value) && value.length <= MOST_DIMENSIONS && value.every(isCount)
    ? value
    : refuse(`${what} of at most ${MOST_DIMENSIONS} whole numbers`, String(typeof value))

/** As Python 2 and pickles of protocol 0 write the id of a storage: as the text of the tuple. */
const ID_TEXT =
  /^\('storage', <class 'torch\.(?<type>\w{1,40})'>, '(?<key>\w{1,40})', '[\w:]{1,40}', (?<size>\d{1,15})(?:, None)?\)$/

/**
 * The storage that a persistent id names: ('storage', class, key, device, size, …); a mark where its
 * elements are of a type that no weights here have.
 */
export const storageOf = (given: Pickled, refuse: Refuse): Storage | Mark => {
  const {
    type: typeText,
    key: keyText,
    size: sizeText,
  } = (typeof given === 'string' && ID_TEXT.exec(given)?.groups) || {}
  const id =
    typeText === undefined
      ? given
      : ['storage', new Mark(`torch.${typeText}`), keyText, '', Number(sizeText)]
  if (!Array.isArray(id)) return refuse('the id of a storage', typeof id)
  const [kind, type, key, , size] = id
  // The older stream names the source code of a whole network's classes so.
  if (kind === 'module' && type instanceof Mark) return new Mark(type.name)
  const name = type instanceof Mark ? CLASS.exec(type.name)?.[1] : undefined
  if (kind !== 'storage' || name === undefined || typeof key !== 'string' || !isCount(size))
    return refuse('the id of a storage', 'something else')
  if (key.length > LONGEST_KEY)
    return refuse(`storage keys of at most ${LONGEST_KEY} characters`, `${key.length}`)
  if (id[5] !== undefined && id[5] !== null)
    return refuse('storages of their own', 'a view of another', 'Save it again with PyTorch 1.6+')
  return Object.hasOwn(ELEMENTS, name)
    ? new Storage(name as ElementType, key, size)
    : new Mark(`torch.${name}Storage`)
}

/** A view that repeats elements, such as an expanded vector, may be as large as this whatever it views. */
const MOST_REPEATED = 2 ** 20

const rebuild = (args: readonly Pickled[], refuse: Refuse): View | Mark => {
  const [storage, offset, size, stride] = args
  if (storage instanceof Mark) return new Mark(`a tensor of ${storage.name}`)
  if (!(storage instanceof Storage)) return refuse('a tensor of a storage', shown(storage))
  if (!isCount(offset)) return refuse('an offset into a storage', shown(offset))
  const shape = counts(size, 'a shape', refuse)
  const strides = counts(stride, 'strides', refuse)
  if (strides.length !== shape.length)
    refuse(`${shape.length} strides for shape ${formatShape(shape)}`, `${strides.length}`)
  const elements = sizeOf(shape)
  if (
    !(elements <= Math.max(storage.size, MOST_REPEATED)) ||
    (elements > 0 && lastOf(offset, shape, strides) >= storage.size)
  )
    refuse(
      `tensors within their storage of ${storage.size} elements`,
      `shape ${formatShape(shape)} with strides ${formatShape(strides)} from ${offset}`,
    )
  return new View(storage, offset, shape, strides)
}

/** The index of a view's last element within its storage. */
const lastOf = (offset: number, shape: Shape, strides: readonly number[]): number =>
  shape.reduce((index, length, axis) => index + (length - 1) * strides[axis], offset)

type Call = NonNullable<Mark['call']>

/** Only of a list, as old versions of Python write it, which is emptied: calling again costs nothing. */
const orderedDict: Call = ([pairs = []], refuse) => {
  if (
    !Array.isArray(pairs) ||
    (Object.isFrozen(pairs) && pairs.length > 0) ||
    !pairs.every(pair => Array.isArray(pair) && pair.length === 2)
  )
    return refuse('the pairs of an OrderedDict', shown(pairs))
  return new Map(Object.isFrozen(pairs) ? [] : pairs.splice(0))
}

const parameter: Call = ([tensor], refuse) =>
  tensor instanceof View || tensor instanceof Mark
    ? tensor
    : refuse('a parameter of a tensor', shown(tensor))

/** A tensor with attributes, (function, class, arguments, state): what the function makes of the arguments. */
const fromType: Call = ([make, , args], refuse) =>
  make instanceof Mark && TENSOR.test(make.name) && make.call && Array.isArray(args)
    ? make.call(args, refuse)
    : new Mark('a tensor of another class')

const TENSOR = /^torch\._utils\._rebuild_/

/** Longer texts are no names. */
const LONGEST_TEXT = 4096

/** How bytes are written before protocol 3: as the text of Latin-1. */
const encode: Call = ([text]) =>
  typeof text === 'string' && text.length <= LONGEST_TEXT
    ? Buffer.from(text, 'latin1')
    : new Mark('_codecs.encode')

/** NumPy's scalars: text is kept, as names are sometimes written with it. */
const scalar: Call = ([type, bytes]) => {
  const isText = type instanceof Mark && typeof type.detail === 'string' && /^U\d/.test(type.detail)
  if (!isText || !(bytes instanceof Uint8Array) || bytes.length > LONGEST_TEXT)
    return new Mark('numpy scalar')
  const codes = new Uint32Array(Uint8Array.from(bytes.subarray(0, bytes.length & ~3)).buffer)
  return String.fromCodePoint(...codes.filter(code => code > 0 && code <= 0x10ffff))
}

/** All that a checkpoint may call; whatever else it names is a mark. */
export const GLOBALS: ReadonlyMap<string, Mark> = new Map(
  Object.entries<Call>({
    'collections.OrderedDict': orderedDict,
    'collections.defaultdict': () => new Map(),
    'torch._utils._rebuild_tensor': rebuild,
    'torch._utils._rebuild_tensor_v2': rebuild,
    'torch._utils._rebuild_parameter': parameter,
    'torch._utils._rebuild_parameter_with_state': parameter,
    'torch._tensor._rebuild_from_type_v2': fromType,
    'torch.Size': ([size], refuse) => counts(size, 'a size', refuse),
    '_codecs.encode': encode,
    'numpy.dtype': ([format]) => new Mark('numpy.dtype', undefined, format),
    'numpy.core.multiarray.scalar': scalar,
    'numpy._core.multiarray.scalar': scalar,
  }).map(([name, call]) => [name, new Mark(name, call)]),
)

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
    const source = bytesOf(storage)
    const data = new Float32Array(sizeOf(shape))
    if (data.length === 0) return data
    const { bytes: width, read } = ELEMENTS[storage.type]
    const bytes = source.read(offset * width, (lastOf(offset, shape, strides) + 1) * width)
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    if (isContiguous(tensor)) {
      for (let i = 0; i < data.length; i++) data[i] = read(view, i * width)
      return data
    }
    const index = new Array<number>(shape.length).fill(0)
    let at = 0
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
