/** How each operation becomes part of a kernel, and what its formula is. */

import type { Node } from '../../graph/index.ts'
import { sizeOf } from '../../graph/index.ts'
import type { ReductionAttributes } from '../../ops/reduction.ts'
import { applicationOf, type Element, type Formula, type Formulas } from './element.ts'
import { elementwise } from './elementwise.ts'
import { LIBRARY } from './kernel.ts'
import { movement } from './movement.ts'
import { views } from './views.ts'
import { windows } from './windows.ts'

/** Another way of looking at memory, with a node of its own: a copy of a value. */
export const COPY = 'copy'

const FORMULAS: Formulas = { ...elementwise, ...movement, ...views, ...windows }

/** The formula of one of a node's outputs. */
export const elementOfNode = (node: Node, output: number): Element => {
  const name = node.op === COPY ? 'stopGradient' : node.op
  const formula = FORMULAS[name as keyof Formulas] as Formula<object>
  return formula(applicationOf(node), output)
}

/**
 * - view: no work, other coordinates
 * - constant, concat: no work, memory that is filled before or by others
 * - library: a step of its own
 * - fold: shared by the threads of a group
 * - map: one thread an element
 */
export type Kind = 'view' | 'constant' | 'concat' | 'library' | 'fold' | 'map'

/** The axes that a node folds; undefined of other nodes. */
export const foldedAxes = ({ op, inputs, attributes }: Node): readonly number[] | undefined => {
  if (op === 'allFinite') return [...inputs[0].shape.keys()]
  return /^reduce/.test(op) ? (attributes as ReductionAttributes).axes : undefined
}

/** Folds of no more elements are done by one thread each. */
const SERIAL = 32

export const kindOf = (node: Node): Kind => {
  if (node.op in views) return 'view'
  if (node.op === 'constant' || node.op === 'concat') return node.op
  if ((LIBRARY as readonly string[]).includes(node.op)) return 'library'
  const axes = foldedAxes(node)
  if (axes === undefined) return 'map'
  const [{ shape }] = node.inputs
  return sizeOf(axes.map(axis => shape[axis])) > SERIAL ? 'fold' : 'map'
}

/** Operations that cost next to nothing to do again where they are read. */
const LIGHT = new Set([
  ...['abs', 'add', 'cast', 'clip', 'equal', 'greater', 'less', 'maximum', 'minimum', 'mul', 'neg'],
  ...['oneHot', 'relu', 'reluGradient', 'sub', 'where'],
])
export const isLight = ({ op }: Node): boolean => LIGHT.has(op)

/** Whether a node reads each element of an input many times, so that it should lie in memory. */
export const readsOften = ({ op }: Node): boolean =>
  op in windows || op === 'gather' || op === 'gatherGradient' || op === 'upsampleNearest'
