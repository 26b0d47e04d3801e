/** Symbolic values with static shapes, and the graphs they form. */

export { dependencies, type Graph, graph } from './graph.ts'
export { printGraph } from './print.ts'
export { currentPath, scope } from './scope.ts'
export {
  type DType,
  input,
  isShape,
  type Node,
  type Shape,
  sameShape,
  sizeOf,
  type Value,
  type ValueType,
} from './value.ts'
