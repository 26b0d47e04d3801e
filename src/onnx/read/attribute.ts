/** Attributes of nodes: each of one stated type, with a value of that type and no other. */

import type { AttributeProto, GraphProto } from './proto.ts'
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

type Read = (proto: AttributeProto, inner: Inner) => FileAttribute
interface Type {
  /** The field that holds its value. */
  readonly field: keyof AttributeProto | undefined
  readonly read: Read
}

/** AttributeProto.AttributeType by number. */
const TYPES: Readonly<Record<number, Type>> = {
  1: { field: 'f', read: ({ f = 0 }) => ({ kind: 'float', value: f }) },
  2: { field: 'i', read: ({ i = 0 }) => ({ kind: 'int', value: i }) },
  3: { field: 's', read: ({ s = new Uint8Array() }) => ({ kind: 'string', value: s }) },
  4: {
    field: 't',
    read: ({ t }, inner) => ({
      kind: 'tensor',
      value: checkTensor(given(t, 't', inner), inner.elements, inner.refuse),
    }),
  },
  5: {
    field: 'g',
    read: ({ g }, inner) => ({ kind: 'graph', value: inner.graph(given(g, 'g', inner), 'g') }),
  },
  6: { field: 'floats', read: ({ floats }) => ({ kind: 'floats', value: floats }) },
  7: { field: 'ints', read: ({ ints }) => ({ kind: 'ints', value: ints }) },
  8: { field: 'strings', read: ({ strings }) => ({ kind: 'strings', value: strings }) },
  9: {
    field: 'tensors',
    read: ({ tensors }, { elements, refuse }) => ({
      kind: 'tensors',
      value: tensors.map(tensor => checkTensor(tensor, elements, refuse)),
    }),
  },
  10: {
    field: 'graphs',
    read: ({ graphs }, inner) => ({
      kind: 'graphs',
      value: graphs.map((graph, i) => inner.graph(graph, `graphs[${i}]`)),
    }),
  },
  11: { field: undefined, read: () => ({ kind: 'other' }) },
  12: { field: undefined, read: () => ({ kind: 'other' }) },
  13: { field: undefined, read: () => ({ kind: 'other' }) },
  14: { field: undefined, read: () => ({ kind: 'other' }) },
}

const VALUES = Object.values(TYPES).flatMap(({ field }) => field ?? [])

const isGiven = (value: AttributeProto[keyof AttributeProto]): boolean =>
  Array.isArray(value) ? value.length > 0 : value !== undefined

export const readAttribute = (proto: AttributeProto, inner: Inner): FileAttribute => {
  const { refuse } = inner
  if (proto.ref_attr_name) refuse('a value', 'a reference to one of a function')
  const fields = VALUES.filter(field => isGiven(proto[field]))
  const stated = proto.type ?? 0
  if (stated === 0 && fields.length === 0) refuse('a type, or a value', 'neither')
  // Files of before IR version 2 state no type: the one field that is given tells.
  const code =
    stated === 0
      ? Number(Object.keys(TYPES).find(code => TYPES[Number(code)].field === fields[0]))
      : stated
  if (!Object.hasOwn(TYPES, code)) return refuse('a type of 1 to 14', `${stated}`)
  const { field, read } = TYPES[code]
  const other = fields.find(one => one !== field)
  if (other !== undefined)
    refuse(`a value in ${field ?? 'no field that is read'}`, `one in ${other}`)
  return read(proto, inner)
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
