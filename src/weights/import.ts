/** Weights from elsewhere as a trained network: named, checked, with a card of how to feed it. */

import { createHash } from 'node:crypto'
import { UsageError } from '../errors/index.ts'
import { describeModel, type Model, type NetworkRecord, networkOf } from '../models/registry.ts'
import { variables } from '../nn/index.ts'
import { bestNaming, take } from './match.ts'
import { ownNetwork } from './names/index.ts'
import type { Naming, Preprocessing } from './names/naming.ts'
import { PREPROCESSING } from './names/preprocessing.ts'
import { modelHint } from './nearest.ts'
import { readWeights } from './readWeights.ts'
import type { Card, Trained } from './trained.ts'

/** The network, as written down; what it leaves open is as the source has it. */
export interface ImportOptions extends NetworkRecord {
  /** The names of the classes, in the order of the logits; numbers unless given. */
  readonly classes?: readonly string[]
  /** How the network's images were prepared; ImageNet's mean and std unless given. */
  readonly preprocessing?: Preprocessing
  /** Height and width of its images; the backbone's own unless given. */
  readonly size?: number
  /** The size over the shorter side that images are resized to; ImageNet's usual 0.875 unless given. */
  readonly cropPct?: number
  /** Where the file comes from, when that is not its path. */
  readonly source?: string
}

export interface Imported {
  readonly trained: Trained
  readonly naming: Naming
  /** What is to be known before its numbers are trusted. */
  readonly notes: readonly string[]
}

/** The network by what a source's is, the user's word first. */
const recordOf = (options: ImportOptions, naming: Naming): NetworkRecord => {
  const own = ownNetwork(naming, options.model)
  const attention = options.attention ?? own.attention
  const variations = { ...own.variations, ...options.variations }
  return {
    model: options.model,
    ...(attention === undefined ? {} : { attention }),
    ...(Object.keys(variations).length === 0 ? {} : { variations }),
  }
}

/** Of releases for ImageNet that say nothing else: 224 out of 256. */
const CROP_PCT = 0.875

/** How many logits and colors the file's own network has, where its shapes say so. */
const dimensionsOf = ({ network }: Model, shapeOf: (name: string) => readonly number[]) => {
  const weights = variables(network).filter(({ name }) => name.endsWith('.weight'))
  const first = weights.find(({ tensor }) => tensor.shape.length === 4)
  const last = weights.findLast(({ tensor }) => tensor.shape.length === 2)
  const channels = first === undefined ? undefined : shapeOf(first.name)[1]
  const classes = last && shapeOf(last.name)[0]
  return {
    ...(classes ? { classes } : {}),
    ...(channels === 1 || channels === 3 ? { channels } : {}),
  }
}

/**
 * Turns the first convolution, and what stands before it, from blue-green-red to red-green-blue:
 * then the network takes images as every other does.
 */
const turnColors = (network: Model, tensors: Map<string, Float32Array>): void => {
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

/** How its images are prepared, where that is settled. */
interface Fed {
  readonly preprocessing: Preprocessing
}

const cardOf = (
  network: Model,
  record: NetworkRecord,
  { preprocessing, classes, size = network.size, cropPct }: ImportOptions & Fed,
  origin: NonNullable<Card['origin']>,
): Card => {
  const unnamed = classes?.indexOf('') ?? -1
  if (classes !== undefined && (classes.length !== network.classes || unnamed >= 0))
    throw new UsageError({
      where: '--classes',
      expected: `the names of the ${network.classes} classes of the weights`,
      got: unnamed >= 0 ? `none for class ${unnamed}` : `${classes.length}`,
    })
  const crop = cropPct ?? (network.size < 224 ? undefined : CROP_PCT)
  const gray = (values: readonly number[]): number[] =>
    network.channels === 3
      ? [...values]
      : [values.reduce((sum, value) => sum + value, 0) / values.length]
  return {
    ...record,
    classes:
      classes === undefined ? Array.from(new Array(network.classes).keys(), String) : [...classes],
    channels: network.channels,
    height: size,
    width: size,
    ...(crop === undefined ? {} : { cropPct: crop }),
    mean: gray(preprocessing.mean),
    std: gray(preprocessing.std),
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
  const named = bestNaming(entries, naming => networkOf(recordOf(options, naming)), file)
  const { naming, sources } = named
  const record = recordOf(options, naming)
  const own = ownNetwork(naming, options.model)
  const preprocessing: Preprocessing =
    options.preprocessing ?? own.preprocessing ?? PREPROCESSING.imagenet
  const shapeOf = (name: string): readonly number[] => sources.get(name)?.entry.shape ?? []
  const network = networkOf(record, dimensionsOf(networkOf(record), shapeOf))
  const tensors = take(named, network, file, misfits => modelHint(entries, misfits))
  const bgr = preprocessing.bgr === true && network.channels === 3
  if (bgr) turnColors(network, tensors)
  const notes = [
    ...(own.note === undefined ? [] : [own.note]),
    ...(bgr
      ? ['it was trained on blue, green, red: its first weights were turned, so that it takes RGB']
      : []),
  ]
  const card = cardOf(
    network,
    record,
    { ...options, preprocessing },
    {
      source: options.source ?? file,
      sha256: createHash('sha256').update(bytes).digest('hex'),
      naming: naming.name,
      notes,
    },
  )
  return { trained: { card, model: network, tensors }, naming, notes }
}
