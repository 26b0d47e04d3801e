/**
 * What attention blocks are made of, in the forms that exporters write: formulas as data. A new
 * disguise is a line here.
 */

import { type FileNode, intOf, intsOf, numbersOf } from '../onnx/read/index.ts'
import { axesOf } from '../onnx/shapeRules.ts'
import { sizeOf } from '../tensor/tensor.ts'
import type { Network } from './network.ts'
import {
  all,
  anyTerm,
  as,
  constant,
  either,
  type Form,
  isNear,
  madeFrom,
  number,
  oneOf,
  op,
  type Pattern,
  pieceOf,
  product,
  sum,
  the,
} from './pattern.ts'

const unary =
  (type: string): Form =>
  x =>
    op(type, [x])

/** The bounds of a Clip: attributes in older opsets, inputs since; either may be left out. */
const boundOf = (
  { inputs, attributes }: FileNode,
  { number }: Network,
  [name, input]: readonly ['min', 1] | readonly ['max', 2],
): number | undefined => {
  const attribute = attributes.get(name)
  if (attribute?.kind === 'float') return attribute.value
  return inputs[input] ? number(inputs[input]) : undefined
}

/** min(max(x, low), high) */
const clip = (x: Pattern, low: number, high: number): Pattern => {
  const upTo = (node: FileNode, network: Network): boolean =>
    isNear(boundOf(node, network, ['max', 2]), high)
  return either(
    op(
      'Clip',
      [x],
      (node, network) => upTo(node, network) && isNear(boundOf(node, network, ['min', 1]), low),
    ),
    op('Min', [op('Max', [x, number(low)]), number(high)]),
    op('Max', [op('Min', [x, number(high)]), number(low)]),
    // PyTorch's relu6 is both.
    ...(low === 0
      ? [op('Clip', [op('Relu', [x])], upTo), op('Min', [op('Relu', [x]), number(high)])]
      : []),
  )
}

const over = (x: Pattern, divisor: number): Pattern =>
  either(op('Div', [x, number(divisor)]), product(number(1 / divisor), x))

/** min(max(x + 3, 0), 6) */
const relu6 = (x: Pattern): Pattern => clip(sum(number(3), x), 0, 6)

const SIGMOID: readonly Form[] = [
  unary('Sigmoid'),
  x => op('Div', [number(1), sum(number(1), op('Exp', [op('Neg', [x])]))]),
  x => op('Reciprocal', [sum(number(1), op('Exp', [op('Neg', [x])]))]),
]

const HARD_SIGMOID: readonly Form[] = [
  unary('HardSigmoid'),
  x => over(relu6(x), 6),
  x => clip(sum(number(0.5), over(x, 6)), 0, 1),
  x => clip(over(sum(number(3), x), 6), 0, 1),
]

/** x·σ(x), for any way to write σ. */
const timesItself = (gates: readonly Form[]): readonly Form[] =>
  gates.map(
    (gate): Form =>
      (x, again) =>
        product(gate(again, again), x),
  )

const GATES = {
  sigmoid: SIGMOID,
  'hard sigmoid': HARD_SIGMOID,
  tanh: [unary('Tanh')],
  ReLU: [unary('Relu')],
} satisfies Readonly<Record<string, readonly Form[]>>

const anyGate = oneOf('gate', GATES)
export const gate = (excitation: Pattern): Pattern => all(the('gate'), anyGate(excitation))

const ACTIVATIONS = {
  ReLU: [unary('Relu'), x => op('Max', [x, number(0)])],
  ReLU6: [x => clip(x, 0, 6)],
  LeakyReLU: [unary('LeakyRelu')],
  PReLU: [x => op('PRelu', [x, constant])],
  SiLU: [unary('Swish'), ...timesItself(SIGMOID)],
  'hard-swish': [
    unary('HardSwish'),
    ...timesItself(HARD_SIGMOID),
    (x, again) => over(product(relu6(again), x), 6),
  ],
  GELU: [
    unary('Gelu'),
    // x·(1 + erf(x/√2))/2, as PyTorch writes it.
    (x, again) => over(product(sum(number(1), op('Erf', [over(again, Math.SQRT2)])), x), 2),
  ],
  ELU: [unary('Elu')],
  Mish: [unary('Mish'), (x, again) => product(op('Tanh', [op('Softplus', [again])]), x)],
  tanh: [unary('Tanh')],
  sigmoid: SIGMOID,
  none: [x => x],
} satisfies Readonly<Record<string, readonly Form[]>>

export const activation = oneOf('activation', ACTIVATIONS)
/** Where a formula has the same one twice. */
export const otherActivation = oneOf('other activation', ACTIVATIONS)

/** Whether so many axes, or all but those of batch and channels, are what a node goes over. */
export const isSpatial =
  (count?: number) =>
  (node: FileNode, { shapes, constant }: Network): boolean => {
    const rank = shapes.get(node.inputs[0])?.length ?? 4
    const numbers = (input: number): readonly number[] | undefined => {
      const tensor = constant(node.inputs[input] ?? '')
      return tensor && numbersOf(tensor)
    }
    const axes = axesOf({ node, numbers }, rank)?.toSorted((a, b) => a - b)
    if (axes?.length !== (count ?? rank - 2) || axes.includes(0)) return false
    return axes.every((axis, i) => i === 0 || axis === axes[i - 1] + 1)
  }

/** A window as large as the map. */
const isWhole = (node: FileNode, { shapes }: Network): boolean => {
  const kernel = intsOf(node, 'kernel_shape')
  const map = shapes.get(node.inputs[0])?.slice(2)
  const unpadded = intsOf(node, 'pads')?.every(pad => pad === 0) ?? true
  return kernel !== undefined && unpadded && kernel.join() === map?.join()
}

