/** A recipe as a schema: every field with its range, its option on the command line and its help. */

import { z } from 'zod'
import { SAMPLINGS } from '../data/sampling.ts'
import { LOSSES } from '../tasks/regression.ts'
import {
  belowOne,
  between,
  flag,
  fraction,
  notNegative,
  oneOf,
  optional,
  positive,
  upTo,
  whole,
} from './fields.ts'
import { DECAY_RULES, type DecayRule } from './weightDecay.ts'

const RECIPE = 'Recipe (defaults are those of short):'
const SCHEDULE = 'Learning rate:'
const AUGMENTATION = 'Augmentation (0 for none):'

const factor = optional(positive, {
  value: 'x',
  help: 'multi-step, plateau: what the rate is multiplied by',
  group: SCHEDULE,
})

/** The learning rate over a training. */
const schedule = optional(
  z.discriminatedUnion(
    'kind',
    [
      z.strictObject({ kind: z.literal('constant') }),
      z.strictObject({
        kind: z.literal('multi-step'),
        /** Fractions of the training after which the rate is multiplied by `factor`. */
        at: optional(z.array(fraction, { error: 'a list of fractions' }).readonly(), {
          flag: 'milestones',
          value: 'x,…',
          help: 'multi-step: when, as fractions of the training',
          group: SCHEDULE,
        }),
        factor,
      }),
      z.strictObject({
        kind: z.literal('cosine'),
        /** The last rate, as a fraction of the first. */
        end: optional(fraction, {
          flag: 'final-lr',
          value: 'x',
          help: 'cosine: the last rate, as a fraction of the first',
          group: SCHEDULE,
        }),
      }),
      z.strictObject({
        kind: z.literal('plateau'),
        factor,
        /** Epochs without a better loss before the rate drops. */
        patience: optional(whole(0), {
          value: 'n',
          help: 'plateau: epochs without a better loss',
          group: SCHEDULE,
        }),
        /** How often the rate may drop. */
        maxDrops: optional(whole(), {
          value: 'n',
          help: 'plateau: maximum number of drops',
          group: SCHEDULE,
        }),
      }),
    ],
    { error: 'a schedule of the kind constant, multi-step, cosine or plateau' },
  ),
  { help: 'constant, multi-step, cosine or plateau', value: 'name', group: SCHEDULE },
)

/** What makes a step of a gradient. */
const optimizer = optional(
  z.discriminatedUnion(
    'kind',
    [
      z.strictObject({
        kind: z.literal('sgd'),
        /** How much of the last step goes on. */
        momentum: optional(fraction, { value: 'x', help: 'sgd: momentum', group: RECIPE }),
        /** Whether the gradient is that ahead of the momentum. */
        nesterov: optional(flag, { help: "sgd: Nesterov's momentum", group: RECIPE }),
      }),
      z.strictObject({
        kind: z.literal('adamw'),
        /** Decay of the gradient's average. */
        beta1: optional(fraction, { value: 'x', help: 'adamw: β₁', group: RECIPE }),
        /** Decay of the squared gradient's average. */
        beta2: optional(fraction, { value: 'x', help: 'adamw: β₂', group: RECIPE }),
        /** What keeps the denominator from 0. */
        epsilon: optional(positive, { value: 'x', help: 'adamw: ε', group: RECIPE }),
      }),
    ],
    { error: 'an optimizer of the kind sgd or adamw' },
  ),
  { help: 'sgd or adamw', value: 'name', group: RECIPE },
)

