/** Weights from elsewhere as a trained network: named, checked, with a card of how to feed it. */

import { createHash } from 'node:crypto'
import { UsageError } from '../errors/index.ts'
import { type Alias, aliasOf, lookalike } from '../models/aliases.ts'
import { describeModel, type Model, type NetworkRecord, networkOf } from '../models/registry.ts'
import { initialize, variables } from '../nn/index.ts'
import { type ByteSource, type Bytes, byteSource, chunksOf } from './byteSource.ts'
import { IMAGENET_CLASSES } from './imagenetClasses.ts'
import { bestNaming, type Named, take } from './match.ts'
import { ownNetwork } from './names/index.ts'
import type { OwnNetwork, Preprocessing } from './names/naming.ts'
import { PREPROCESSING } from './names/preprocessing.ts'
import { described, likelyModels } from './nearest.ts'
import { readWeights } from './readWeights.ts'
import type { Entry, WeightChoice, Weights } from './stored.ts'
import { networkIn } from './told.ts'
import { type Card, readTrained, type Trained } from './trained.ts'

/** What is known of weights besides their file; what is left open is as their source has it. */
export interface ImportOptions extends Omit<NetworkRecord, 'model' | 'custom'>, WeightChoice {
  /** The network that they are of, by its name here or at its source; by its tensors unless given. */
  readonly model?: string | undefined
  /** What the source calls the network, where it says so beside the file. */
  readonly architecture?: string | undefined
  /** The names of the classes, in the order of the logits; numbers, or ImageNet's, unless given. */
  readonly classes?: readonly string[] | undefined
  /** How the network's images were prepared; ImageNet's mean and std unless given. */
  readonly preprocessing?: Preprocessing | undefined
  /** Height and width of its images; the backbone's own unless given. */
  readonly size?: number | undefined
  /** The size over the shorter side that images are resized to; ImageNet's usual 0.875 unless given. */
  readonly cropPct?: number | undefined
  /** Where the file comes from, when that is not its path. */
  readonly source?: string | undefined
}

/** Weights under our names, and how they came to be. */
export interface Imported {
  /** The network with its weights. */
  readonly trained: Trained
  /** By whose names its tensors were found. */
  readonly naming: string
  /** What is to be known before its numbers are trusted. */
  readonly notes: readonly string[]
}

/** Of releases for ImageNet that say nothing else: 224 out of 256. */
const CROP_PCT = 0.875

