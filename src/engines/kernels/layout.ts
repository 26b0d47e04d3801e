/** Which memory each value of a graph lies in, and how: decided from the graph alone. */

import { type Graph, type Node, type Shape, sizeOf, type Value } from '../../graph/index.ts'
import type { ConcatAttributes } from '../../ops/concat.ts'
import { kindOf } from './operations.ts'
import { channelsLast, rowMajor } from './placement.ts'
import { type Strided, stridesOfView } from './views.ts'

/** Offset and strides within the memory of a value, which may be the value itself. */
export interface Layout extends Strided {
  readonly home: Value
}

/** A part of a concatenation that is written in place. */
interface Claim {
  readonly of: Value
  /** Where the part begins, along an axis. */
  readonly axis: number
  readonly start: number
  /** The shape of the part as it is concatenated; the value is a reshape of it. */
  readonly shape: Shape
}

export interface Layouts {
  /** The value whose memory a view looks at. */
  rootOf(value: Value): Value
  /** Undefined where a view has no strides. */
  layoutOf(value: Value): Layout | undefined
  /** Whether a part of a concatenation is written where it belongs by what computes it. */
  isInPlace(concat: Value, part: number): boolean
  /** Has a value lie in row-major order, as what a graph returns does. */
  keepRowMajor(value: Value): void
  /** Makes a value the part of a concatenation. */
  claim(value: Value, concat: Value, part: number): void
}

const rootOf = (value: Value): Value => {
  let root = value
  while (root.node !== undefined && kindOf(root.node) === 'view') root = root.node.inputs[0]
  return root
}

/** The value that a part is a reshape of to one axis, or the part itself. */
const sourceOf = (part: Value): Value => {
  let source = part
  while (part.shape.length === 1 && source.node?.op === 'reshape') source = source.node.inputs[0]
  return source
}

export const newLayouts = ({ nodes, outputs }: Graph, useChannelsLast: boolean): Layouts => {
  const claims = new Map<Value, Claim>()
  const results = new Set(Object.values(outputs))
  const startOf = ({ node }: Value, part: number): number => {
    const { inputs, attributes } = node as Node
    const { axis } = attributes as ConcatAttributes
    return inputs.slice(0, part).reduce((total, { shape }) => total + shape[axis], 0)
  }
  const claim = (value: Value, concat: Value, part: number): void => {
    const { inputs, attributes } = concat.node as Node
    const { axis } = attributes as ConcatAttributes
    claims.set(value, { of: concat, axis, start: startOf(concat, part), shape: inputs[part].shape })
  }

  /** Channels last, unless the graph's user, or a flat vector of all gradients, has it otherwise. */
  const free = (value: Value): readonly number[] => {
    const { shape, node, dtype } = value
    const isOwn =
      node !== undefined && node.op !== 'convolutionWeightGradient' && !results.has(value)
    return useChannelsLast && isOwn && shape.length === 4 && dtype === 'float32'
      ? channelsLast(shape)
      : rowMajor(shape)
  }

  const layoutOf = (value: Value): Layout | undefined => {
    if (value.node !== undefined && kindOf(value.node) === 'view') {
      const source = layoutOf(value.node.inputs[0])
      const strided = source && stridesOfView(value, source)
      return source && strided && { home: source.home, ...strided }
    }
    const claimed = claims.get(value)
    if (claimed === undefined) return { home: value, offset: 0, strides: free(value) }
    const whole = layoutOf(claimed.of) as Layout
    const { axis, start, shape } = claimed
    const strides =
      value.shape.length === shape.length
        ? whole.strides
        : rowMajor(value.shape).map(stride => stride * whole.strides[0])
    return { home: whole.home, offset: whole.offset + start * whole.strides[axis], strides }
  }

  for (const node of nodes) {
    if (node.op !== 'concat') continue
    for (const [part, piece] of node.inputs.entries()) {
      const source = sourceOf(piece)
      const kind = source.node && kindOf(source.node)
      const isComputed =
        kind === 'map' || kind === 'fold' || kind === 'library' || kind === 'concat'
      if (!isComputed || claims.has(source) || results.has(source)) continue
      if (source.dtype === 'uint8' || sizeOf(source.shape) === 0) continue
      claim(source, node.outputs[0], part)
    }
  }
  return {
    rootOf,
    layoutOf,
    claim,
    keepRowMajor: value => void results.add(value),
    isInPlace: (concat, part) => {
      const claimed = claims.get(sourceOf((concat.node as Node).inputs[part]))
      return claimed?.of === concat && claimed.start === startOf(concat, part)
    },
  }
}
