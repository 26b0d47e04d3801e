/** Weights from elsewhere as a trained network: named, checked, with a card of how to feed it. */

import { createHash } from 'node:crypto'
import { UsageError } from '../errors.ts'
import { model as build, describeModel, type Model, takes } from '../models/registry.ts'
import { variables } from '../nn/index.ts'
import { bestNaming, take } from './match.ts'
import type { Naming, Preprocessing } from './names/naming.ts'
import { PREPROCESSING } from './names/preprocessing.ts'
import { readWeights } from './readWeights.ts'
import type { Card, Trained } from './trained.ts'

export interface ImportOptions {
  /** A network that `excite models` lists. */
  readonly model: string
  /** In place of the attention in the name. */
  readonly attention?: string
  readonly strideIn?: '1x1' | '3x3'
  /** The names of the classes, in the order of the logits; numbers unless given. */
  readonly classes?: readonly string[]
  /** How the network's pictures were prepared; ImageNet's mean and deviation unless given. */
  readonly preprocessing?: Preprocessing
  /** Height and width of its pictures; the backbone's own unless given. */
  readonly size?: number
  /** Where the file comes from, when that is not its path. */
  readonly source?: string
}

export interface Imported {
  readonly trained: Trained
  readonly naming: Naming
  /** What is to be known before its numbers are trusted. */
  readonly notes: readonly string[]
}

/** The options of a network by what a source's networks are, the user's first. */
const modelOptions = (options: ImportOptions, { model: own = {} }: Naming) => {
  const [prefix] = options.model.split('-')
  const attention = options.attention ?? own.attention?.[prefix]
  const strideIn = options.strideIn ?? (takes(options.model, 'strideIn') ? own.strideIn : undefined)
  return {
    ...(attention === undefined ? {} : { attention }),
    ...(strideIn === undefined ? {} : { strideIn }),
  }
}

/** How many logits and colours the file's own network has, where its shapes say so. */
const dimensionsOf = ({ network }: Model, shapeOf: (name: string) => readonly number[]) => {
  const weights = variables(network).filter(({ name }) => name.endsWith('.weight'))
  const first = weights.find(({ tensor }) => tensor.shape.length === 4)
  const last = weights.findLast(({ tensor }) => tensor.shape.length === 2)
  const channels = first === undefined ? undefined : shapeOf(first.name)[1]
  return {
    classes: (last && shapeOf(last.name)[0]) || undefined,
    channels: channels === 1 || channels === 3 ? channels : undefined,
  }
}

/**
 * Turns the first convolution, and what stands before it, from blue-green-red to red-green-blue:
 * then the network takes pictures as every other does.
 */
const turnColours = (network: Model, tensors: Map<string, Float32Array>): void => {
  const all = variables(network.network)
  const first = all.findIndex(
    ({ name, tensor }) => name.endsWith('weight') && tensor.shape.length === 4,
  )
  for (const { name, tensor } of all.slice(0, first + 1)) {
    const data = tensors.get(name)
    if (data === undefined || tensor.shape[1] !== 3) continue
    const plane = tensor.shape.slice(2).reduce((size, length) => size * length, 1)
    const turned = Float32Array.from(data, (_, i) => {
      const channel = Math.floor(i / plane) % 3
      return data[i + (2 - 2 * channel) * plane]
    })
    tensors.set(name, turned)
  }
}

const cardOf = (
  network: Model,
  options: ImportOptions,
  chosen: ReturnType<typeof modelOptions>,
  origin: NonNullable<Card['origin']>,
): Card => {
  const { preprocessing = PREPROCESSING.imagenet, classes, size = network.size } = options
  if (classes !== undefined && classes.length !== network.classes)
    throw new UsageError({
      where: '--classes',
      expected: `the names of the ${network.classes} classes of the weights`,
      got: `${classes.length}`,
    })
  const grey = (values: readonly number[]): number[] =>
    network.channels === 3
      ? [...values]
      : [values.reduce((sum, value) => sum + value, 0) / values.length]
  return {
    model: options.model,
    ...chosen,
    classes:
      classes === undefined ? Array.from(new Array(network.classes).keys(), String) : [...classes],
    channels: network.channels,
    height: size,
    width: size,
    mean: grey(preprocessing.mean),
    deviation: grey(preprocessing.deviation),
    origin,
  }
}

/**
 * Reads weights and fits them to a network.
 * @param file - its name, for messages and the card
 * @throws FileError for a damaged file; WeightError that lists every tensor that does not fit;
 * UsageError for options that are not possible
 */
export const importWeights = (
  bytes: Uint8Array,
  file: string,
  options: ImportOptions,
): Imported => {
  describeModel(options.model)
  const entries = readWeights(bytes, file)
  const named = bestNaming(
    entries,
    naming => build(options.model, modelOptions(options, naming)),
    file,
  )
  const { naming, sources } = named
  const chosen = modelOptions(options, naming)
  const shapeOf = (name: string): readonly number[] => sources.get(name)?.entry.shape ?? []
  const { classes, channels } = dimensionsOf(build(options.model, chosen), shapeOf)
  const network = build(options.model, {
    ...chosen,
    ...(classes === undefined ? {} : { classes }),
    ...(channels === undefined ? {} : { channels }),
  })
  const tensors = take(named, network, file)
  const bgr = options.preprocessing?.bgr === true && network.channels === 3
  if (bgr) turnColours(network, tensors)
  const notes = [
    ...(naming.note === undefined ? [] : [naming.note]),
    ...(bgr
      ? ['it was trained on blue, green, red: its first weights were turned, so that it takes RGB']
      : []),
  ]
  const card = cardOf(network, options, chosen, {
    source: options.source ?? file,
    sha256: createHash('sha256').update(bytes).digest('hex'),
    naming: naming.name,
    notes,
  })
  return { trained: { card, model: network, tensors }, naming, notes }
}
