/**
 * A graph of a model as something to walk in: who makes a value, and what it is. Graphs within nodes
 * (the branches of an If, the bodies of Loop and Scan) know the values around them.
 */

import {
  type FileGraph,
  type FileModel,
  type FileNode,
  intsOf,
  numbersOf,
  type OnnxFileTensor,
} from '../onnx/read/index.ts'
import { inferShapes, innerShapes, type Shapes } from '../onnx/shapeInference.ts'
import type { Shape } from '../onnx/shapeRules.ts'

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

/** What spreads a gate over its map, as Expand does, where it has one place. */
const SPREADING: ReadonlySet<string> = new Set(['Resize', 'Upsample', 'Tile'])

const isSpread = (from: Shape | undefined, to: Shape | undefined): boolean =>
  from !== undefined &&
  from.length === to?.length &&
  from.every((size, i) => size === 1 || size === to[i])

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
  /** The one number that a constant, or what is computed from sizes, is in all of its elements. */
  number(value: string): number | undefined
  /** The graphs within its nodes; each is opened when it is asked for. */
  inner(): Iterable<Inner>
}

export interface Inner {
  /** The node's operator and the attribute that has the graph: `If then_branch`. */
  readonly where: string
  readonly network: Network
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

type Size = readonly [height: number, width: number]

/** The graphs in the attributes of a node, by the attributes' names. */
const graphsIn = ({ attributes }: FileNode): readonly (readonly [string, FileGraph])[] =>
  [...attributes].flatMap(([name, attribute]) =>
    attribute.kind === 'graph'
      ? [[name, attribute.value] as const]
      : attribute.kind === 'graphs'
        ? attribute.value.map(graph => [name, graph] as const)
        : [],
  )

/**
 * @param size - [height, width] for images of no fixed size
 */
export const openNetwork = (model: FileModel, size: Size = [224, 224]): Network =>
  openGraph(model, model.graph, size)

const openGraph = (
  model: FileModel,
  graph: FileGraph,
  size: Size,
  outer?: { readonly network: Network; readonly node: FileNode },
): Network => {
  const makers = new Map(
    graph.nodes.flatMap(node => node.outputs.map(name => [name, node] as const)),
  )
  const own = constantsOf(graph)
  // What a graph is given hides what has the same name around it.
  const given = new Set(graph.inputs.map(({ name }) => name))
  const around = outer?.network
  const maker = (value: string): FileNode | undefined =>
    makers.get(value) ?? (given.has(value) ? undefined : around?.maker(value))
  const stored = (value: string): OnnxFileTensor | undefined =>
    own.get(value) ?? (given.has(value) || makers.has(value) ? undefined : around?.constant(value))
  const origins = new Map<string, string>()
  const isCopy = (node: FileNode): boolean => {
    const { opType, domain, inputs, outputs } = node
    if (inputs.length === 0 || (domain !== '' && domain !== 'com.microsoft')) return false
    if (SPREADING.has(opType)) return isSpread(shapes.get(inputs[0]), shapes.get(outputs[0]))
    if (opType !== 'Pad') return SEEN_THROUGH.has(opType)
    const pads = intsOf(node, 'pads') ?? shapes.numbers(inputs[1] ?? '')
    return pads?.every(pad => pad === 0) === true
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
      const node = maker(at)
      // A second output, such as Dropout's mask, is no copy.
      if (node === undefined || node.outputs[0] !== at || !isCopy(node)) break
      passed.push(at)
      at = node.inputs[0]
    }
    for (const name of passed) origins.set(name, at)
    return at
  }
  const constant = (value: string): OnnxFileTensor | undefined => stored(origin(value))
  const plain = (value: string): number | undefined => {
    const node = maker(origin(value))
    if (node?.opType === 'Constant' && stored(node.outputs[0]) === undefined)
      return plainNumber(node)
    const tensor = constant(value)
    const [first, ...rest] = (tensor ? numbersOf(tensor) : shapes.numbers(origin(value))) ?? []
    return rest.every(value => value === first) ? first : undefined
  }
  const number = (value: string): number | undefined => {
    const found = plain(value)
    const node = maker(value)
    if (found === undefined || node?.opType !== 'DequantizeLinear') return found
    const [scale, zero] = [plain(node.inputs[1] ?? ''), node.inputs[2] ? plain(node.inputs[2]) : 0]
    return scale === undefined || zero === undefined ? undefined : (found - zero) * scale
  }
  const shapes = inferShapes(
    graph,
    own,
    size,
    around?.shapes,
    outer && innerShapes(outer.node, graph, outer.network.shapes),
  )
  const network: Network = {
    model,
    graph,
    shapes,
    maker,
    isCopy,
    origin,
    constant,
    number,
    *inner() {
      for (const node of graph.nodes)
        for (const [attribute, graph] of graphsIn(node))
          yield {
            where: `${node.opType} ${attribute}`,
            network: openGraph(model, graph, size, { network, node }),
          }
    },
  }
  return network
}
