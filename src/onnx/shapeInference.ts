/** Sizes of values in a graph and in those within its nodes, as far as rules reach. */

import { fold, type Numbers } from './constantFolding.ts'
import {
  type FileGraph,
  type FileNode,
  type FileValue,
  intOf,
  intsOf,
  numbersOf,
  type OnnxFileTensor,
} from './read/index.ts'
import { SHAPE_RULES, type Shape } from './shapeRules.ts'

/** What is known of the values of a graph, and of those around it. */
export interface Shapes {
  get(value: string): Shape | undefined
  /** Whole numbers that are computed from sizes. */
  numbers(value: string): Numbers | undefined
}

/** An image of one, where its dimensions are free. */
const imageShape = (
  { shape }: FileValue,
  [height, width]: readonly [number, number],
): Shape | undefined => {
  const spatial =
    shape?.length === 4 && typeof shape[1] !== 'number' && typeof shape[3] === 'number' ? 1 : 2
  return shape?.map((size, i) => {
    if (i === 0) return 1
    if (typeof size === 'number') return size
    return i === spatial ? height : i === spatial + 1 ? width : 1
  })
}

/** More dimensions than any operator of a network has. */
const MOST_DIMENSIONS = 16

const isWhole = (shape: Shape | undefined): shape is Shape =>
  shape !== undefined &&
  shape.length <= MOST_DIMENSIONS &&
  shape.every(size => Number.isSafeInteger(size) && size >= 0)

/**
 * What the inputs of a graph within a node are like: those of a Loop's body are its counter, its
 * condition and what it carries; those of a Scan's are states and slices.
 */
export const innerShapes = (
  node: FileNode,
  graph: FileGraph,
  outer: Shapes,
): Map<string, Shape> => {
  const scanned = intOf(node, 'num_scan_inputs', 0)
  const axes = intsOf(node, 'scan_input_axes') ?? []
  const states = node.inputs.length - scanned
  const shapes = new Map<string, Shape>()
  for (const [i, { name }] of graph.inputs.entries()) {
    const given = outer.get(node.inputs[i] ?? '')
    if (given === undefined || node.opType === 'If') continue
    const axis = axes[i - states] ?? 0
    const sliced = node.opType === 'Scan' && i >= states
    shapes.set(name, sliced ? given.filter((_, at) => at !== axis) : given)
  }
  return shapes
}

/** Sizes of all values that the rules reach, for one image. */
export const inferShapes = (
  graph: FileGraph,
  constants: ReadonlyMap<string, OnnxFileTensor>,
  size: readonly [height: number, width: number],
  /** Of the graphs around, and of this one's inputs. */
  outer?: Shapes,
  given: ReadonlyMap<string, Shape> = new Map(),
): Shapes => {
  const shapes = new Map<string, Shape>()
  for (const [name, { dims }] of constants) shapes.set(name, dims)
  for (const input of graph.inputs) {
    const shape = given.get(input.name) ?? imageShape(input, size)
    if (shape !== undefined) shapes.set(input.name, shape)
  }
  const folded = new Map<string, Numbers>()
  const get = (name: string): Shape | undefined => shapes.get(name) ?? outer?.get(name)
  const numbersOfValue = (name: string): Numbers | undefined => {
    const tensor = constants.get(name)
    return tensor === undefined ? (folded.get(name) ?? outer?.numbers(name)) : numbersOf(tensor)
  }
  for (const node of graph.nodes) {
    const { inputs, outputs, opType, domain } = node
    if (outputs.length === 0) continue
    const own = inputs.map(get)
    const numbers = (input: number): Numbers | undefined => numbersOfValue(inputs[input] ?? '')
    const list =
      opType === 'Shape'
        ? own[0]?.slice(intOf(node, 'start', 0), intOf(node, 'end', own[0].length))
        : fold(node, numbersOfValue)
    if (list !== undefined) folded.set(outputs[0], list)
    const rule = domain === '' ? SHAPE_RULES.get(opType) : undefined
    const shape = rule?.({ node, shapes: own, numbers }) ?? (list && [list.length])
    if (isWhole(shape))
      for (const output of opType === 'Split' ? outputs : outputs.slice(0, 1))
        if (output !== '') shapes.set(output, shape)
  }
  return { get, numbers: numbersOfValue }
}
