/** What a found block is, in numbers: widths, parameters and multiply-adds, by its family's formula. */

import { elementCount, type FileNode, intOf, type OnnxFileTensor } from '../onnx/read/index.ts'
import { axisOf } from '../onnx/shapeRules.ts'
import { sizeOf } from '../tensor/tensor.ts'
import type { Family } from './attentionPatterns.ts'
import type { Network } from './network.ts'
import type { Match } from './pattern.ts'

export interface Found {
  readonly family: Family
  readonly match: Match
  readonly scale: FileNode
}

export interface Described {
  readonly family: Family
  readonly channels: number
  /** Of the layer between both; undefined where there is none. */
  readonly hidden?: number | undefined
  /** channels / hidden */
  readonly reduction?: number | undefined
  /** Of a gate that is a convolution: along the channels, or over places. */
  readonly kernel?: number | undefined
  /** That share each channel. */
  readonly branches?: number | undefined
  /** Of the shares, along which their sum is 1. */
  readonly axis?: number | undefined
  readonly squeeze: string
  readonly activation?: string | undefined
  readonly gate: string
  /** Of the layers, in their order. */
  readonly biases: readonly boolean[]
  readonly parameters: number
  /** Of the layers, for one image. */
  readonly multiplyAdds: number
  /** Of the map that is scaled: [height, width]. */
  readonly map?: readonly [height: number, width: number] | undefined
  /** Multiplications that scale the map. */
  readonly scaling?: number | undefined
  /** The value of the gate, or of the shares, in the file. */
  readonly value: string
  readonly nodes: readonly string[]
}

interface Layer {
  readonly into: number
  readonly out: number
  readonly kernel: readonly number[]
  readonly bias: boolean
  readonly parameters: number
  readonly multiplyAdds: number
}

/** How many numbers are in nodes' constant operands, each tensor once. */
const sizesIn = (
  network: Network,
  nodes: readonly FileNode[],
  isWeight: (tensor: OnnxFileTensor) => boolean = () => true,
): number => {
  const tensors = nodes.flatMap(({ inputs }) =>
    inputs.flatMap(name => (name === '' ? [] : (network.constant(name) ?? []))),
  )
  const weights = [...new Set(tensors)].filter(isWeight)
  return weights.reduce((sum, tensor) => sum + elementCount(tensor), 0)
}

/** One number would be a 1 or an ε, whole ones are axes. */
const isVector = (tensor: OnnxFileTensor): boolean =>
  elementCount(tensor) > 1 && tensor.dtype.includes('float')

const layerOf = (network: Network, { parts }: Match, name: string): Layer | undefined => {
  const node = parts.get(name)
  const shape = node && network.shapes.get(node.inputs[1])
  if (node === undefined || shape === undefined || shape.length < 2) return undefined
  const outFirst = node.opType === 'Conv' || intOf(node, 'transB', 0) === 1
  const [a, b, ...kernel] = shape
  const [out, into] = outFirst ? [a, b] : [b, a]
  const added = parts.get(`${name} bias`)
  const norm = parts.get(`${name} norm`)
  return {
    into,
    out,
    kernel,
    bias: node.inputs.length > 2 || added !== undefined || norm !== undefined,
    parameters:
      sizesIn(network, [node, ...(added ? [added] : [])]) +
      // Scale and shift; mean and variance are no parameters.
      (norm ? 2 * out : 0),
    multiplyAdds: into * out * sizeOf(kernel),
  }
}

/** H and W of a map whose channels number so many, wherever they stand; branches may be stacked. */
const placeOf = (
  shape: readonly number[] | undefined,
  channels: number,
  branches: number,
): readonly [number, number] | undefined => {
  const [, first, second, third, fourth] = shape ?? []
  if (shape?.length === 5 && branches > 1 && first === branches && second === channels)
    return [third, fourth]
  if (shape?.length !== 4) return undefined
  if (first === channels || first === channels * branches) return [second, third]
  return third === channels ? [first, second] : undefined
}

/** What follows from the formula, before the map is known. */
type Formula = Pick<Described, 'channels' | 'gate' | 'squeeze'> &
  Partial<Pick<Described, 'hidden' | 'reduction' | 'kernel' | 'branches' | 'axis'>> & {
    readonly layers: readonly Layer[]
    /** How often an image goes through the layers. */
    times(place: readonly [number, number]): number
  }

/** A shape's channels, or what is second where nothing is known of them. */
const channelsOf = (network: Network, match: Match): number | undefined =>
  network.shapes.get(match.values.get('map') as string)?.[1]

const once = (): number => 1
const everywhere = ([height, width]: readonly [number, number]): number => height * width

type Rule = (network: Network, match: Match) => Formula | undefined

