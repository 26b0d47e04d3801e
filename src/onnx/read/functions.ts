/**
 * Local functions of a model put in the place of their calls, as ONNX Runtime does it: exporters write
 * modules as functions. What is found in the body is then found in the graph.
 */

import { quoted } from '../../text/visible.ts'
import type {
  AttributeProto,
  FunctionProto,
  GraphProto,
  ModelProto,
  NodeProto,
} from '../format/messages.ts'
import type { RefuseHere } from './tensor.ts'

const domainOf = ({ domain = '' }: { readonly domain: string | undefined }): string =>
  domain === 'ai.onnx' ? '' : domain

const keyOf = (one: Pick<NodeProto, 'domain' | 'overload'>, name = ''): string =>
  [domainOf(one), name, one.overload ?? ''].join('\0')

/** A graph with other names for its values, and other nodes. */
const rewritten = (
  graph: GraphProto,
  rename: (name: string) => string,
  nodes: (nodes: readonly NodeProto[]) => readonly NodeProto[],
): GraphProto => {
  const named = <T extends { readonly name: string | undefined }>(things: readonly T[]): T[] =>
    things.map(one => ({ ...one, name: rename(one.name ?? '') }))
  return {
    ...graph,
    node: nodes(graph.node),
    initializer: named(graph.initializer),
    input: named(graph.input),
    output: named(graph.output),
    value_info: named(graph.value_info),
  }
}

const withGraphs = (
  attribute: AttributeProto,
  change: (graph: GraphProto) => GraphProto,
): AttributeProto => ({
  ...attribute,
  g: attribute.g && change(attribute.g),
  graphs: attribute.graphs.map(change),
})

/** Names of values, with how many more of each there are. */
type Taken = Map<string, number>

/** A name of a call within a call grows no longer than this. */
const LONGEST_NAME = 200

/** The name, or one like it where it is taken. */
const fresh = (name: string, taken: Taken): string => {
  const wanted = name.slice(-LONGEST_NAME)
  for (;;) {
    const before = taken.get(wanted) ?? 0
    taken.set(wanted, before + 1)
    const own = before === 0 ? wanted : `${wanted}#${before + 1}`
    if (before === 0 || !taken.has(own)) {
      taken.set(own, 1)
      return own
    }
  }
}

/** The names of all values in a graph and in those within its nodes. */
const namesIn = (graph: GraphProto, names: Taken): Taken => {
  for (const { name = '' } of [...graph.input, ...graph.initializer]) names.set(name, 1)
  for (const { output, attribute } of graph.node) {
    for (const name of output) names.set(name, 1)
    for (const { g, graphs } of attribute)
      for (const inner of [...(g ? [g] : []), ...graphs]) namesIn(inner, names)
  }
  return names
}

/** The nodes of a function, with the values and attributes of one of its calls. */
const bodyOf = (
  { input, output, node, attribute_proto: defaults }: FunctionProto,
  call: NodeProto,
  taken: Taken,
): readonly NodeProto[] => {
  const place = call.name || call.output.find(name => name !== '') || (call.op_type ?? '')
  const names = new Map([['', '']])
  for (const [i, name] of output.entries()) if (call.output[i]) names.set(name, call.output[i])
  for (const [i, name] of input.entries()) names.set(name, call.input[i] ?? '')
  const rename = (name: string): string => {
    const known = names.get(name)
    if (known !== undefined) return known
    const own = fresh(`${place}/${name}`, taken)
    names.set(name, own)
    return own
  }
  const attributesOf = (attributes: readonly AttributeProto[]): AttributeProto[] =>
    attributes.flatMap(one => {
      const reference = one.ref_attr_name
      if (!reference) return [withGraphs(one, graph => rewritten(graph, rename, renamed))]
      const given = [...call.attribute, ...defaults].find(({ name }) => name === reference)
      return given === undefined ? [] : [{ ...given, name: one.name }]
    })
  const renamed = (nodes: readonly NodeProto[]): NodeProto[] =>
    nodes.map(one => ({
      ...one,
      name: `${place}/${one.name || one.op_type}`,
      input: one.input.map(rename),
      output: one.output.map(rename),
      attribute: attributesOf(one.attribute),
    }))
  // A result that is an argument is a copy of it, since a value has one name.
  const copies = output.flatMap((name, i): NodeProto[] =>
    input.includes(name) && call.output[i]
      ? [
          {
            name: `${place}/Identity`,
            op_type: 'Identity',
            domain: '',
            overload: '',
            input: [rename(name)],
            output: [call.output[i]],
            attribute: [],
          },
        ]
      : [],
  )
  return [...renamed(node), ...copies]
}

/** Functions within functions; no exporter goes so deep. */
const DEEPEST = 100

/**
 * @param most - nodes that a model may have
 * @throws FileError, by what it refuses with, for functions that call themselves or make too many nodes
 */
export const inlineFunctions = (
  model: ModelProto,
  most: number,
  at: (place: string) => RefuseHere,
): ModelProto => {
  if (model.functions.length === 0 || model.graph === undefined) return model
  const functions = new Map<string, FunctionProto>()
  for (const [i, one] of model.functions.entries()) {
    const key = keyOf(one, one.name)
    if (functions.has(key))
      at(`functions[${i}]`)('each function once', `${quoted(one.name ?? '')} again`)
    functions.set(key, one)
  }
  const taken = namesIn(model.graph, new Map())
  let count = 0
  const expanded = (nodes: readonly NodeProto[], open: readonly string[]): NodeProto[] =>
    nodes.flatMap(node => {
      const own = {
        ...node,
        attribute: node.attribute.map(one =>
          withGraphs(one, graph => ({ ...graph, node: expanded(graph.node, open) })),
        ),
      }
      const key = keyOf(node, node.op_type)
      const called = functions.get(key)
      const refuse = at(`functions, ${quoted(node.op_type ?? '')}`)
      if (open.includes(key)) refuse('functions that do not call themselves', 'one that does')
      if (open.length > DEEPEST) refuse(`calls at most ${DEEPEST} deep`, 'deeper ones')
      if (++count > most) refuse(`at most ${most} nodes`, 'more')
      return called === undefined ? [own] : expanded(bodyOf(called, own, taken), [...open, key])
    })
  const imports = [model, ...model.functions].flatMap(({ opset_import }) => opset_import)
  const opsets = new Map(imports.toReversed().map(one => [domainOf(one), one]))
  return {
    ...model,
    graph: { ...model.graph, node: expanded(model.graph.node, []) },
    opset_import: [...opsets.values()],
    functions: [],
  }
}
