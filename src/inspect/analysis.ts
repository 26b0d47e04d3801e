/** Everything that can be asked of a trained network, as data: whatever its attention offers. */

import type { Dataset } from '../data/dataset.ts'
import type { ShapesDataset } from '../data/shapes/shapes.ts'
import { balanced, subset } from '../data/subset.ts'
import { UsageError } from '../errors/index.ts'
import { type Model, model, modelNames } from '../models/registry.ts'
import type { Trained } from '../weights/trained.ts'
import { type Ablation, ablate } from './ablation.ts'
import { insidesOf } from './attentionTaps.ts'
import { type Cost, costOf } from './cost.ts'
import { type BlockExcitation, excitation } from './excitation.ts'
import { type GateLayer, gateDepth } from './gates.ts'
import { type ImageMaps, type MapImage, maps } from './maps.ts'
import { observe } from './observe.ts'
import type { ProbeOptions } from './probe.ts'
import { selection, type UnitSelection } from './selection.ts'

export interface Analysis {
  readonly model: string
  /** Where its name does not say it. */
  readonly attention?: string
  readonly images: number
  readonly cost: Cost
  /** Of the same backbone without attention, where there is one. */
  readonly plain?: Cost
  readonly excitation: readonly BlockExcitation[]
  readonly ablation?: Ablation
  readonly selection: readonly UnitSelection[]
  readonly gates: readonly GateLayer[]
  readonly maps: readonly ImageMaps[]
}

export interface AnalysisOptions extends ProbeOptions {
  /** How many images of the dataset to look at, as many of each class. */
  readonly images: number
  readonly ablateBlocks?: boolean
  /** Images to explain. */
  readonly explain?: readonly MapImage[]
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

/**
 * @throws UsageError when there are not two images of any class, or when blocks are to be taken out of a network that has none
 */
export const analyze = async (
  trained: Trained,
  dataset: Dataset,
  options: AnalysisOptions,
): Promise<Analysis> => {
  const { onStep = () => {}, explain = [], ablateBlocks = false } = options
  const { card, model } = trained
  const size = [card.height, card.width] as const
  if (ablateBlocks && insidesOf(observe(model, 1, size)).length === 0)
    throw new UsageError({
      where: 'without its blocks',
      expected: 'a network with attention to take out',
      got: `${card.model}, which has none`,
    })
  const indices = balanced(dataset, options.images)
  const images = subset(dataset, indices)
  if (new Set(images.labels).size === indices.length)
    throw new UsageError({
      where: `${dataset.name}, ${dataset.split}`,
      expected: 'two images of a class or more, to tell what classes do from what images do',
      got: `${indices.length} of ${dataset.classes.length} classes`,
      hint: 'Take more: --images, --samples',
    })
  const plain = plainCost(model, size)
  onStep('excitation by class')
  const blocks = await excitation(trained, images, options)
  onStep('selection by scale')
  const truth = isShapes(dataset) ? indices.map(index => dataset.factors(index).scale) : undefined
  const units = await selection(trained, images, options, truth)
  onStep('gates by depth')
  const gates = await gateDepth(trained, images, options)
  onStep('where it looks')
  const explained = await maps(trained, explain, options)
  const ablation = ablateBlocks
    ? await ablate(trained, images, options, (done, total) =>
        onStep(`without blocks: ${done}/${total}`),
      )
    : undefined
  return {
    model: card.model,
    ...(card.attention === undefined ? {} : { attention: card.attention }),
    images: indices.length,
    cost: costOf(model, size),
    ...(plain === undefined ? {} : { plain }),
    excitation: blocks,
    ...(ablation === undefined ? {} : { ablation }),
    selection: units,
    gates,
    maps: explained,
  }
}
