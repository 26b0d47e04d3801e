/** Trainings that are too short to come to anything, and what would change that. */

import type { Config } from './config.ts'

/** Steps below which networks hardly leave chance; trained weights need fewer. */
const LEAST = { scratch: 300, trained: 60 }
const SMALLEST_BATCH = 8
/** A class's handful of images should make several steps an epoch. */
const STEPS_PER_EPOCH = 8

/**
 * A batch that so many images fill several times over.
 * @param most - the largest that is wanted
 */
export const fittedBatch = (images: number, most: number): number => {
  const fitting = 2 ** Math.floor(Math.log2(Math.max(1, images / STEPS_PER_EPOCH)))
  return Math.min(most, images, Math.max(SMALLEST_BATCH, fitting))
}

/** What to say of a training with too few steps; nothing where there are enough. */
export const fewSteps = (
  { recipe: { batch, epochs }, weights }: Pick<Config, 'recipe' | 'weights'>,
  images: number,
): string | undefined => {
  const steps = epochs * Math.floor(images / batch)
  const least = weights === undefined ? LEAST.scratch : LEAST.trained
  if (steps >= least) return undefined
  const fitted = fittedBatch(images, batch)
  const wanted = Math.ceil(least / Math.floor(images / fitted))
  const start = weights === undefined ? 'that starts from nothing' : 'with trained weights'
  return `${steps} ${steps === 1 ? 'step' : 'steps'} in all, and a network ${start} needs some ${least}: set \`recipe.batch\` to ${fitted} and \`recipe.epochs\` to ${wanted}`
}
