/** A model's main graph as something to walk in: who makes a value, who takes it, what it is. */

import {
  type FileGraph,
  type FileModel,
  type FileNode,
  numbersOf,
  type OnnxFileTensor,
} from '../../engines/onnx/read/index.ts'
import { inferShapes, type Shapes } from './shapes.ts'

/**
 * What leaves the numbers of a value as they are, or moves them without mixing them: between the
 * parts of a block it says nothing.
 */
const SEEN_THROUGH: ReadonlySet<string> = new Set([
  'Identity',
  'Cast',
  'CastLike',
  'Dropout',
  'Reshape',
  'Flatten',
  'Squeeze',
  'Unsqueeze',
  'Transpose',
  'Expand',
  'QuantizeLinear',
  'DequantizeLinear',
])

export interface Network {
  readonly model: FileModel
  readonly graph: FileGraph
  /** Sizes of values, as far as the file or its operators tell them. */
  readonly shapes: Shapes
  maker(value: string): FileNode | undefined
  /** Whether a node but copies, casts or moves what it takes. */
  isCopy(node: FileNode): boolean
  /** The value that this one is a copy, a cast or another shape of. */
  origin(value: string): string
  /** A tensor of the file: an initializer, or the value of a Constant, whatever its shape is now. */
  constant(value: string): OnnxFileTensor | undefined
  /** The one number that a constant is, or that all of its elements are. */
  number(value: string): number | undefined
}

const constantOf = (node: FileNode | undefined): OnnxFileTensor | undefined => {
  const value = node?.opType === 'Constant' ? node.attributes.get('value') : undefined
  return value?.kind === 'tensor' ? value.value : undefined
}

/** The number in a Constant that is written without a tensor. */
const plainNumber = ({ attributes }: FileNode): number | undefined => {
  const value = attributes.get('value_float') ?? attributes.get('value_int')
  return value?.kind === 'float' || value?.kind === 'int' ? value.value : undefined
}

/** The tensors of a graph by the names of their values. */
export const constantsOf = ({
  nodes,
  initializers,
}: FileGraph): ReadonlyMap<string, OnnxFileTensor> => {
  const constants = new Map(initializers)
  for (const node of nodes) {
    const tensor = constantOf(node)
    if (tensor !== undefined) constants.set(node.outputs[0], tensor)
  }
  return constants
}

/**
 * @param size - [height, width] for pictures of no fixed size
 */
export const openNetwork = (
  model: FileModel,
  size: readonly [height: number, width: number] = [224, 224],
): Network => {
  const { graph } = model
  const makers = new Map(
    graph.nodes.flatMap(node => node.outputs.map(name => [name, node] as const)),
  )
  const constants = constantsOf(graph)
  const origins = new Map<string, string>()
  const isCopy = ({ opType, domain, inputs }: FileNode): boolean => {
    if (inputs.length === 0 || (domain !== '' && domain !== 'com.microsoft')) return false
    if (opType !== 'Pad') return SEEN_THROUGH.has(opType)
    const pads = constants.get(inputs[1] ?? '')
    return pads !== undefined && numbersOf(pads)?.every(pad => pad === 0) === true
  }
  const origin = (value: string): string => {
    const passed: string[] = []
    let at = value
    for (;;) {
      const known = origins.get(at)
      if (known !== undefined) {
        at = known
        break
      }
      const node = makers.get(at)
      // A second output, such as Dropout's mask, is no copy.
      if (node === undefined || node.outputs[0] !== at || !isCopy(node)) break
      passed.push(at)
      at = node.inputs[0]
    }
    for (const name of passed) origins.set(name, at)
    return at
  }
  const constant = (value: string): OnnxFileTensor | undefined => constants.get(origin(value))
  const stored = (value: string): number | undefined => {
    const node = makers.get(origin(value))
    if (node?.opType === 'Constant' && !constants.has(node.outputs[0])) return plainNumber(node)
    const tensor = constant(value)
    const [first, ...rest] = (tensor && numbersOf(tensor)) ?? []
    return rest.every(value => value === first) ? first : undefined
  }
  const number = (value: string): number | undefined => {
    const found = stored(value)
    const node = makers.get(value)
    if (found === undefined || node?.opType !== 'DequantizeLinear') return found
    const [scale, zero] = [
      stored(node.inputs[1] ?? ''),
      node.inputs[2] ? stored(node.inputs[2]) : 0,
    ]
    return scale === undefined || zero === undefined ? undefined : (found - zero) * scale
  }
  return {
    model,
    graph,
    shapes: inferShapes(graph, constants, size),
    maker: value => makers.get(value),
    isCopy,
    origin,
    constant,
    number,
  }
}