const bottleneck =
  (more: Partial<Formula> = {}): Rule =>
  (network, match) => {
    const [first, last] = [layerOf(network, match, 'fc1'), layerOf(network, match, 'fc2')]
    const channels = last?.out
    if (!last || channels === undefined || (first ?? last).into !== channels) return undefined
    return {
      channels,
      hidden: first?.out,
      reduction: first && channels / first.out,
      squeeze: match.kinds.get('squeeze') ?? 'none',
      gate: match.kinds.get('gate') ?? '',
      layers: [...(first ? [first] : []), last],
      times: once,
      ...more,
    }
  }

/** Both squeezes through the same weights: two bottlenecks of their own are another thing. */
const shared: Rule = (network, match) => {
  const weights = (name: string) => network.constant(match.parts.get(name)?.inputs[1] ?? '')
  const same = ['fc1', 'fc2'].every(name => weights(name) === weights(`other ${name}`))
  const activated = match.kinds.get('activation') === match.kinds.get('other activation')
  if (!same || !activated) return undefined
  return bottleneck({ squeeze: 'mean and max', times: () => 2 })(network, match)
}

const convolved =
  (squeeze: string | undefined, times: (channels: number) => Formula['times']): Rule =>
  (network, match) => {
    const [layer, channels] = [layerOf(network, match, 'fc2'), channelsOf(network, match)]
    if (layer === undefined || channels === undefined) return undefined
    return {
      channels,
      kernel: Math.max(...layer.kernel),
      squeeze: squeeze ?? match.kinds.get('squeeze') ?? 'none',
      gate: match.kinds.get('gate') ?? '',
      layers: [layer],
      times: times(channels),
    }
  }

const between: Rule = (network, match) => {
  const [first, last] = [layerOf(network, match, 'fc1'), layerOf(network, match, 'fc2')]
  if (first === undefined || last === undefined) return undefined
  const { into: channels, out: hidden } = first
  const branches = last.out / channels
  // Fewer than two have nothing to choose between.
  if (!Number.isInteger(branches) || branches < 2) return undefined
  const softmax = match.parts.get('softmax') as FileNode
  const shape = network.shapes.get(softmax.inputs[0])
  const axis = shape && softmaxAxis(softmax, shape.length, network.model.opsets.get(''))
  if (shape && axis !== undefined && shape[axis] !== branches) return undefined
  return {
    channels,
    hidden,
    reduction: channels / hidden,
    branches,
    axis,
    squeeze: 'mean',
    gate: `softmax of ${branches}`,
    layers: [first, last],
    times: once,
  }
}

/** The axis of a Softmax; before opset 13 one that is left out is the second. */
const softmaxAxis = (softmax: FileNode, rank: number, opset = 13): number =>
  axisOf(intOf(softmax, 'axis', opset < 13 ? 1 : -1), rank)

const norms: Rule = (network, match) => {
  const channels = channelsOf(network, match)
  if (channels === undefined) return undefined
  return { channels, squeeze: 'norm', gate: '1 + tanh', layers: [], times: once }
}

const RULES: Readonly<Record<Family, Rule>> = {
  'squeeze-excite': bottleneck(),
  'mean and maximum': shared,
  'one layer': bottleneck(),
  'along channels': convolved(undefined, channels => () => channels),
  'without squeeze': bottleneck({ times: everywhere }),
  'over places': convolved('mean and max of channels', () => everywhere),
  'between branches': between,
  'channel norms': norms,
}

/** Nothing where widths do not fit: then it is another thing of the same form. */
export const describe = (
  network: Network,
  { family, match, scale }: Found,
): Described | undefined => {
  const { values, kinds, nodes } = match
  const formula = RULES[family](network, match)
  if (formula === undefined) return undefined
  const { layers, times, ...written } = formula
  const { channels, branches = 1 } = written
  const shape = network.shapes.get(values.get('map') as string)
  const place = placeOf(shape, channels, branches)
  if ((shape?.length ?? 0) > 3 && place === undefined) return undefined
  const slopes = nodes.filter(({ opType }) => opType === 'PRelu')
  const weights = layers.reduce((sum, { parameters }) => sum + parameters, 0)
  return {
    family,
    ...written,
    activation: kinds.get('activation'),
    biases: layers.map(({ bias }) => bias),
    parameters:
      layers.length === 0 ? sizesIn(network, nodes, isVector) : weights + sizesIn(network, slopes),
    multiplyAdds:
      times(place ?? [1, 1]) * layers.reduce((sum, { multiplyAdds }) => sum + multiplyAdds, 0),
    map: place,
    scaling: place && branches * channels * place[0] * place[1],
    value: values.get('gate') as string,
    nodes: [...nodes, scale].map(({ name, outputs }) => name || outputs[0]),
  }
}
