/**
 * How large the results of operators of image networks are. What a rule does not know stays
 * unknown: nothing here decides whether a model runs.
 */

import { sizeOf } from '../tensor/tensor.ts'
import type { Numbers } from './constantFolding.ts'
import { type FileNode, intOf, intsOf, textOf } from './read/index.ts'

export type Shape = Numbers

/** What a rule sees of a node. */
export interface Seen {
  readonly node: FileNode
  readonly shapes: readonly (Shape | undefined)[]
  /** The numbers of an input that is constant. */
  numbers(input: number): readonly number[] | undefined
}
type Rule = (seen: Seen) => Shape | undefined

const same: Rule = ({ shapes: [x] }) => x

const broadcastOf = (shapes: readonly Shape[]): Shape => {
  const rank = Math.max(...shapes.map(({ length }) => length))
  return Array.from({ length: rank }, (_, i) =>
    Math.max(...shapes.map(shape => shape[shape.length - rank + i] ?? 1)),
  )
}

const broadcast: Rule = ({ shapes, node }) => {
  if (shapes.length < node.inputs.length || shapes.some(shape => shape === undefined))
    return undefined
  return broadcastOf(shapes as readonly Shape[])
}

/** One spatial size after a window has gone over it. */
const slid = ({ node }: Seen, size: number, kernel: number, i: number, spatial: number): number => {
  const stride = intsOf(node, 'strides')?.[i] ?? 1
  const reach = (intsOf(node, 'dilations')?.[i] ?? 1) * (kernel - 1) + 1
  const auto = textOf(node, 'auto_pad', 'NOTSET')
  if (auto.startsWith('SAME')) return Math.ceil(size / stride)
  const pads = auto === 'VALID' ? [] : (intsOf(node, 'pads') ?? [])
  const room = size + (pads[i] ?? 0) + (pads[spatial + i] ?? 0) - reach
  const steps = room / stride
  return (intOf(node, 'ceil_mode', 0) === 1 ? Math.ceil(steps) : Math.floor(steps)) + 1
}

const convolved: Rule = seen => {
  const [x, w] = seen.shapes
  if (x === undefined || w === undefined || x.length !== w.length || x.length < 3) return undefined
  const sizes = x.slice(2).map((size, i) => slid(seen, size, w[i + 2], i, x.length - 2))
  return [x[0], w[0], ...sizes]
}

const pooled: Rule = seen => {
  const [x] = seen.shapes
  const kernel = intsOf(seen.node, 'kernel_shape')
  if (x === undefined || kernel?.length !== x.length - 2) return undefined
  const sizes = x.slice(2).map((size, i) => slid(seen, size, kernel[i], i, x.length - 2))
  return [x[0], x[1], ...sizes]
}

const globally: Rule = ({ shapes: [x] }) => x?.map((size, i) => (i < 2 ? size : 1))

const gemm: Rule = ({ node, shapes: [a, b] }) => {
  if (a?.length !== 2 || b?.length !== 2) return undefined
  return [a[intOf(node, 'transA', 0)], b[1 - intOf(node, 'transB', 0)]]
}

const product: Rule = ({ shapes: [a, b] }) => {
  if (a === undefined || b === undefined || a.length < 2 || b.length < 2) return undefined
  const outer = a.length >= b.length ? a.slice(0, -2) : b.slice(0, -2)
  return [...outer, a[a.length - 2], b[b.length - 1]]
}

/** An axis from the front; negative ones count from the back. */
export const axisOf = (axis: number, rank: number): number => (axis < 0 ? axis + rank : axis)

/** Axes as an attribute (older opsets) or as a constant input. */
export const axesOf = (
  { node, numbers }: Pick<Seen, 'node' | 'numbers'>,
  rank: number,
): readonly number[] | undefined =>
  (intsOf(node, 'axes') ?? numbers(1))?.map(axis => axisOf(axis, rank))

const reduced: Rule = seen => {
  const [x] = seen.shapes
  if (x === undefined) return undefined
  if ((seen.node.inputs[1] ?? '') !== '' && seen.numbers(1) === undefined) return undefined
  const axes = axesOf(seen, x.length) ?? x.map((_, i) => i)
  return intOf(seen.node, 'keepdims', 1) === 1
    ? x.map((size, i) => (axes.includes(i) ? 1 : size))
    : x.filter((_, i) => !axes.includes(i))
}

const transposed: Rule = ({ node, shapes: [x] }) =>
  x && (intsOf(node, 'perm') ?? x.map((_, i) => x.length - 1 - i)).map(axis => x[axis])

const joined: Rule = ({ node, shapes }) => {
  const [first] = shapes
  if (first === undefined || shapes.some(shape => shape?.length !== first.length)) return undefined
  const axis = axisOf(intOf(node, 'axis', 1), first.length)
  const along = shapes.reduce((sum, shape) => sum + (shape?.[axis] ?? 0), 0)
  return first.map((size, i) => (i === axis ? along : size))
}

const reshaped: Rule = ({ shapes: [x], numbers }) => {
  const target = numbers(1)
  if (x === undefined || target === undefined) return undefined
  const known = target.map((size, i) => (size === 0 ? (x[i] ?? 1) : size))
  const rest = sizeOf(known.filter(size => size !== -1))
  return known.map(size => (size === -1 ? sizeOf(x) / rest : size))
}

const flattened: Rule = ({ node, shapes: [x] }) => {
  if (x === undefined) return undefined
  const axis = axisOf(intOf(node, 'axis', 1), x.length)
  return [sizeOf(x.slice(0, axis)), sizeOf(x.slice(axis))]
}

const squeezed: Rule = seen => {
  const [x] = seen.shapes
  const axes = x && axesOf(seen, x.length)
  return axes ? x.filter((_, i) => !axes.includes(i)) : x?.filter(size => size !== 1)
}

