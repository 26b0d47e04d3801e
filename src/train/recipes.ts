/** The papers' trainings by name. Milestones are fractions, so that other epoch counts keep the shape. */

import type { Recipe } from './config.ts'

const SGD = { kind: 'sgd', momentum: 0.9, nesterov: false } as const
const NESTEROV = { ...SGD, nesterov: true } as const
const every30of100 = { kind: 'multi-step', at: [0.3, 0.6, 0.9], factor: 0.1 } as const
const PADDED_CROP = { crop: { padding: 4 }, flip: true }

/** The papers' trainings, and two for everyday use. */
export const RECIPES = {
  /** For a handful of epochs: one cosine after a short warm-up. The default. */
  short: {
    epochs: 10,
    batch: 128,
    learningRate: 0.1,
    optimizer: NESTEROV,
    weightDecay: 5e-4,
    decayRule: 'weights',
    schedule: { kind: 'cosine', end: 0 },
    warmUp: { epochs: 0.5, from: 0.1, flat: false },
    labelSmoothing: 0.05,
    freezeBatchNormEpochs: 0,
    augment: { crop: { padding: 2 }, flip: true },
    initialize: 'he',
  },
  /** SENet, section 5.1 (Table 2); the weight decay is the authors' word (their issue 37). */
  senet: {
    epochs: 100,
    batch: 1024,
    learningRate: 0.6,
    optimizer: SGD,
    weightDecay: 1e-4,
    decayRule: 'weights',
    schedule: every30of100,
    labelSmoothing: 0,
    freezeBatchNormEpochs: 0,
    augment: PADDED_CROP,
    initialize: 'he',
  },
  /** SENet, section 6: the ablations' plateau schedule and label smoothing. */
  'senet-ablation': {
    epochs: 300,
    batch: 256,
    learningRate: 0.1,
    optimizer: SGD,
    weightDecay: 1e-4,
    decayRule: 'weights',
    schedule: { kind: 'plateau', factor: 0.1, patience: 10, maxDrops: 3 },
    labelSmoothing: 0.1,
    freezeBatchNormEpochs: 0,
    augment: PADDED_CROP,
    initialize: 'he',
  },
  /** SKNet, section 4.1. */
  sknet: {
    epochs: 100,
    batch: 256,
    learningRate: 0.1,
    optimizer: SGD,
    weightDecay: 1e-4,
    decayRule: 'weights',
    schedule: every30of100,
    labelSmoothing: 0.1,
    freezeBatchNormEpochs: 0,
    augment: PADDED_CROP,
    initialize: 'he',
  },
  /** GCT, section 3.4 and the authors' code: no decay on β, first epoch at a tenth of the rate. */
  gct: {
    epochs: 100,
    batch: 256,
    learningRate: 0.1,
    optimizer: NESTEROV,
    weightDecay: 1e-4,
    decayRule: 'all-but-beta',
    schedule: every30of100,
    warmUp: { epochs: 1, from: 0.1, flat: true },
    labelSmoothing: 0,
    freezeBatchNormEpochs: 0,
    augment: PADDED_CROP,
    initialize: 'he',
  },
  /** 32×32 images: the Wide-ResNet authors' code, which SENet's CIFAR experiments refer to. */
  cifar: {
    epochs: 200,
    batch: 128,
    learningRate: 0.1,
    optimizer: NESTEROV,
    weightDecay: 5e-4,
    decayRule: 'all',
    schedule: { kind: 'multi-step', at: [0.3, 0.6, 0.8], factor: 0.2 },
    labelSmoothing: 0,
    freezeBatchNormEpochs: 0,
    augment: PADDED_CROP,
    initialize: 'he',
  },
  /** From trained weights (--weights), on images of your own. */
  'fine-tune': {
    epochs: 10,
    batch: 32,
    learningRate: 0.01,
    optimizer: NESTEROV,
    weightDecay: 1e-4,
    decayRule: 'weights',
    schedule: { kind: 'cosine', end: 0 },
    warmUp: { epochs: 0.5, from: 0.1, flat: false },
    labelSmoothing: 0.1,
    freezeBatchNormEpochs: 0,
    augment: { resizedCrop: { scale: 0.35 }, flip: true },
    initialize: 'he',
  },
  /** A detector from random weights, on few small images. The default of detectors. */
  detector: {
    epochs: 12,
    batch: 8,
    learningRate: 0.02,
    optimizer: SGD,
    weightDecay: 1e-4,
    decayRule: 'weights',
    schedule: { kind: 'cosine', end: 0 },
    warmUp: { epochs: 0.5, from: 0.01, flat: false },
    clipNorm: 10,
    labelSmoothing: 0,
    freezeBatchNormEpochs: 0,
    augment: { flip: true },
    initialize: 'he',
  },
  /**
   * Detectron's schedule "2x" for Faster R-CNN, of SENet's Table 7: 180,000 steps on the 118,287
   * images of COCO, a tenth at 120,000 and 160,000, 500 steps of warm-up from a third.
   */
  'detectron-2x': {
    epochs: 24,
    batch: 16,
    learningRate: 0.02,
    optimizer: SGD,
    weightDecay: 1e-4,
    decayRule: 'weights',
    schedule: { kind: 'multi-step', at: [2 / 3, 8 / 9], factor: 0.1 },
    warmUp: { epochs: 0.07, from: 1 / 3, flat: false },
    labelSmoothing: 0,
    freezeBatchNormEpochs: 0,
    augment: { flip: true },
    initialize: 'he',
  },
} as const satisfies Record<string, Recipe>

/** The name of a recipe. */
export type RecipeName = keyof typeof RECIPES

/** The recipe of a network that is for a task, unless told. */
export const defaultRecipe = (task?: string): RecipeName =>
  task === 'detection' ? 'detector' : 'short'
export const recipeNames = Object.keys(RECIPES) as readonly RecipeName[]
