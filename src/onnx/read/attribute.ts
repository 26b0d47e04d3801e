/** Attributes of nodes: each of one stated type, with a value of that type and no other. */

import { ATTRIBUTE_TYPES, type AttributeProto, type GraphProto } from '../format/messages.ts'
import type { FileAttribute, FileGraph, FileNode } from './record.ts'
import { checkTensor, type RefuseHere } from './tensor.ts'

/** What lies deeper than an attribute itself. */
export interface Inner {
  readonly refuse: RefuseHere
  readonly elements: number
  graph(proto: GraphProto, field: string): FileGraph
}

const given = <T>(value: T | undefined, field: string, { refuse }: Inner): T =>
  value ?? refuse(`a value in ${field}`, 'none')

type Field = keyof typeof ATTRIBUTE_TYPES

/** How the value of each field is read. */
const READERS: Readonly<Record<Field, (proto: AttributeProto, inner: Inner) => FileAttribute>> = {
  f: ({ f = 0 }) => ({ kind: 'float', value: f }),
  i: ({ i = 0 }) => ({ kind: 'int', value: i }),
  s: ({ s = new Uint8Array() }) => ({ kind: 'string', value: s }),
  t: ({ t }, inner) => ({
    kind: 'tensor',
    value: checkTensor(given(t, 't', inner), inner.elements, inner.refuse),
  }),
  g: ({ g }, inner) => ({ kind: 'graph', value: inner.graph(given(g, 'g', inner), 'g') }),
  floats: ({ floats }) => ({ kind: 'floats', value: floats }),
  ints: ({ ints }) => ({ kind: 'ints', value: ints }),
  strings: ({ strings }) => ({ kind: 'strings', value: strings }),
  tensors: ({ tensors }, { elements, refuse }) => ({
    kind: 'tensors',
    value: tensors.map(tensor => checkTensor(tensor, elements, refuse)),
  }),
  graphs: ({ graphs }, inner) => ({
    kind: 'graphs',
    value: graphs.map((graph, i) => inner.graph(graph, `graphs[${i}]`)),
  }),
}

const FIELDS = Object.keys(READERS) as Field[]

/** Types of 11 to 14, sparse tensors and types, are known, and not read. */
const MOST_TYPES = 14

const isGiven = (value: AttributeProto[keyof AttributeProto]): boolean =>
  Array.isArray(value) ? value.length > 0 : value !== undefined

export const readAttribute = (proto: AttributeProto, inner: Inner): FileAttribute => {
  const { refuse } = inner
  if (proto.ref_attr_name) refuse('a value', 'a reference to one of a function')
  const fields = FIELDS.filter(field => isGiven(proto[field]))
  const stated = proto.type ?? 0
  if (stated === 0 && fields.length === 0) refuse('a type, or a value', 'neither')
  // Files of before IR version 2 state no type: the one field that is given tells.
  const field = FIELDS.find(one =>
    stated === 0 ? one === fields[0] : ATTRIBUTE_TYPES[one] === stated,
  )
  if (field === undefined && !(stated > 0 && stated <= MOST_TYPES))
    return refuse(`a type of 1 to ${MOST_TYPES}`, `${stated}`)
  const other = fields.find(one => one !== field)
  if (other !== undefined)
    refuse(`a value in ${field ?? 'no field that is read'}`, `one in ${other}`)
  return field === undefined ? { kind: 'other' } : READERS[field](proto, inner)
}

const utf8 = new TextDecoder()

/** What a node says, or what the operator takes it to be. */
export const intOf = ({ attributes }: FileNode, name: string, otherwise: number): number => {
  const attribute = attributes.get(name)
  return attribute?.kind === 'int' ? attribute.value : otherwise
}
export const floatOf = ({ attributes }: FileNode, name: string, otherwise: number): number => {
  const attribute = attributes.get(name)
  return attribute?.kind === 'float' ? attribute.value : otherwise
}
export const intsOf = ({ attributes }: FileNode, name: string): readonly number[] | undefined => {
  const attribute = attributes.get(name)
  return attribute?.kind === 'ints' ? attribute.value : undefined
}
export const textOf = ({ attributes }: FileNode, name: string, otherwise: string): string => {
  const attribute = attributes.get(name)
  return attribute?.kind === 'string' ? utf8.decode(attribute.value) : otherwise
}