/** How a training goes: what a recipe holds. */
export const recipeSchema = z.strictObject({
  /** Passes over the training images. */
  epochs: optional(whole(), { value: 'n', help: 'passes over the training images', group: RECIPE }),
  /** Images in a step. */
  batch: optional(whole(), { value: 'n', help: 'images per step', group: RECIPE }),
  /** The rate that the schedule starts from. */
  learningRate: optional(positive, {
    flag: 'lr',
    value: 'x',
    help: 'learning rate, before the schedule',
    group: RECIPE,
  }),
  /** Ends the training after so many epochs without a better validation. */
  stopAfter: optional(whole(), {
    value: 'epochs',
    help: 'stop after so many epochs without a better validation; 0 = off',
    group: RECIPE,
    zero: 'none',
  }).optional(),
  optimizer,
  /** The coefficient of L2 decay. */
  weightDecay: optional(notNegative, { value: 'x', help: 'L2 weight decay', group: RECIPE }),
  /** Which parameters decay. */
  decayRule: optional(oneOf(Object.keys(DECAY_RULES) as [DecayRule, ...DecayRule[]]), {
    value: 'name',
    help: 'what decays: weights, all-but-beta (GCT) or all',
    group: RECIPE,
  }),
  schedule,
  /** Lower rates at the start: `from` times the rate, rising to it unless `flat`. */
  warmUp: z
    .strictObject({
      /** How long, in epochs. */
      epochs: optional(positive, {
        flag: 'warm-up',
        value: 'epochs',
        help: 'epochs of lower rate at the start; 0 for none',
        group: SCHEDULE,
      }),
      /** The fraction of the rate that it begins with. */
      from: optional(fraction, {
        flag: 'warm-up-from',
        value: 'x',
        help: 'fraction of the rate to start with',
        group: SCHEDULE,
      }),
      /** Whether the rate stays there until the end of the warm-up. */
      flat: flag,
    })
    .optional(),
  /** The share of each label that is spread over all classes. */
  labelSmoothing: optional(belowOne, {
    value: 'x',
    help: 'label smoothing',
    group: RECIPE,
  }),
  /** Of regression: what a distance costs; Huber's unless said. */
  loss: optional(oneOf(LOSSES), {
    value: 'name',
    help: 'regression: l1, l2 or huber (default: huber)',
    group: RECIPE,
  }).optional(),
  /** The longest L2 norm of a gradient. */
  clipNorm: optional(positive, {
    value: 'x',
    help: 'clip gradients to this norm; 0 = off',
    group: RECIPE,
    zero: 'none',
  }).optional(),
  /** In how many parts a batch is computed, one after the other; what they add up to makes the step. */
  accumulate: optional(whole(), {
    value: 'n',
    help: 'compute a batch in so many parts, where it is too large for the memory',
    group: RECIPE,
  }).optional(),
  /** Whether batch normalization looks at the whole batch where several processes share it. */
  syncBatchNorm: optional(flag, {
    help: 'several processes: batch-norm statistics of the whole batch',
    group: RECIPE,
  }).optional(),
  /** Decay of the running average of the weights; without it there is none. */
  emaDecay: optional(fraction, {
    value: 'x',
    help: 'keep a running average of the weights (EMA); 0 = off',
    group: RECIPE,
    zero: 'none',
  }).optional(),
  /** In how many last epochs batch-norm statistics stay as they are (SENet-154). */
  freezeBatchNormEpochs: optional(whole(0), {
    flag: 'freeze-bn-epochs',
    value: 'n',
    help: 'last epochs with frozen batch-norm statistics',
    group: RECIPE,
  }),
  /** In which order an epoch sees the images; shuffled unless said. */
  sampling: optional(oneOf(SAMPLINGS), {
    value: 'name',
    help: 'shuffle, or balanced: every class equally often',
    group: RECIPE,
  }).optional(),
  /** Images of two classes at once, by shares from Beta(α, α). */
  mixing: z
    .strictObject({
      /** α of blending. */
      mixup: optional(between(0.01, 1), {
        value: 'alpha',
        help: 'blend pairs of images by Beta(α, α), up to 1',
        group: AUGMENTATION,
        zero: 'none',
      }).optional(),
      /** α of pasting. */
      cutmix: optional(between(0.01, 1), {
        value: 'alpha',
        help: 'paste a part of one image into another; with --mixup, either',
        group: AUGMENTATION,
        zero: 'none',
      }).optional(),
    })
    .optional(),
  /** What happens to images at random on their way into a batch. */
  augment: z.strictObject({
    /** A crop at random, after padding with zeros. */
    crop: z
      .strictObject({
        padding: optional(whole(), {
          flag: 'crop',
          value: 'pixels',
          help: 'random crop after padding',
          group: AUGMENTATION,
          zero: 'none',
        }),
      })
      .optional(),
    /** Whether images are mirrored at random. */
    flip: optional(flag, { help: 'random horizontal flip', group: AUGMENTATION }).optional(),
    /** A part of at least this share of the area, resized to the whole. */
    resizedCrop: z
      .strictObject({
        scale: optional(upTo(1), {
          flag: 'resized-crop',
          value: 'x',
          help: 'random part of at least this share of the area, resized',
          group: AUGMENTATION,
          zero: 'none',
        }),
      })
      .optional(),
    /** Detection: the size of an image, times a factor between these two; what is then too large is cropped. */
    scaleJitter: optional(z.strictObject({ low: between(0.1, 10), high: between(0.1, 10) }), {
      value: 'x,y',
      help: 'detection: random size, from x to y of what fits',
      group: AUGMENTATION,
      zero: 'none',
    }).optional(),
    /** A turn by up to so many degrees either way. */
    rotate: z
      .strictObject({
        degrees: optional(upTo(180), {
          flag: 'rotate',
          value: 'degrees',
          help: 'random rotation, up to this angle',
          group: AUGMENTATION,
          zero: 'none',
        }),
      })
      .optional(),
    /** Brightness, contrast and saturation by factors within 1 ± strength. */
    colorJitter: z
      .strictObject({
        strength: optional(upTo(1), {
          flag: 'color-jitter',
          value: 'x',
          help: 'brightness, contrast and saturation by 1 ± x',
          group: AUGMENTATION,
          zero: 'none',
        }),
      })
      .optional(),
    /** RandAugment: so many operations of a magnitude. */
    randAugment: optional(
      z.strictObject({ operations: whole(1, 8), magnitude: between(0, 10).default(9) }),
      {
        value: 'n,m',
        help: 'RandAugment: n operations of magnitude m, up to 10',
        group: AUGMENTATION,
        zero: 'none',
      },
    ).optional(),
    /** A rectangle of noise, with this probability. */
    erase: z
      .strictObject({
        probability: optional(upTo(1), {
          flag: 'erase',
          value: 'x',
          help: 'probability of erasing a random rectangle',
          group: AUGMENTATION,
          zero: 'none',
        }),
      })
      .optional(),
    /** A square of zeros of this side. */
    cutout: z
      .strictObject({
        size: optional(whole(), {
          flag: 'cutout',
          value: 'pixels',
          help: 'side of a square that is cut out',
          group: AUGMENTATION,
          zero: 'none',
        }),
      })
      .optional(),
  }),
  /** How first weights are drawn. */
  initialize: optional(oneOf(['he', 'pytorch']), {
    value: 'name',
    help: 'first weights: he or pytorch',
    group: RECIPE,
  }),
})

/** How a training goes; see `training.RECIPES` for those of the papers. */
export type Recipe = z.infer<typeof recipeSchema>
