/** Reverse mode: the gradients of one value with respect to others, as more graph. */

import { formatShape, GraphError } from '../errors/index.ts'
import { dependencies, isFloat, type Node, sameShape, scope, type Value } from '../graph/index.ts'
import { add, constant, operationOf, zeros } from '../ops/index.ts'

/** What nothing flows back to has zeros for a gradient, whole numbers zeros in float32. */
const zerosLike = ({ shape, dtype }: Value): Value =>
  zeros(shape, isFloat(dtype) ? dtype : undefined)

/** Nodes on a way from the values to the result, in order: only these carry cotangents. */
const nodesBetween = (nodes: readonly Node[], values: readonly Value[]): Node[] => {
  const carrying = new Set<Value>(values)
  return nodes.filter(node => {
    const between = node.inputs.some(value => carrying.has(value))
    if (between) for (const output of node.outputs) carrying.add(output)
    return between
  })
}

/**
 * d of / d each value: weights, inputs of the graph or anything computed on the way.
 *
 * @param of - the value to differentiate; a scalar, unless a cotangent is given
 * @param withRespectTo - the values whose gradients are asked for
 * @param cotangent - shaped like `of`: the gradient of Σ cotangent·of is what comes back
 * @returns one gradient a value, shaped like it; zeros where `of` does not depend on it
 * @throws GraphError when `of` is no scalar and there is no cotangent, or one of another shape
 */
export const gradients = (
  of: Value,
  withRespectTo: readonly Value[],
  cotangent?: Value,
): readonly Value[] => {
  if (cotangent === undefined && of.shape.length > 0)
    throw new GraphError({
      where: 'gradients',
      expected: 'a scalar',
      got: formatShape(of.shape),
      hint: 'Reduce it first, or give a cotangent of its shape',
    })
  if (cotangent !== undefined && !sameShape(cotangent.shape, of.shape))
    throw new GraphError({
      where: 'gradients',
      expected: `a cotangent of shape ${formatShape(of.shape)}`,
      got: formatShape(cotangent.shape),
    })
  const cotangents = new Map<Value, Value>([[of, cotangent ?? constant(1, [], of.dtype)]])
  const accumulate = (value: Value, term: Value): void => {
    const sum = cotangents.get(value)
    cotangents.set(value, sum === undefined ? term : add(sum, term))
  }
  const nodes = nodesBetween(dependencies([of]).nodes, withRespectTo)
  // Reverse order of computation: when a node is reached, all that its outputs feed has been.
  for (const node of nodes.reverse()) {
    if (!node.outputs.some(output => cotangents.has(output))) continue
    const { inputs, outputs, attributes, path } = node
    const terms = scope(path === '' ? 'gradient' : `gradient.${path}`, () =>
      operationOf(node).gradient({
        inputs,
        outputs,
        attributes,
        cotangents: outputs.map(output => cotangents.get(output) ?? zerosLike(output)),
      }),
    )
    for (const [i, term] of terms.entries()) if (term !== undefined) accumulate(inputs[i], term)
  }
  return withRespectTo.map(value => cotangents.get(value) ?? zerosLike(value))
}
