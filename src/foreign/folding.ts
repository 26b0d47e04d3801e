/** Whole numbers that a graph computes from sizes: what exporters write where a Reshape is flexible. */

import { type FileNode, intOf } from '../onnx/read/index.ts'

export type Numbers = readonly number[]
interface Fold {
  /** How many inputs it needs. */
  readonly needs: number
  of(inputs: readonly Numbers[]): Numbers | undefined
}

/** Lists of one length, or one number against a list. */
const each = (combine: (a: number, b: number) => number): Fold => ({
  needs: 2,
  of: ([a, b]) => {
    if (a.length !== b.length && a.length !== 1 && b.length !== 1) return undefined
    const length = Math.max(a.length, b.length)
    return Array.from({ length }, (_, i) =>
      combine(a[a.length === 1 ? 0 : i], b[b.length === 1 ? 0 : i]),
    )
  },
})

const same: Fold = { needs: 1, of: ([x]) => x }

/** Of lists: one dimension, so that axes say nothing. */
const FOLDS: ReadonlyMap<string, Fold> = new Map([
  ['Identity', same],
  ['Cast', same],
  ['Squeeze', same],
  ['Unsqueeze', same],
  ['Reshape', same],
  ['Concat', { needs: 1, of: inputs => inputs.flat() }],
  ['Gather', { needs: 2, of: ([data, at]) => at.map(i => data.at(i) ?? Number.NaN) }],
  ['Slice', { needs: 3, of: ([data, [start], [end]]) => data.slice(start, end) }],
  ['Add', each((a, b) => a + b)],
  ['Sub', each((a, b) => a - b)],
  ['Mul', each((a, b) => a * b)],
  ['Div', each((a, b) => Math.trunc(a / b))],
])

/** Longer than any shape. */
const MOST = 64

/** @param known - the numbers of a value, where they are known */
export const fold = (
  node: FileNode,
  known: (value: string) => Numbers | undefined,
): Numbers | undefined => {
  const rule = FOLDS.get(node.opType)
  if (rule === undefined || node.domain !== '' || node.inputs.length < rule.needs) return undefined
  if (node.opType === 'Gather' && intOf(node, 'axis', 0) !== 0) return undefined
  // A step in a Slice: none of a shape's is other than 1.
  if (node.opType === 'Slice' && node.inputs[4] && known(node.inputs[4])?.join() !== '1')
    return undefined
  const inputs = node.inputs.map(name => (name === '' ? [] : known(name)))
  if (inputs.some(list => list === undefined || list.length > MOST)) return undefined
  const result = rule.of(inputs as Numbers[])
  if (result === undefined || result.length > MOST) return undefined
  return result.every(value => Number.isSafeInteger(value)) ? result : undefined
}
