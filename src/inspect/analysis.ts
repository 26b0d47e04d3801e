/** Everything that can be asked of a trained network, as data: whatever its attention offers. */

import type { Dataset } from '../data/dataset.ts'
import type { ShapesDataset } from '../data/shapes/shapes.ts'
import { balanced, subset } from '../data/subset.ts'
import { UsageError } from '../errors/index.ts'
import { type Model, model, modelNames } from '../models/registry.ts'
import type { Outcome } from '../tasks/outcomes.ts'
import type { Trained } from '../weights/trained.ts'
import { type Ablation, ablate, tapMeansOf } from './ablation.ts'
import { tapsOf } from './attentionTaps.ts'
import { type Cost, costOf } from './cost.ts'
import { type BlockExcitation, excitationOf } from './excitation.ts'
import { type GateLayer, gateDepthOf } from './gates.ts'
import { enlargedDataset } from './images.ts'
import { type ImageMaps, type MapImage, maps } from './maps.ts'
import { observe } from './observe.ts'
import { outcomesOf } from './outcomes.ts'
import { measure, type ProbeOptions } from './probe.ts'
import { SCALES, selectionOf, type UnitSelection } from './selection.ts'

/** What a network does inside, as data. */
export interface Analysis {
  /** The name of the network. */
  readonly model: string
  /** Where its name does not say it. */
  readonly attention?: string | undefined
  /** How many images were looked at. */
  readonly images: number
  /** In the order of the classes. */
  readonly imagesByClass: readonly number[]
  /** What it says of each image, by its place in the dataset; empty where it gives no logits. */
  readonly outcomes: readonly Outcome[]
  /** What the network costs. */
  readonly cost: Cost
  /** Of the same backbone without attention, where there is one. */
  readonly plain?: Cost | undefined
  /** Empty where no class has two images, too. */
  readonly excitation: readonly BlockExcitation[]
  /** Accuracy without attention, where there is some to leave out. */
  readonly ablation?: Ablation | undefined
  /** What units of selective kernels choose, unit by unit. */
  readonly selection: readonly UnitSelection[]
  /** The gates of gated channel transformation, layer by layer. */
  readonly gates: readonly GateLayer[]
  /** Which regions of the images to explain decide. */
  readonly maps: readonly ImageMaps[]
}

/** What is looked at, and with what. */
export interface AnalysisOptions extends ProbeOptions {
  /** How many images of the dataset to look at, as many of each class as there are. */
  readonly images: number
  /** Whether each block is also left out alone. */
  readonly ablateBlocks?: boolean
  /** Images to explain. */
  readonly explain?: readonly MapImage[]
  /** Hears what is about to be done. */
  onStep?(what: string): void
}

const isShapes = (dataset: Dataset): dataset is ShapesDataset => 'factors' in dataset

/** The cost of a network's backbone without attention; undefined where there is none to compare. */
export const plainCost = (
  own: Model,
  size: readonly [height: number, width: number],
): Cost | undefined => {
  const { name, classes, channels, variations } = own
  const base = name.replace(/^[a-z]+-/, '')
  if (!modelNames.includes(base)) return undefined
  const cost = costOf(model(base, { classes, channels, ...variations }), size)
  const same = cost.parameters === costOf(own, size).parameters
  return same || cost.attention.parameters > 0 ? undefined : cost
}

/** All that the images of one dataset tell of a network's inside, each image going through it once. */
export const measureInside = async (
  trained: Trained,
  images: Dataset,
  options: ProbeOptions,
  {
    truth,
    intact = false,
    onStep = () => {},
  }: {
    /** The true scale of each image's object, where it is known. */
    readonly truth?: readonly number[] | undefined
    /** Whether to measure what an ablation is compared with. */
    readonly intact?: boolean
    onStep?(what: string): void
  } = {},
) => {
  const found = await measure(
    trained,
    options,
    observed => ({
      excitation: excitationOf(observed, images.classes),
      gates: gateDepthOf(observed, trained.tensors),
      selection: selectionOf(observed, images.classes, truth),
      means: tapMeansOf(intact ? observed : { observations: [] }),
      outcomes: outcomesOf(observed),
    }),
    async (pass, measurements) => {
      const { selection } = measurements
      onStep('inside the network')
      await pass(images, Object.values(measurements))
      if (Object.keys(selection.values).length > 0)
        for (const scale of SCALES.slice(1)) {
          onStep(`selection at scale ${scale}`)
          await pass(enlargedDataset(images, scale), [selection.at(scale)])
        }
    },
  )
  return {
    excitation: found.excitation.result(),
    gates: found.gates.result(),
    selection: found.selection.result(),
    means: found.means.result(),
    outcomes: found.outcomes.result(),
  }
}

/**
 * @throws UsageError where an image has more or something else than one class, and when blocks are to
 * be taken out of a network that has none
 */
export const analyze = async (
  trained: Trained,
  dataset: Dataset,
  options: AnalysisOptions,
): Promise<Analysis> => {
  const { onStep = () => {}, explain = [], ablateBlocks = false } = options
  const { card, model } = trained
  const size = [card.height, card.width] as const
  if (dataset.objects ?? dataset.values)
    throw new UsageError({
      where: `the images of ${dataset.name}`,
      expected: 'one class each: what is looked at is told by class',
      got: `the targets of ${card.task ?? 'another task'}`,
      hint: 'What it costs can be seen without its weights: excite summary',
    })
  if (ablateBlocks && tapsOf(observe(model, 1, size)).length === 0)
    throw new UsageError({
      where: 'without its blocks',
      expected: 'a network with attention to take out',
      got: `${card.model}, which has none`,
    })
  const indices = balanced(dataset, options.images)
  const images = subset(dataset, indices)
  const byClass = dataset.classes.map((_, k) => images.labels.filter(label => label === k).length)
  const truth = isShapes(dataset) ? indices.map(index => dataset.factors(index).scale) : undefined
  const inside = await measureInside(trained, images, options, {
    truth,
    intact: ablateBlocks,
    onStep,
  })
  onStep('where it looks')
  const explained = await maps(trained, explain, options)
  const ablation = ablateBlocks
    ? await ablate(trained, images, options, inside, (done, total) =>
        onStep(`without blocks: ${done}/${total}`),
      )
    : undefined
  return {
    model: card.model,
    attention: card.attention,
    images: indices.length,
    imagesByClass: byClass,
    outcomes: inside.outcomes.map(one => ({ ...one, index: indices[one.index] })),
    cost: costOf(model, size),
    plain: plainCost(model, size),
    // One image of a class does not tell what the class does from what the image does.
    excitation: byClass.some(count => count > 1) ? inside.excitation : [],
    ablation,
    selection: inside.selection,
    gates: inside.gates,
    maps: explained,
  }
}
