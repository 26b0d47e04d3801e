/** Where the parameters and multiply-adds of a foreign model are, operator by operator. */

import { sum } from 'd3-array'
import { elementCount, type FileNode, type OnnxFileTensor } from '../onnx/read/index.ts'
import { type Shape, sizeOf } from '../tensor/tensor.ts'
import { readable } from '../text/visible.ts'
import type { ForeignBlock } from './blocks.ts'
import type { Network } from './network.ts'

export interface OperatorCost {
  readonly operator: string
  readonly nodes: number
  readonly parameters: number
  readonly multiplyAdds: number
}

export interface ForeignCost {
  readonly parameters: number
  /** Means and variances of batch normalizations. */
  readonly statistics: number
  /** Of convolutions and products, for one image of the size that was asked for. */
  readonly multiplyAdds: number
  /** Convolutions and products whose sizes are not known: not in the sum. */
  readonly unknown: number
  /** Most parameters first. */
  readonly operators: readonly OperatorCost[]
  /** Of the blocks that were found together. */
  readonly blocks: { readonly parameters: number; readonly multiplyAdds: number }
}

/** Weights, quantized or not; whole numbers are axes and sizes. */
const WEIGHTS = /^(b?float|u?int8$|u?int4$)/
/** Their constants are scales, bounds and shapes. */
const NO_WEIGHTS: ReadonlySet<string> = new Set(
  'Clip Constant Expand Pad Range Reshape Resize Slice Tile Upsample Where'.split(' '),
)

/** Multiply-adds of a node from the sizes of its operands and of its result. */
const PRODUCTS: ReadonlyMap<string, (a: Shape, b: Shape, out: Shape, node: FileNode) => number> =
  new Map([
    ['Conv', (_, w, out) => sizeOf(out) * sizeOf(w.slice(1))],
    ['ConvTranspose', (x, w) => sizeOf(x) * sizeOf(w.slice(1))],
    ['MatMul', (a, _, out) => sizeOf(out) * a[a.length - 1]],
    ['Gemm', (a, _, out) => (sizeOf(out) * sizeOf(a)) / out[0]],
  ])

const multiplyAddsOf = ({ shapes }: Network, node: FileNode): number | undefined => {
  const rule = PRODUCTS.get(node.opType)
  if (rule === undefined) return 0
  const [a, b, out] = [...node.inputs.slice(0, 2), node.outputs[0]].map(name => shapes.get(name))
  return a && b && out && rule(a, b, out, node)
}

interface Tally {
  readonly counted: Set<OnnxFileTensor>
  readonly operators: Map<string, OperatorCost>
  statistics: number
  unknown: number
}

/** Each tensor counts where it is first taken. */
const weightsOf = (network: Network, node: FileNode, tally: Tally): number => {
  const { inputs, opType } = node
  if (NO_WEIGHTS.has(opType) || network.isCopy(node)) return 0
  let parameters = 0
  for (const [i, name] of inputs.entries()) {
    const tensor = name === '' ? undefined : network.constant(name)
    if (tensor === undefined || tally.counted.has(tensor)) continue
    const size = elementCount(tensor)
    const stored = network.maker(name)?.opType === 'DequantizeLinear'
    if (size < 2 || !(stored || WEIGHTS.test(tensor.dtype))) continue
    tally.counted.add(tensor)
    if (opType === 'BatchNormalization' && i > 2) tally.statistics += size
    else parameters += size
  }
  return parameters
}

const addGraph = (network: Network, tally: Tally): void => {
  for (const { network: inner } of network.inner()) addGraph(inner, tally)
  for (const node of network.graph.nodes) {
    const multiplyAdds = multiplyAddsOf(network, node)
    if (multiplyAdds === undefined) tally.unknown++
    const operator = readable(node.domain === '' ? node.opType : `${node.domain}.${node.opType}`)
    const before = tally.operators.get(operator) ?? { nodes: 0, parameters: 0, multiplyAdds: 0 }
    tally.operators.set(operator, {
      operator,
      nodes: before.nodes + 1,
      parameters: before.parameters + weightsOf(network, node, tally),
      multiplyAdds: before.multiplyAdds + (multiplyAdds ?? 0),
    })
  }
}

/** Tensors of one element do not count: in a file, a slope and the 3 of a hard-swish look alike. */
export const foreignCost = (network: Network, blocks: readonly ForeignBlock[]): ForeignCost => {
  const tally: Tally = { counted: new Set(), operators: new Map(), statistics: 0, unknown: 0 }
  addGraph(network, tally)
  const operators = [...tally.operators.values()].sort(
    (a, b) => b.parameters - a.parameters || b.multiplyAdds - a.multiplyAdds || b.nodes - a.nodes,
  )
  const total = (
    rows: readonly { readonly parameters: number; readonly multiplyAdds: number }[],
  ) => ({
    parameters: sum(rows, row => row.parameters),
    multiplyAdds: sum(rows, row => row.multiplyAdds),
  })
  return {
    ...total(operators),
    statistics: tally.statistics,
    unknown: tally.unknown,
    operators,
    blocks: total(blocks),
  }
}
