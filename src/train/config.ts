/** Everything that decides a training, as one record that is checked, saved and read back. */

import { z } from 'zod'
import { SAMPLINGS } from '../data/sampling.ts'
import { UsageError } from '../errors/index.ts'
import { variationsSchema } from '../weights/variationsSchema.ts'
import { DECAY_RULES, type DecayRule } from './weightDecay.ts'

const positive = z.number().positive()
const natural = z.number().int().positive()
/** Of a Beta distribution. */
const alpha = z.number().min(0.01).max(1)
const fraction = z.number().min(0).max(1)

const schedule = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('constant') }),
  z.strictObject({
    kind: z.literal('multi-step'),
    at: z.array(fraction).readonly(),
    factor: positive,
  }),
  z.strictObject({ kind: z.literal('cosine'), end: fraction }),
  z.strictObject({
    kind: z.literal('plateau'),
    factor: positive,
    patience: z.number().int().min(0),
    drops: natural,
  }),
])

const optimizer = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('sgd'), momentum: fraction, nesterov: z.boolean() }),
  z.strictObject({
    kind: z.literal('adamw'),
    beta1: fraction,
    beta2: fraction,
    epsilon: positive,
  }),
])

/** How a training goes: what a recipe holds. */
export const recipeSchema = z.strictObject({
  epochs: natural,
  batch: natural,
  learningRate: positive,
  optimizer,
  weightDecay: z.number().min(0),
  decayRule: z.enum(Object.keys(DECAY_RULES) as [DecayRule, ...DecayRule[]]),
  schedule,
  warmUp: z.strictObject({ epochs: positive, from: fraction, flat: z.boolean() }).optional(),
  smoothing: z.number().min(0).lt(1),
  /** The longest L2 norm of a gradient. */
  clipNorm: positive.optional(),
  /** Decay of the running average of the weights; without it there is none. */
  averageDecay: fraction.optional(),
  /** In how many last epochs batch-norm statistics stay as they are (SENet-154). */
  frozenEpochs: z.number().int().min(0),
  /** In which order an epoch sees the images; shuffled unless said. */
  sampling: z.enum(SAMPLINGS).optional(),
  mixing: z.strictObject({ mixup: alpha.optional(), cutmix: alpha.optional() }).optional(),
  augment: z.strictObject({
    crop: z.strictObject({ padding: natural }).optional(),
    flip: z.boolean().optional(),
    resizedCrop: z.strictObject({ scale: positive.max(1) }).optional(),
    rotate: z.strictObject({ degrees: positive.max(180) }).optional(),
    colorJitter: z.strictObject({ strength: positive.max(1) }).optional(),
    randAugment: z
      .strictObject({ operations: natural.max(8), magnitude: z.number().min(0).max(10) })
      .optional(),
    erase: z.strictObject({ probability: positive.max(1) }).optional(),
    cutout: z.strictObject({ size: natural }).optional(),
  }),
  initialize: z.enum(['he', 'pytorch']),
})
export type Recipe = z.infer<typeof recipeSchema>

/** What is trained, on what, and how. */
export const configSchema = z
  .strictObject({
    model: z.string(),
    attention: z.string().optional(),
    variations: variationsSchema.optional(),
    /** Whether the network holds code which no registry knows. */
    custom: z.boolean().optional(),
    data: z.string(),
    dataDir: z.string().optional(),
    /** How many training and test images, where not all of a set's. */
    samples: z.strictObject({ train: natural, test: natural }).optional(),
    size: natural.optional(),
    /** Of a folder of images: evaluation's crop, the share held back, and what is done about bad ones. */
    cropPct: fraction.optional(),
    valFraction: fraction.optional(),
    badImages: z.enum(['stop', 'skip', 'replace']).optional(),
    badLimit: fraction.optional(),
    /** A file of first weights, and how their images were prepared. */
    weights: z.string().optional(),
    normalization: z
      .strictObject({
        mean: z.array(z.number()).readonly(),
        std: z.array(positive).readonly(),
      })
      .optional(),
    /** Patterns of parameters that stay as they are, until an epoch (the first is 1) if one is given. */
    freeze: z.string().optional(),
    unfreezeAt: natural.min(2).optional(),
    seed: z.number().int().min(0),
    device: z.string(),
    threads: natural.optional(),
    recipe: recipeSchema,
  })
  .refine(({ freeze, unfreezeAt }) => freeze !== undefined || unfreezeAt === undefined, {
    path: ['unfreezeAt'],
    message: 'nothing is frozen: --freeze says what',
  })
  .refine(({ unfreezeAt = 0, recipe }) => unfreezeAt <= recipe.epochs, {
    path: ['unfreezeAt'],
    message: 'the training ends before: --epochs says when',
  })
  .refine(
    ({ badImages, badLimit }) =>
      badLimit === undefined || (badImages !== undefined && badImages !== 'stop'),
    { path: ['badLimit'], message: 'the first bad image stops: --bad-images skip or replace' },
  )
export type Config = z.infer<typeof configSchema>

/**
 * Checks a configuration, from the command line or from a run's file.
 * @param nameOf - what the user calls a field, by its path
 * @throws UsageError that lists every field at fault
 */
export const checkConfig = (
  candidate: unknown,
  where = 'configuration',
  nameOf: (path: string) => string = path => path,
): Config => {
  const { success, data, error } = configSchema.safeParse(candidate)
  if (success) return data
  throw new UsageError({
    where,
    expected: 'a valid training configuration',
    got: error.issues
      .map(({ path, message }) => `${nameOf(path.join('.')) || 'it'}: ${message}`)
      .join('; '),
  })
}
