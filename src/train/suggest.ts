/**
 * What to train and how, where nobody said: a table of rules with their reasons, by what is known of
 * the images. `bench/defaults.ts` holds it against a grid.
 */

import type { ImageFacts } from '../data/folder/imageFacts.ts'
import { count } from '../text/numbers.ts'
import type { Recipe } from './config.ts'
import { fittedBatch } from './fewSteps.ts'
import { RECIPES } from './recipes.ts'

/** What is given already, which rules then fit the rest to. */
export interface GivenFacts {
  /** The network's name. */
  readonly model?: string | undefined
  /** Height and width that it sees. */
  readonly size?: number | undefined
  /** The size over the resized image's shorter side, in evaluation. */
  readonly cropPct?: number | undefined
  /** Whether it starts from trained weights. */
  readonly trained?: boolean | undefined
}

/** A training that fits the images. */
export interface Suggestion {
  readonly model: string
  readonly size: number
  /** The size over the resized image's shorter side, in evaluation. */
  readonly cropPct: number
  readonly recipe: Recipe
  /** Why, in a sentence each. */
  readonly reasons: readonly string[]
}

interface Rule {
  /** The most images that it is for. */
  readonly upTo: number
  readonly model: string
  /** How many steps in all, and the largest batch. */
  readonly steps: number
  readonly batch: number
  readonly recipe: Partial<Recipe>
  readonly because: string
}

const { short, 'fine-tune': fineTune } = RECIPES

/** Networks that start from nothing: the first row that holds as many images. */
const SCRATCH: readonly Rule[] = [
  {
    upTo: 1500,
    model: 'resnet8',
    steps: 1200,
    batch: 16,
    recipe: { learningRate: 0.1 },
    because: 'so few images teach a small network as much as a large one, in less time',
  },
  {
    upTo: 20_000,
    model: 'resnet8',
    steps: 1500,
    batch: 32,
    recipe: { learningRate: 0.1 },
    because: 'thousands of images are seen ten times and more',
  },
  {
    upTo: Number.POSITIVE_INFINITY,
    model: 'resnet20',
    steps: 4000,
    batch: 128,
    recipe: { learningRate: 0.1 },
    because: 'many images teach a deeper network',
  },
]

/** Networks with trained weights. */
const TRAINED: readonly Omit<Rule, 'model'>[] = [
  {
    upTo: Number.POSITIVE_INFINITY,
    steps: 300,
    batch: 32,
    recipe: {},
    because: 'trained weights need few steps at a low rate',
  },
]

/** How images are seen, by the middle one of their shorter sides. */
const VIEWS = [
  {
    upTo: 40,
    size: 32,
    cropPct: 1,
    augment: { crop: { padding: 2 }, flip: true },
    because: 'that is what the images have',
  },
  {
    upTo: 96,
    size: 64,
    cropPct: 1,
    augment: { crop: { padding: 4 }, flip: true },
    because: 'that is about what the images have',
  },
  {
    upTo: Number.POSITIVE_INFINITY,
    size: 64,
    cropPct: 0.875,
    augment: { resizedCrop: { scale: 0.5 }, flip: true },
    because: 'more pixels cost time, and teach little where there are no trained weights',
  },
] as const

/** At least so often is every image seen; more would be learned by heart. */
const EPOCHS = { least: 4, most: 240 }

const rowFor = <Row extends { readonly upTo: number }>(rows: readonly Row[], value: number): Row =>
  rows.find(({ upTo }) => value <= upTo) ?? rows[rows.length - 1]

/** Rules applied to what is known of the images, around what is given. */
export const suggestTraining = (
  { images, side }: ImageFacts,
  { model, size, cropPct, trained = false }: GivenFacts = {},
): Suggestion => {
  const rule = rowFor<Omit<Rule, 'model'> & { model?: string }>(trained ? TRAINED : SCRATCH, images)
  const view = rowFor(VIEWS, side)
  const chosen = model ?? rule.model ?? SCRATCH[0].model
  const batch = fittedBatch(images, rule.batch)
  const stepsPerEpoch = Math.max(1, Math.floor(images / batch))
  const wanted = Math.ceil(rule.steps / stepsPerEpoch)
  const epochs = Math.min(EPOCHS.most, Math.max(EPOCHS.least, wanted))
  const recipe: Recipe = trained
    ? { ...fineTune, ...rule.recipe, batch, epochs }
    : { ...short, augment: view.augment, ...rule.recipe, batch, epochs }
  return {
    model: chosen,
    size: size ?? view.size,
    cropPct: cropPct ?? view.cropPct,
    recipe,
    reasons: [
      ...(model === undefined ? [`${chosen}: ${rule.because}`] : []),
      ...(size === undefined
        ? [`images of ${count(side)} pixels seen at ${view.size}×${view.size}: ${view.because}`]
        : []),
    ],
  }
}

/** The longest training that nobody asked for. */
export const LONGEST_SECONDS = 30 * 60

/** Fewer epochs where a machine would take too long, as long as some stay. */
export const epochsWithin = (epochs: number, seconds: (epochs: number) => number): number => {
  let fitting = epochs
  while (fitting > EPOCHS.least && seconds(fitting) > LONGEST_SECONDS) fitting--
  return fitting
}
