/** Symbolic values with static shapes, and the graphs they form. */

export { type DType, isFloat, type Shape, sizeOf } from '../tensor/tensor.ts'
export { dependencies, type Graph, graph } from './graph.ts'
export { printGraph } from './print.ts'
export { currentPath, scope } from './scope.ts'
export {
  input,
  isShape,
  type Node,
  sameShape,
  type Value,
  type ValueType,
} from './value.ts'