/** The first convolution and the classifier: what a file's own network may have otherwise. */
const endsOf = ({
  network,
  task,
}: Model): { readonly first: string; readonly head: readonly string[] } => {
  const all = variables(network)
  const weights = all.filter(({ name }) => name.endsWith('.weight'))
  const first = weights.find(({ tensor }) => tensor.shape.length === 4)?.name ?? ''
  const last =
    task === 'detection'
      ? 'roi_heads.box_predictor.cls_score.weight'
      : (weights.findLast(({ tensor }) => tensor.shape.length === 2)?.name ?? '')
  const head = last.slice(0, -'weight'.length)
  return { first, head: all.map(({ name }) => name).filter(name => head && name.startsWith(head)) }
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

/** γ/√(v + ε) stays what it is when γ follows ε. */
const changeEpsilon = (
  tensors: Map<string, Float32Array>,
  { theirs, ours }: NonNullable<OwnNetwork['epsilon']>,
): void => {
  for (const [name, variances] of tensors) {
    if (!name.endsWith('.running_var')) continue
    const weight = name.replace(/running_var$/, 'weight')
    const scaled = tensors
      .get(weight)
      ?.map((value, i) => value * Math.sqrt((variances[i] + ours) / (variances[i] + theirs)))
    if (scaled !== undefined) tensors.set(weight, scaled)
  }
}

const hashOf = (source: ByteSource): string => {
  const hash = createHash('sha256')
  for (const chunk of chunksOf(source)) hash.update(chunk)
  return hash.digest('hex')
}

/** A network, and why it may be another than it looks like. */
interface Recognized {
  readonly record: NetworkRecord
  readonly notes: readonly string[]
}

/**
 * The network that weights are of: what the user says, what the source calls it, or whose tensors they
 * are. Networks that pool or pad otherwise have the same tensors: so a name that is not known is a
 * doubt, which is said, and without the user's word an end.
 */
const recognize = (
  { entries, architecture: inFile }: Weights,
  file: string,
  options: ImportOptions,
): Recognized => {
  const { model, attention, variations, architecture = inFile } = options
  const from = (alias: Alias): NetworkRecord => ({
    model: alias.model,
    attention: attention ?? alias.attention,
    variations: { ...alias.variations, ...variations },
  })
  const known = architecture === undefined ? undefined : aliasOf(architecture)
  const unlike =
    known === undefined ? (architecture ?? lookalike(options.source ?? file)) : undefined
  const asked = model === undefined ? undefined : (aliasOf(model) ?? { model })
  if (asked !== undefined) {
    describeModel(asked.model)
    const doubt = `its source speaks of ${unlike}, which is no network here and may compute otherwise than ${asked.model} although its tensors fit: compare their answers first`
    return { record: from(asked), notes: unlike === undefined ? [] : [doubt] }
  }
  if (known !== undefined) return { record: from(known), notes: [] }
  const found = likelyModels(entries)
  const [{ model: name, misfits } = { model: '', misfits: 1 }] = found
  if (unlike === undefined && found.length === 1 && misfits === 0)
    return {
      record: { model: name, attention, variations },
      notes: [
        `taken for ${name}, whose tensors they are; networks that pool or pad otherwise, such as timm's resnetblur, resnetaa and tf_ ones, can have the same`,
      ],
    }
  throw new UsageError({
    where: 'model',
    expected: `the network that the weights of ${file} are of`,
    got: unlike === undefined ? 'none' : `none, and ${unlike}, which is no network here`,
    context: `they are ${described(found)}`,
    hint:
      misfits > 0
        ? 'Run excite models for those that there are'
        : unlike === undefined
          ? `Say which: ${name}`
          : `If ${unlike} computes as ${name} does, say so: ${name}`,
  })
}

/** How many of each color's channels; the mean over the colors where they are not three. */
const perChannel = (values: readonly number[], channels: number): number[] =>
  channels === values.length
    ? [...values]
    : new Array<number>(channels).fill(
        values.reduce((sum, value) => sum + value, 0) / values.length,
      )

const checkClasses = (classes: readonly string[], wanted: number): readonly string[] => {
  const unnamed = classes.indexOf('')
  if (classes.length === wanted && unnamed < 0) return classes
  throw new UsageError({
    where: 'classes',
    expected: `the names of the ${wanted} classes of the weights`,
    got: unnamed >= 0 ? `none for class ${unnamed}` : `${classes.length}`,
  })
}

/** A file that Excite wrote says all by itself; only how it is fed may be told otherwise. */
const ownFile = (
  source: ByteSource,
  file: string,
  { model, attention, variations, classes, preprocessing, size, cropPct }: ImportOptions,
): Imported => {
  const trained = readTrained(source.read(0, source.size), file)
  const { card } = trained
  const other = model !== undefined && (aliasOf(model)?.model ?? model) !== card.model
  if (other || attention !== undefined || variations !== undefined)
    throw new UsageError({
      where: 'model',
      expected: `nothing that ${file} says itself: Excite wrote it, and it is a trained ${card.model}`,
      got: other ? `${model}` : 'an attention or variations',
      hint: 'Leave it out',
    })
  return {
    trained: {
      ...trained,
      card: {
        ...card,
        classes: classes ? [...checkClasses(classes, card.classes.length)] : card.classes,
        height: size ?? card.height,
        width: size ?? card.width,
        cropPct: cropPct ?? card.cropPct,
        mean: preprocessing ? perChannel(preprocessing.mean, card.channels) : card.mean,
        std: preprocessing ? perChannel(preprocessing.std, card.channels) : card.std,
      },
    },
    naming: 'excite',
    notes: ['Excite wrote this file: its own card was kept'],
  }
}

/** The file's network, with as many classes and channels as its own ends have. */
const sized = (
  { sources }: Named,
  record: NetworkRecord,
  classes: number | undefined,
): { readonly network: Model; readonly absent: readonly string[] } => {
  const shapeOf = (name: string): readonly number[] | undefined => sources.get(name)?.entry.shape
  const plain = networkOf(record)
  const { first, head } = endsOf(plain)
  const rows = shapeOf(head[0] ?? '')?.[0]
  // A detector has a row for the background besides.
  const logits = rows !== undefined && plain.task === 'detection' ? rows - 1 : (rows ?? classes)
  const channels = shapeOf(first)?.[1]
  const network = networkOf(record, {
    ...(logits ? { classes: logits } : {}),
    ...(channels && channels <= 64 ? { channels } : {}),
  })
  return { network, absent: head.some(name => sources.has(name)) ? [] : head }
}

/** As many classes as ImageNet's: then they are in its order, in everything that is published. */
const isImageNet = ({ classes, size }: Model): boolean =>
  classes === IMAGENET_CLASSES.length && size >= 224

/**
 * Reads weights and fits them to a network.
 * @param file - its name, for messages and the card
 * @throws FileError for a damaged file; WeightError that lists every tensor that does not fit;
 * UsageError for options that are not possible
 */
export const importWeights = (
  bytes: Bytes,
  file: string,
  options: ImportOptions = {},
): Imported => {
  const source = byteSource(bytes)
  if (options.model !== undefined) describeModel(aliasOf(options.model)?.model ?? options.model)
  const weights = readWeights(source, file, options)
  return weights.card === undefined
    ? importEntries(weights, file, options, hashOf(source))
    : ownFile(source, file, options)
}

/** Fits weights that are read already. */
export const importEntries = (
  weights: Weights,
  file: string,
  options: ImportOptions,
  sha256: string,
): Imported => {
  const { entries } = weights
  const { record: given, notes: doubts } = recognize(weights, file, options)
  const named = bestNaming(entries, named => networkOf(networkIn(named, given)), file)
  const { naming } = named
  const own = ownNetwork(naming, given.model)
  const record = networkIn(named, given)
  const { network, absent } = sized(named, record, options.classes?.length)
  const { channels } = network
  const tensors = take(named, network, file, absent, misfits => nearest(entries, misfits))
  const preprocessing: Preprocessing =
    options.preprocessing ?? own.preprocessing ?? PREPROCESSING.imagenet
  const bgr = preprocessing.bgr === true && channels === 3
  if (bgr) turnColors(network, tensors)
  if (own.epsilon !== undefined) changeEpsilon(tensors, own.epsilon)
  if (absent.length > 0) {
    const fresh = initialize(network.network, 0)
    for (const name of absent) tensors.set(name, fresh.get(name) ?? new Float32Array())
  }
  const asImageNet = options.classes === undefined && absent.length === 0 && isImageNet(network)
  const notes = [
    ...weights.notes,
    ...doubts,
    ...(own.note === undefined ? [] : [own.note]),
    ...(bgr
      ? ['it was trained on blue, green, red: its first weights were turned, so that it takes RGB']
      : []),
    ...(own.epsilon === undefined
      ? []
      : [
          `its batch normalizations have ε = ${own.epsilon.theirs}, ours ${own.epsilon.ours}: their weights were scaled, so that the answers are the same`,
        ]),
    ...(absent.length > 0
      ? ['the file has no classifier: it begins anew, and says nothing before it is trained']
      : []),
    ...(channels === 1 || channels === 3
      ? []
      : [
          `it takes ${channels} channels, and images have 1 or 3: mean and std are the mean over colors`,
        ]),
    ...(asImageNet ? ["its 1,000 classes are called as ImageNet's, in their usual order"] : []),
  ]
  const size = options.size ?? network.size
  const cropPct = options.cropPct ?? (network.size < 224 ? undefined : CROP_PCT)
  const numbers = Array.from(new Array(network.classes).keys(), String)
  const card: Card = {
    model: record.model,
    ...(network.task === undefined ? {} : { task: network.task }),
    ...(record.attention === undefined ? {} : { attention: record.attention }),
    ...(record.variations === undefined ? {} : { variations: record.variations }),
    classes: options.classes
      ? [...checkClasses(options.classes, network.classes)]
      : asImageNet
        ? [...IMAGENET_CLASSES]
        : numbers,
    channels,
    height: size,
    width: size,
    ...(cropPct === undefined ? {} : { cropPct }),
    mean: perChannel(preprocessing.mean, channels),
    std: perChannel(preprocessing.std, channels),
    origin: { source: options.source ?? file, sha256, naming: naming.name, notes },
  }
  return { trained: { card, model: network, tensors }, naming: naming.name, notes }
}

/** The network that weights are of, where it is nearer than the one that was asked for. */
const nearest = (entries: ReadonlyMap<string, Entry>, misfits: number): string | undefined => {
  const found = likelyModels(entries)
  return found.length > 0 && found[0].misfits < misfits ? described(found) : undefined
}
