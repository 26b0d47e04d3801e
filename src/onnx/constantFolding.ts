/** Whole numbers that a graph computes from sizes: what exporters write where a Reshape or Expand is flexible. */

import { sizeOf } from '../tensor/tensor.ts'
import { type FileNode, intOf, intsOf, numbersOf } from './read/index.ts'

/** Longer than any shape. */
const MOST = 64

export type Numbers = readonly number[]
interface Fold {
  /** How many inputs it needs. */
  readonly needs: number
  of(inputs: readonly Numbers[], node: FileNode): Numbers | undefined
}

/** Lists of one length, or one number against lists. */
const each = (combine: (...values: number[]) => number): Fold => ({
  needs: combine.length,
  of: lists => {
    const length = Math.max(...lists.map(list => list.length))
    if (lists.some(list => list.length !== length && list.length !== 1)) return undefined
    return Array.from({ length }, (_, i) =>
      combine(...lists.map(list => list[list.length === 1 ? 0 : i])),
    )
  },
})

const same: Fold = { needs: 1, of: ([x]) => x }

const isUniform = (list: Numbers): boolean => list.every(value => value === list[0])

/** A part of a list, or all of it in some order that makes no difference. */
const sliced: Fold = {
  needs: 3,
  of: ([data, [start], [end], , steps = []]) => {
    const [step] = steps
    if (step === undefined || step === 1) return data.slice(start, end)
    return step === -1 && start === -1 && isUniform(data) ? data : undefined
  },
}

/** A list of zeros, or of another number. */
const filled: Fold = {
  needs: 1,
  of: ([sizes], { attributes }) => {
    const length = sizeOf(sizes)
    const value = attributes.get('value')
    const [one] = value?.kind === 'tensor' ? (numbersOf(value.value) ?? []) : [0]
    return one === undefined || length > MOST ? undefined : Array.from({ length }, () => one)
  },
}

/** Rules for lists: these have one dimension, so that axes say nothing. */
const FOLDS: ReadonlyMap<string, Fold> = new Map([
  ['Identity', same],
  ['Cast', same],
  ['Squeeze', same],
  ['Unsqueeze', same],
  ['Reshape', same],
  ['Concat', { needs: 1, of: inputs => inputs.flat() }],
  ['Gather', { needs: 2, of: ([data, at]) => at.map(i => data.at(i) ?? Number.NaN) }],
  ['Slice', sliced],
  ['Transpose', { needs: 1, of: ([x]) => (isUniform(x) ? x : undefined) }],
  ['ConstantOfShape', filled],
  ['ReduceProd', { needs: 1, of: ([x]) => [sizeOf(x)] }],
  ['Add', each((a, b) => a + b)],
  ['Sub', each((a, b) => a - b)],
  ['Mul', each((a, b) => a * b)],
  ['Div', each((a, b) => Math.trunc(a / b))],
  ['Min', each((a, b) => Math.min(a, b))],
  ['Max', each((a, b) => Math.max(a, b))],
  ['Equal', each((a, b) => Number(a === b))],
  ['Where', each((condition, a, b) => (condition ? a : b))],
])

const oneInt = ({ attributes }: FileNode): Numbers | undefined => {
  const value = attributes.get('value_int')
  return value?.kind === 'int' ? [value.value] : undefined
}

/** @param known - the numbers of a value, where they are known */
export const fold = (
  node: FileNode,
  known: (value: string) => Numbers | undefined,
): Numbers | undefined => {
  if (node.opType === 'Constant') return intsOf(node, 'value_ints') ?? oneInt(node)
  const rule = FOLDS.get(node.opType)
  if (rule === undefined || node.domain !== '' || node.inputs.length < rule.needs) return undefined
  if (node.opType === 'Gather' && intOf(node, 'axis', 0) !== 0) return undefined
  const inputs = node.inputs.map(name => (name === '' ? [] : known(name)))
  if (inputs.some(list => list === undefined || list.length > MOST)) return undefined
  const result = rule.of(inputs as Numbers[], node)
  if (result === undefined || result.length > MOST) return undefined
  return result.every(value => Number.isSafeInteger(value)) ? result : undefined
}
