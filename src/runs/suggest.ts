/** A training fitted to a set of images and to this machine: rules, then a few measured steps. */

import type { Dataset } from '../data/dataset.ts'
import { imageFacts } from '../data/folder/imageFacts.ts'
import { stepsPerEpoch } from '../data/loader.ts'
import { type OpenedImages, openImages } from '../data/openImages.ts'
import type { DatasetOptions } from '../data/registry.ts'
import { openEngine } from '../engines/registry.ts'
import { defaultThreads } from '../machines/threads.ts'
import { type Model, networkOf } from '../models/registry.ts'
import { about, count } from '../text/numbers.ts'
import type { Config, Recipe } from '../train/config.ts'
import { epochsWithin, type Suggestion, suggestTraining } from '../train/suggest.ts'
import { type FirstWeights, readFirstWeights } from './firstWeights.ts'
import { continued } from './initialWeights.ts'
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
  /** First weights, as `train` takes them. */
  readonly weights?: string | undefined
  /** Whether weights of the hub are only those that were fetched before. */
  readonly offline?: boolean | undefined
  /** What computes; the fastest that is here unless given. */
  readonly engine?: string | undefined
  /** Threads to compute with; one per core unless given. */
  readonly threads?: number | undefined
}

/** Applies the rules to a set of images, of which none is opened. */
export const chooseTraining = async (
  data: string,
  options: DatasetOptions & { readonly model?: string | undefined },
  first: FirstWeights | undefined,
): Promise<Suggestion> => {
  const { model, ...opening } = options
  const facts = await imageFacts(data, opening)
  const own = first?.card
  const suggestion = suggestTraining(facts, {
    model: model ?? own?.model,
    size: options.size ?? own?.height,
    cropPct: options.cropPct ?? own?.cropPct,
    trained: first !== undefined,
  })
  if (model !== undefined || own === undefined) return suggestion
  const { size } = suggestion
  const reason = `${own.model} at ${size}×${size}, as the weights of ${first?.file} are of it`
  return { ...suggestion, reasons: [reason, ...suggestion.reasons] }
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
  /** The network that was chosen, for the classes of the images. */
  readonly network: Model
  /** Opened at the size that was chosen; to be closed. */
  readonly images: OpenedImages
  /** What `train` is to be told. */
  readonly options: {
    readonly recipe: Recipe
    readonly weights: string | undefined
    readonly offline: boolean | undefined
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
  const { engine: name, threads = defaultThreads(), weights, offline, ...rest } = options
  const { model: given, ...opening } = rest
  const first =
    weights === undefined ? undefined : await readFirstWeights(weights, { model: given, offline })
  const chosen = await chooseTraining(data, rest, first)
  const { model, size, cropPct, recipe } = chosen
  const images = await openImages(data, { cropPct, ...opening, size })
  try {
    const { name: engine } = await openEngine(name)
    const { train, validation, record, classes } = images
    const asGiven = { model, ...record, weights, seed: 0, engine, threads, recipe }
    const config = first === undefined ? asGiven : continued(asGiven, first)
    const { reasons, seconds, ...fitted } = await fitToMachine(config, train, validation)
    return {
      network: networkOf(config, { classes: classes.length, channels: train.shape[0] }),
      images,
      options: { recipe: fitted.recipe, weights, offline, engine, threads },
      seconds,
      reasons: [...chosen.reasons, ...reasons],
    }
  } catch (cause) {
    await images.close()
    throw cause
  }
}