const unsqueezed: Rule = seen => {
  const [x] = seen.shapes
  const count = (intsOf(seen.node, 'axes') ?? seen.numbers(1))?.length
  if (x === undefined || count === undefined) return undefined
  const axes = axesOf(seen, x.length + count) ?? []
  const rest = [...x]
  return Array.from({ length: x.length + count }, (_, i) =>
    axes.includes(i) ? 1 : (rest.shift() ?? 1),
  )
}

const resized: Rule = ({ node, shapes: [x], numbers }) => {
  const scales = numbers(node.opType === 'Upsample' ? 1 : 2)
  const sizes = node.opType === 'Upsample' ? undefined : numbers(3)
  if (x === undefined) return undefined
  if (sizes?.length === x.length) return sizes
  return scales?.length === x.length ? x.map((size, i) => Math.floor(size * scales[i])) : undefined
}

/** Sizes of 1 become what is asked for. */
const expanded: Rule = ({ shapes: [x], numbers }) => {
  const target = numbers(1)
  return x && target && broadcastOf([x, target])
}

const tiled: Rule = ({ shapes: [x], numbers }) => {
  const times = numbers(1)
  return times?.length === x?.length ? x?.map((size, i) => size * (times?.[i] ?? 1)) : undefined
}

/** The numbers of a shape, or a part of them. */
const counted: Rule = ({ node, shapes: [x] }) => {
  if (x === undefined) return undefined
  return [x.slice(intOf(node, 'start', 0), intOf(node, 'end', x.length)).length]
}

const padded: Rule = ({ node, shapes: [x], numbers }) => {
  const pads = intsOf(node, 'pads') ?? numbers(1)
  if (x === undefined || pads?.length !== 2 * x.length) return undefined
  return x.map((size, i) => size + pads[i] + pads[x.length + i])
}

/** Bounds as inputs, or as attributes before opset 10. */
const sliced: Rule = ({ node, shapes: [x], numbers }) => {
  const [starts, ends] = [intsOf(node, 'starts') ?? numbers(1), intsOf(node, 'ends') ?? numbers(2)]
  if (x === undefined || starts === undefined || ends === undefined) return undefined
  const axes = intsOf(node, 'axes') ?? (node.inputs[3] ? numbers(3) : starts.map((_, i) => i))
  const steps = node.inputs[4] ? numbers(4) : starts.map(() => 1)
  if (axes === undefined || steps?.some(step => step < 1) !== false) return undefined
  const result = [...x]
  for (const [i, given] of axes.entries()) {
    const axis = axisOf(given, x.length)
    const [from, to] = [starts[i], ends[i]].map(at =>
      Math.min(Math.max(at < 0 ? at + x[axis] : at, 0), x[axis]),
    )
    result[axis] = Math.max(Math.ceil((to - from) / steps[i]), 0)
  }
  return result
}

/** Of parts of one size; others are told by the file or not at all. */
const divided: Rule = ({ node, shapes: [x], numbers }) => {
  if (x === undefined) return undefined
  const axis = axisOf(intOf(node, 'axis', 0), x.length)
  const parts = intsOf(node, 'split') ?? (node.inputs[1] ? numbers(1) : undefined)
  const size = parts === undefined ? x[axis] / node.outputs.length : parts[0]
  if (parts?.some(part => part !== size)) return undefined
  return x.map((own, i) => (i === axis ? size : own))
}

const upConvolved: Rule = ({ node, shapes: [x, w] }) => {
  if (x === undefined || w === undefined || x.length !== w.length) return undefined
  const [pads, strides] = [intsOf(node, 'pads') ?? [], intsOf(node, 'strides') ?? []]
  const extra = intsOf(node, 'output_padding') ?? []
  const sizes = x.slice(2).map((size, i) => {
    const lost = (pads[i] ?? 0) + (pads[x.length - 2 + i] ?? 0)
    return (size - 1) * (strides[i] ?? 1) + w[i + 2] + (extra[i] ?? 0) - lost
  })
  return [x[0], w[1] * intOf(node, 'group', 1), ...sizes]
}

const listed = (rule: Rule, names: string): [string, Rule][] =>
  names.split(' ').map(name => [name, rule])

export const SHAPE_RULES: ReadonlyMap<string, Rule> = new Map([
  ...listed(same, 'Relu LeakyRelu PRelu Elu Selu Gelu Sigmoid HardSigmoid HardSwish Tanh Softplus'),
  ...listed(
    same,
    'Clip Erf Exp Log Neg Abs Sqrt Reciprocal Softmax Identity Cast CastLike Dropout',
  ),
  ...listed(same, 'BatchNormalization InstanceNormalization LayerNormalization Mish'),
  ...listed(same, 'QuantizeLinear DequantizeLinear'),
  ...listed(broadcast, 'Add Sub Mul Div Pow Min Max Sum Where Equal'),
  ...listed(pooled, 'AveragePool MaxPool LpPool'),
  ...listed(globally, 'GlobalAveragePool GlobalMaxPool'),
  ...listed(reduced, 'ReduceMean ReduceMax ReduceSum ReduceMin ReduceL2 ReduceSumSquare'),
  ...listed(resized, 'Resize Upsample'),
  ['Conv', convolved],
  ['ConvTranspose', upConvolved],
  ['Gemm', gemm],
  ['MatMul', product],
  ['Concat', joined],
  ['Transpose', transposed],
  ['Reshape', reshaped],
  ['Flatten', flattened],
  ['Squeeze', squeezed],
  ['Unsqueeze', unsqueezed],
  ['Expand', expanded],
  ['Tile', tiled],
  ['Shape', counted],
  ['Pad', padded],
  ['Slice', sliced],
  ['Split', divided],
])