const reduction =
  (type: string): Form =>
  x =>
    either(
      op(type, [x], isSpatial()),
      // One axis after the other.
      op(type, [op(type, [x], isSpatial(1))], isSpatial(1)),
    )

/** Over how many elements a ReduceSum, or one after the other, adds. */
const summed = ({ maker, origin, shapes }: Network, value: string): number | undefined => {
  let at = origin(value)
  for (let node = maker(at); node?.opType === 'ReduceSum'; node = maker(at))
    at = origin(node.inputs[0])
  const [all, left] = [shapes.get(at), shapes.get(value)]
  return all && left && sizeOf(all) / sizeOf(left)
}

/** Σ / n, for as many elements as are added: n written as a number, or computed from sizes. */
const sumOverCount: Form = x =>
  function* (network, value, match) {
    const node = network.maker(network.origin(value))
    if (node?.opType !== 'Div' && node?.opType !== 'Mul') return
    const { inputs, opType } = node
    for (const [sum, factor] of [inputs, inputs.toReversed()].slice(0, opType === 'Div' ? 1 : 2)) {
      const [count, given] = [summed(network, sum), network.number(factor)]
      if (count === undefined || given === undefined) continue
      if (!isNear(opType === 'Div' ? given / count : given * count, 1)) continue
      const nodes = [...match.nodes, node]
      yield* reduction('ReduceSum')(x, x)(network, sum, { ...match, nodes })
    }
  }

const SQUEEZES = {
  mean: [
    unary('GlobalAveragePool'),
    reduction('ReduceMean'),
    x => op('AveragePool', [x], isWhole),
    sumOverCount,
  ],
  max: [unary('GlobalMaxPool'), reduction('ReduceMax'), x => op('MaxPool', [x], isWhole)],
} satisfies Readonly<Record<string, readonly Form[]>>

/** To one number a channel. */
export const squeeze = oneOf('squeeze', SQUEEZES)
export const mean = oneOf('mean', { mean: SQUEEZES.mean })
export const maximum = oneOf('maximum', { max: SQUEEZES.max })

/** To one number a place. */
const overChannels = (type: string, x: Pattern): Pattern =>
  op(type, [x], (node, { constant }) => {
    const numbers = (input: number): readonly number[] | undefined => {
      const tensor = constant(node.inputs[input] ?? '')
      return tensor && numbersOf(tensor)
    }
    return axesOf({ node, numbers }, 4)?.join() === '1'
  })

/** A convolution over the mean and the maximum of all channels at each place: CBAM's second half. */
export const overPlaces = (name: string, x: Pattern): Pattern => {
  const [most, average] = [overChannels('ReduceMax', x), overChannels('ReduceMean', x)]
  const both = either(op('Concat', [most, average]), op('Concat', [average, most]))
  const convolved = as(
    name,
    op('Conv', [both, constant], (node, { shapes }) => {
      const [out, into] = shapes.get(node.inputs[1]) ?? []
      return out === 1 && into === 2
    }),
  )
  return either(convolved, as(`${name} norm`, op('BatchNormalization', [convolved])))
}

/** Σ over branches of their means, or the mean of their sum; what this finds is one of the branches. */
export const pooledSum = (branch: Pattern): Pattern =>
  anyTerm(mean(either(anyTerm(branch), op('ReduceSum', [branch]))))

/** A share of what softmax makes of this: all of them at once, or a branch's own. */
export const shareOf = (logits: Pattern): Pattern =>
  pieceOf(all(the('gate'), as('softmax', op('Softmax', [logits]))))

const square = (x: Pattern): Pattern => either(op('Pow', [x, number(2)]), op('Mul', [x, x]))

/** A norm of each channel. */
const norm = (x: Pattern): Pattern =>
  either(
    ...['ReduceL2', 'ReduceL1', 'ReduceSumSquare'].map(type => op(type, [x], isSpatial())),
    op('ReduceSum', [either(square(x), op('Abs', [x]))], isSpatial()),
  )

/** 1 + tanh(γ ŝ + β), ŝ made from the norms of channels: GCT. */
export const normGate = (x: Pattern): Pattern =>
  all(the('gate'), sum(number(1), op('Tanh', [sum(constant, madeFrom(NORMALIZING, norm(x)))])))

const NORMALIZING: ReadonlySet<string> = new Set(
  'Mul Div Add Pow Sqrt Reciprocal ReduceMean ReduceSum Abs'.split(' '),
)

const isPointwise = (node: FileNode, { shapes }: Network): boolean =>
  intOf(node, 'group', 1) === 1 &&
  (shapes
    .get(node.inputs[1])
    ?.slice(2)
    .every(size => size === 1) ??
    false)

/** W x + b on channels, and a batch normalization that was not folded into it. */
export const linear = (name: string, x: Pattern): Pattern => {
  const plain = as(
    name,
    either(
      op('Conv', [x, constant], isPointwise),
      op('Gemm', [x, constant]),
      op('MatMul', [x, constant]),
    ),
  )
  const biased = either(plain, as(`${name} bias`, sum(constant, plain)))
  return either(biased, as(`${name} norm`, op('BatchNormalization', [biased])))
}

/** A convolution along the channels: ECA. */
export const alongChannels = (name: string, x: Pattern): Pattern =>
  as(
    name,
    op('Conv', [x, constant], (node, { shapes }) => {
      const [out, into, ...kernel] = shapes.get(node.inputs[1]) ?? []
      return out === 1 && into === 1 && kernel.some(size => size > 1)
    }),
  )
