/** A strict reader of `.onnx` files: a model as plain data, or an error that names rule and place. */

import { FileError } from '../../errors/index.ts'
import { quoted } from '../../text/visible.ts'
import { type ModelProto, model as modelMessage } from '../format/messages.ts'
import { LIMITS, type Limits, openReading } from '../format/wire.ts'
import { inlineFunctions } from './functions.ts'
import { readGraph } from './graph.ts'
import type { FileModel } from './record.ts'
import type { RefuseHere } from './tensor.ts'

export { LIMITS, type Limits } from '../format/wire.ts'
export { floatOf, intOf, intsOf, textOf } from './attribute.ts'
export type * from './record.ts'
export { elementCount, numbersOf, type OnnxFileTensor } from './tensor.ts'

/** How other files begin that are taken for models. */
const OTHERS: readonly (readonly [what: string, start: string, at?: number])[] = [
  ['a PNG image', '\x89PNG'],
  ['a JPEG image', '\xff\xd8\xff'],
  ['a ZIP archive, such as PyTorch writes', 'PK\x03\x04'],
  ['gzip-compressed data', '\x1f\x8b'],
  ['an HDF5 file, such as Keras writes', '\x89HDF'],
  ['a GGUF file', 'GGUF'],
  ['a flatbuffer of ONNX Runtime (.ort)', 'ORTM', 4],
  ['a TensorFlow Lite model', 'TFL3', 4],
  ['a pointer of Git LFS, not the file itself', 'version https://git-lfs'],
  ['a web page', '<'],
  ['JSON', '{'],
]

const SNIFFED = 64

const otherFormat = (bytes: Uint8Array): string | undefined => {
  const start = String.fromCharCode(...bytes.subarray(0, SNIFFED))
  const known = OTHERS.find(([, text, at = 0]) => start.startsWith(text, at))
  if (known !== undefined) return known[0]
  // A model begins with a tag, and no tag of one is a letter that is followed by more of them.
  return bytes.length > 0 && /^[\x20-\x7e\r\n\t]+$/.test(start) ? 'text' : undefined
}

const checkOpsets = ({ opset_import: opsets }: ModelProto, at: (place: string) => RefuseHere) => {
  if (opsets.length === 0) at('opset_import')('the versions of its operator sets', 'none')
  const versions = new Map<string, number>()
  for (const [i, { domain = '', version = 0 }] of opsets.entries()) {
    const name = domain === 'ai.onnx' ? '' : domain
    const refuse = at(`opset_import[${i}]`)
    if (versions.has(name)) refuse('each domain once', `${quoted(name)} again`)
    if (!(version >= 1 && version <= 0x7fffffff)) refuse('a version from 1', `${version}`)
    versions.set(name, version)
  }
  return versions
}

const checkMetadata = (
  { metadata_props: entries }: ModelProto,
  at: (place: string) => RefuseHere,
) => {
  const metadata = new Map<string, string>()
  for (const [i, { key = '', value = '' }] of entries.entries()) {
    if (metadata.has(key)) at(`metadata_props[${i}]`)('each key once', `${quoted(key)} again`)
    metadata.set(key, value)
  }
  return metadata
}

/** What refuses a file, by the place where it is at fault. */
const refusing =
  (file: string) =>
  (place: string): RefuseHere =>
  (expected, got, hint = 'The file is damaged or not ONNX') => {
    throw new FileError({ where: file, expected, got, context: place, hint })
  }

/** The bytes of a model that can be read, with its local functions put in the place of their calls. */
export const withoutFunctions = (bytes: Uint8Array, file: string): Uint8Array => {
  const proto = modelMessage.body(openReading(bytes, file, LIMITS), bytes.length)
  return modelMessage.encode(inlineFunctions(proto, LIMITS.nodes, refusing(file)))
}

/**
 * Reads a model. Tensors are views of the bytes; names are kept in maps, so that none is special.
 * @param file - its name, for messages
 * @throws FileError for whatever is not a whole and consistent model, within the limits
 */
export const readOnnx = (bytes: Uint8Array, file: string, limits: Limits = LIMITS): FileModel => {
  const at = refusing(file)
  if (bytes.length === 0) at('byte 0')('an ONNX model', 'an empty file')
  if (bytes.length > limits.bytes)
    at('its size')(`at most ${limits.bytes} bytes`, `${bytes.length}`)
  const other = otherFormat(bytes)
  if (other !== undefined) at('byte 0')('an ONNX model', other, 'Give the .onnx file itself')
  const written = modelMessage.body(openReading(bytes, file, limits), bytes.length)
  checkOpsets(written, at)
  const proto = inlineFunctions(written, limits.nodes, at)
  const {
    ir_version: irVersion = 0,
    producer_name: name = '',
    producer_version: version = '',
  } = proto
  if (!(irVersion >= 1 && irVersion <= 0x7fffffff))
    at('ir_version')('a version from 1', `${irVersion}`)
  const graph = proto.graph ?? at('graph')('a graph', 'none')
  return {
    irVersion,
    producer: `${name} ${version}`.trim(),
    opsets: checkOpsets(proto, at),
    metadata: checkMetadata(proto, at),
    functions: written.functions.length,
    graph: readGraph(graph, 'graph', { elements: limits.elements, outer: new Set(), at }),
  }
}
