/** A training fitted to a set of images and to this machine: rules, then a few measured steps. */

import { availableParallelism } from 'node:os'
import type { Dataset } from '../data/dataset.ts'
import { imageFacts } from '../data/folder/imageFacts.ts'
import { stepsPerEpoch } from '../data/loader.ts'
import { type OpenedImages, openImages } from '../data/openImages.ts'
import type { DatasetOptions } from '../data/registry.ts'
import { openEngine } from '../engines/registry.ts'
import { type Model, networkOf } from '../models/registry.ts'
import { about, count } from '../text/numbers.ts'
import type { Config, Recipe } from '../train/config.ts'
import { epochsWithin, type Suggestion, suggestTraining } from '../train/suggest.ts'
import { readFirstWeights } from './initialWeights.ts'
import { measurePace, secondsAt } from './pace.ts'

/** A training whose time is known. */
interface Timed {
  readonly recipe: Recipe
  /** How long it takes on this machine, about. */
  readonly seconds: number
  /** How many steps, how long, how fast, and whether that made it shorter. */
  readonly reasons: readonly string[]
}

/** What is decided before anything is chosen. */
export interface SuggestOptions extends DatasetOptions {
  /** The network's name; that of the weights, or what fits the images, unless given. */
  readonly model?: string | undefined
  /** A file of first weights. */
  readonly weights?: string | undefined
  /** What computes; the fastest that is here unless given. */
  readonly engine?: string | undefined
  /** Threads to compute with; one per core unless given. */
  readonly threads?: number | undefined
}

/** Applies the rules to a set of images, of which none is opened. */
export const chooseTraining = async (
  data: string,
  { model, weights, engine: _, threads: __, ...options }: SuggestOptions,
): Promise<Suggestion> => {
  const card = weights === undefined ? undefined : (await readFirstWeights(weights)).card
  const facts = await imageFacts(data, options)
  return suggestTraining(facts, {
    model: model ?? card?.model,
    size: options.size ?? card?.height,
    cropPct: options.cropPct ?? card?.cropPct,
    trained: weights !== undefined,
  })
}

/**
 * Measures a training, and makes it shorter where this machine would take too long for it.
 * @param fixed - whether its epochs are somebody's word
 */
export const fitToMachine = async (
  config: Config,
  train: Dataset,
  validation: Dataset,
  fixed = false,
): Promise<Timed> => {
  const { recipe, engine: name } = config
  const { batch, learningRate } = recipe
  const { engine } = await openEngine(name)
  const pace = await measurePace({ config }, engine, train, validation)
  const secondsOf = (epochs: number): number =>
    secondsAt(pace, { epochs, batch }, train, validation)
  const epochs = fixed ? recipe.epochs : epochsWithin(recipe.epochs, secondsOf)
  const seconds = secondsOf(epochs)
  const steps = epochs * stepsPerEpoch(train, batch)
  const cut = epochs < recipe.epochs ? `, so not ${recipe.epochs}` : ''
  const speed = (batch / pace.step).toFixed(batch < 10 * pace.step ? 1 : 0)
  return {
    recipe: { ...recipe, epochs },
    seconds,
    reasons: [
      `${count(epochs)} epochs of batch ${batch}, learning rate ${learningRate}: ${count(steps)} steps for ${count(train.labels.length)} images`,
      `${about(seconds)} on this machine, at ${speed} images/s${cut}`,
    ],
  }
}

/** All that `train` takes, chosen; anything of it may be changed before. */
export interface SuggestedTraining {
  readonly network: Model
  /** Opened at the size that was chosen; to be closed. */
  readonly images: OpenedImages
  readonly options: {
    readonly recipe: Recipe
    readonly weights: string | undefined
    readonly engine: string
    readonly threads: number
  }
  /** How long it takes on this machine, about. */
  readonly seconds: number
  /** What was chosen and why, in a sentence each. */
  readonly reasons: readonly string[]
}

/**
 * Chooses a network, the size of images and a recipe for a folder of images, or a dataset by its name.
 * @throws UsageError for an unknown name; FileError for missing or damaged files
 * @example
 * const { network, images, options, reasons } = await suggest('./pictures')
 * console.log(reasons.join('\n'))
 * const run = await train(network, images, options)
 */
export const suggest = async (
  data: string,
  options: SuggestOptions = {},
): Promise<SuggestedTraining> => {
  const { engine: name, threads = availableParallelism(), weights, model: _, ...opening } = options
  const chosen = await chooseTraining(data, options)
  const { model, size, cropPct, recipe } = chosen
  const images = await openImages(data, { cropPct, ...opening, size })
  try {
    const { name: engine } = await openEngine(name)
    const { train, validation, record, classes } = images
    const config = { model, ...record, weights, seed: 0, engine, threads, recipe }
    const { reasons, seconds, ...fitted } = await fitToMachine(config, train, validation)
    return {
      network: networkOf({ model }, { classes: classes.length, channels: train.shape[0] }),
      images,
      options: { recipe: fitted.recipe, weights, engine, threads },
      seconds,
      reasons: [...chosen.reasons, ...reasons],
    }
  } catch (cause) {
    await images.close()
    throw cause
  }
}
