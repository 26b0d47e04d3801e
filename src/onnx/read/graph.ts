/** The rules of a graph: every name has one maker, and every value is made before it is taken. */

import { quoted } from '../../text/visible.ts'
import { dtypeName } from '../format/dtypes.ts'
import type { GraphProto, NodeProto, ValueInfoProto } from '../format/messages.ts'
import { type Inner, readAttribute } from './attribute.ts'
import type { Dimension, FileGraph, FileNode, FileValue } from './record.ts'
import { checkTensor, type OnnxFileTensor, type RefuseHere } from './tensor.ts'

/** Which names mean something. */
interface Scope {
  has(name: string): boolean
}

/** Where in the file, and what is known there. */
export interface Context {
  readonly elements: number
  /** Of the graphs around this one. */
  readonly outer: Scope
  at(place: string): RefuseHere
}

const readDimension = (value: number | undefined, name: string | undefined): Dimension =>
  // Some exporters write -1 for what they do not know.
  name ? name : value === -1 ? undefined : value

const readValue = (proto: ValueInfoProto, refuse: RefuseHere): FileValue => {
  const { name = '', type } = proto
  if (name === '') refuse('a name', 'none')
  const { elem_type: code, shape } = type?.tensor_type ?? {}
  const dtype = code === undefined || code === 0 ? undefined : dtypeName(code)
  if (code !== undefined && code !== 0 && dtype === undefined)
    refuse('a known type of elements (1 to 24)', `${code}`)
  const dims = shape?.dim.map(({ dim_value: value, dim_param: name }) => {
    if (value !== undefined && name !== undefined)
      refuse('dimensions that are numbers or names', 'one that is both')
    if (value !== undefined && (value < -1 || !Number.isSafeInteger(value)))
      refuse('dimensions of at least 0', `${value}`)
    return readDimension(value, name)
  })
  return { name, dtype, shape: dims }
}

/** Named things under their names, of which there is one each. */
const byName = <T extends { readonly name: string }>(
  things: readonly T[],
  refuse: (i: number) => RefuseHere,
): ReadonlyMap<string, T> => {
  const named = new Map<string, T>()
  for (const [i, thing] of things.entries()) {
    if (named.has(thing.name))
      refuse(i)('a name of its own', `${quoted(thing.name)}, taken already`)
    named.set(thing.name, thing)
  }
  return named
}

const readNode = (proto: NodeProto, place: string, context: Context): FileNode => {
  const { op_type: opType = '', name = '', domain = '', input, output } = proto
  if (opType === '') context.at(place)('an operator', 'none')
  const attributes = proto.attribute.map((one, i) => {
    const own = `${place}.attribute[${i}]`
    const refuse = context.at(own)
    const inner: Inner = {
      refuse,
      elements: context.elements,
      graph: (graph, field) => readGraph(graph, `${own}.${field}`, context),
    }
    if (!one.name) refuse('a name', 'none')
    return { name: one.name ?? '', value: readAttribute(one, inner) }
  })
  const named = byName(attributes, i => context.at(`${place}.attribute[${i}]`))
  return {
    name,
    opType,
    // Two ways to write the same.
    domain: domain === 'ai.onnx' ? '' : domain,
    inputs: input,
    outputs: output,
    attributes: new Map([...named].map(([name, { value }]) => [name, value])),
  }
}

/** Whether a node takes, by way of others, what it makes itself. */
const isCycle = (nodes: readonly NodeProto[], start: number): boolean => {
  const makers = new Map(nodes.flatMap(({ output }, i) => output.map(name => [name, i] as const)))
  const seen = new Set<number>()
  const open = [start]
  for (let at = open.pop(); at !== undefined; at = open.pop())
    for (const name of nodes[at].input) {
      const maker = makers.get(name)
      if (maker === start) return true
      if (maker !== undefined && !seen.has(maker)) {
        seen.add(maker)
        open.push(maker)
      }
    }
  return false
}

const checkInput = (
  name: string,
  i: number,
  nodes: readonly NodeProto[],
  known: ReadonlySet<string>,
  context: Context,
  refuse: RefuseHere,
): void => {
  if (name === '' || known.has(name) || context.outer.has(name)) return
  if (!nodes.some(({ output }) => output.includes(name)))
    refuse('inputs that the graph is given or makes', `${quoted(name)}, which is neither`)
  if (isCycle(nodes, i)) refuse('a graph without cycles', `${quoted(name)}, which leads back here`)
  refuse('nodes in the order of computation', `${quoted(name)}, which a later node makes`)
}

const checkInitializers = (
  { initializer }: GraphProto,
  place: string,
  { at, elements }: Context,
): ReadonlyMap<string, OnnxFileTensor> => {
  const own = (i: number): RefuseHere => at(`${place}.initializer[${i}]`)
  const tensors = initializer.map((tensor, i) => {
    if (!tensor.name) own(i)('a name', 'none')
    return checkTensor(tensor, elements, own(i))
  })
  return byName(tensors, own)
}

/** A graph's nodes in their order, each name it makes added to those that are known. */
const readNodes = (
  { node: nodes }: GraphProto,
  place: string,
  known: Set<string>,
  context: Context,
): FileNode[] => {
  const inside: Scope = { has: name => known.has(name) || context.outer.has(name) }
  return nodes.map((proto, i) => {
    const own = `${place}.node[${i}]`
    const refuse = context.at(own)
    for (const name of proto.input) checkInput(name, i, nodes, known, context, refuse)
    // Graphs inside see what is known so far.
    const node = readNode(proto, own, { ...context, outer: inside })
    for (const name of proto.output) {
      if (name === '') continue
      if (known.has(name)) refuse('outputs that nothing else makes', quoted(name))
      known.add(name)
    }
    return node
  })
}

/** @throws FileError, by what the context refuses with */
export const readGraph = (proto: GraphProto, place: string, context: Context): FileGraph => {
  const { at, outer } = context
  if (proto.sparse_initializer.length > 0)
    at(`${place}.sparse_initializer`)('dense initializers', 'sparse ones')
  const values = (field: 'input' | 'output' | 'value_info') => {
    const own = (i: number): RefuseHere => at(`${place}.${field}[${i}]`)
    return byName(
      proto[field].map((value, i) => readValue(value, own(i))),
      own,
    )
  }
  const initializers = checkInitializers(proto, place, context)
  const inputs = values('input')
  const known = new Set([...inputs.keys(), ...initializers.keys()])
  const nodes = readNodes(proto, place, known, context)
  const outputs = values('output')
  for (const [i, name] of [...outputs.keys()].entries())
    if (!known.has(name) && !outer.has(name))
      at(`${place}.output[${i}]`)('an output that the graph makes', quoted(name))
  return {
    name: proto.name ?? '',
    nodes,
    inputs: [...inputs.values()].filter(({ name }) => !initializers.has(name)),
    outputs: [...outputs.values()],
    initializers,
    values: values('value_info'),
  }
}
