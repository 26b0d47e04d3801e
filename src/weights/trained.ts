/**
 * A trained network in one file: safetensors with PyTorch's names, and in its metadata what is
 * needed to rebuild the network and to prepare images for it.
 */

import { z } from 'zod'
import { FileError, WeightError } from '../errors/index.ts'
import { type Model, networkOf } from '../models/registry.ts'
import { compareTensors, listed, variables } from '../nn/index.ts'
import { halfBits } from '../tensor/float16.ts'
import { current } from './oldFields.ts'
import {
  FLOATS,
  readSafetensors,
  type StoredTensor,
  type WrittenTensor,
  writeSafetensors,
} from './safetensors.ts'
import { variationsSchema } from './variationsSchema.ts'

/** Larger images than any network here was made for; what a damaged card asks for stays within reach. */
const LARGEST_SIDE = 4096
const MOST_CHANNELS = 64

const wholeUpTo = (most: number) => {
  const error = `expected a whole number from 1 to ${most}`
  return z.number({ error }).int({ error }).min(1, { error }).max(most, { error })
}

/** What to know of a trained network besides its weights. */
export const cardSchema = z
  .strictObject({
    model: z.string(),
    attention: z.string().optional(),
    variations: variationsSchema.optional(),
    /** Of a network that holds code which no registry knows: it must be given to read this. */
    custom: z.boolean().optional(),
    /** What it was trained for; classification unless said. */
    task: z.string().optional(),
    /** The name of what the network gives, where that is one value and not `logits`. */
    output: z.string().optional(),
    /** Where several labels may hold: the probability from which each does. */
    thresholds: z.array(z.number()).readonly().optional(),
    /** Where numbers are predicted: what they were normalized by. */
    targets: z
      .object({
        mean: z.array(z.number()).readonly(),
        std: z.array(z.number().positive()).readonly(),
      })
      .optional(),
    /** The names of the outputs in their order: the classes, where the task is classification. */
    classes: z.array(z.string()).min(1),
    channels: wholeUpTo(MOST_CHANNELS),
    height: wholeUpTo(LARGEST_SIDE),
    width: wholeUpTo(LARGEST_SIDE),
    /** Of images from files: the height over the shorter side that they are resized to; 1 unless said. */
    cropPct: z.number().positive().max(1).optional(),
    /** What transparent images are composed on; black unless said. */
    background: z
      .string()
      .regex(/^#[0-9a-f]{6}$/, 'expected a color such as #ffffff')
      .optional(),
    /** Per channel, of pixels scaled to 0 … 1: the network sees (pixel − mean) / std. */
    mean: z.array(z.number()),
    std: z.array(z.number().positive()),
    /** Of imported weights: where they come from, and what was done to them. */
    origin: z
      .object({
        source: z.string(),
        sha256: z.string(),
        naming: z.string(),
        notes: z.array(z.string()),
      })
      .optional(),
  })
  .refine(({ task, classes }) => task !== undefined || classes.length >= 2, {
    path: ['classes'],
    message: 'fewer than two',
  })
  .refine(({ channels, mean, std }) => mean.length === channels && std.length === channels, {
    path: ['mean and std'],
    message: 'not one number a channel',
  })
/** What to know of a trained network besides its weights. */
export type Card = z.infer<typeof cardSchema>

/** What a card remembers of the network's task. */
export const memoryOf = ({ thresholds, targets }: Card): Pick<Card, 'thresholds' | 'targets'> => ({
  ...(thresholds === undefined ? {} : { thresholds }),
  ...(targets === undefined ? {} : { targets }),
})

/** A network with its weights. */
export interface Trained {
  /** What is to be known of the network besides its weights. */
  readonly card: Card
  /** The network that the weights fit. */
  readonly model: Model
  /** Parameters and buffers by name. */
  readonly tensors: ReadonlyMap<string, Float32Array>
}

/** The network that a card describes. */
export const modelOf = (card: Card): Model =>
  networkOf(card, { classes: card.classes.length, channels: card.channels })

/**
 * Writes a trained network as one safetensors file.
 * @param half - rounds to half precision: half the size
 */
export const writeTrained = ({ card, model, tensors }: Trained, half = false): Uint8Array => {
  const stored = new Map<string, WrittenTensor>()
  for (const { name, tensor } of variables(model.network)) {
    const data = tensors.get(name)
    if (data === undefined) continue
    const { shape } = tensor
    stored.set(
      name,
      half
        ? { dtype: 'F16', shape, data: Uint16Array.from(data, halfBits) }
        : { dtype: 'F32', shape, data },
    )
  }
  return writeSafetensors(stored, { format: 'pt', excite: JSON.stringify(card) })
}

/**
 * The card in a file's metadata.
 * @throws FileError when there is none, or a damaged one
 */
export const readCard = (text: string | undefined, file: string): Card => {
  const refuse = (got: string): never => {
    throw new FileError({
      where: file,
      expected: 'weights that excite wrote, with an excite card in their metadata',
      got,
      hint: 'Use best.safetensors or last.safetensors of a run; weights from elsewhere: excite import',
    })
  }
  if (text === undefined) return refuse('none')
  let candidate: unknown
  try {
    candidate = JSON.parse(text)
  } catch {
    return refuse('a card that is not JSON')
  }
  const { success, data, error } = cardSchema.safeParse(current(candidate))
  return success
    ? data
    : refuse(
        `a card with ${error.issues[0].path.join('.') || 'its fields'}: ${error.issues[0].message}`,
      )
}

/** Refuses weights that are not the network's, with every difference at once. */
const checkTensors = (
  model: Model,
  stored: ReadonlyMap<string, StoredTensor>,
  file: string,
): void => {
  const wanted = variables(model.network).map(({ name, tensor: { shape } }) => ({ name, shape }))
  const problems = compareTensors(wanted, stored, { dtypes: FLOATS })
  if (problems.length > 0)
    throw new WeightError({
      where: file,
      expected: `the ${wanted.length} tensors of ${model.name}`,
      got: listed(problems),
    })
}

/**
 * Reads a trained network.
 * @param own - the network, where the card's name may not be enough to build it
 * @throws FileError for a damaged file, WeightError for weights that do not fit their own card
 */
export const readTrained = (bytes: Uint8Array, file: string, own?: Model): Trained => {
  const { tensors, metadata } = readSafetensors(bytes, file)
  const card = readCard(metadata.excite, file)
  const model = own ?? modelOf(card)
  checkTensors(model, tensors, file)
  return {
    card,
    model,
    tensors: new Map(
      [...tensors].map(([name, { data }]) => [name, Float32Array.from(data as Float32Array)]),
    ),
  }
}
