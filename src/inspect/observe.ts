/** A network's inference as a graph in which what its layers show of their inside can be read. */

import { currentPath, input, type Value } from '../graph/index.ts'
import type { Model } from '../models/registry.ts'
import { inference, type Named, namedValues, trace, variables } from '../nn/index.ts'

/** A value inside the network, shown by the layer at the path under a name. */
export interface Observation {
  /** The path of the layer. */
  readonly path: string
  /** What the layer calls the value. */
  readonly name: string
  /** The value in the graph. */
  readonly value: Value
}

/** A graph whose observations are outputs. */
export interface Observed {
  /** [N, C, H, W] */
  readonly images: Value
  /** What the network gives, by name: of classifiers `logits` [N, K]. */
  readonly outputs: Named
  /** In the order of computation. */
  readonly observations: readonly Observation[]
}

/** What a layer is to go on with in place of what it shows; nothing, to let it be. */
export type Intervention = (shown: Observation) => Value | undefined

/**
 * @param size - [height, width] of the images
 * @param intervention - makes it another network: one without some of its attention, for example
 */
export const observe = (
  { network, channels }: Model,
  batch: number,
  size: readonly [height: number, width: number],
  intervention: Intervention = () => undefined,
): Observed => {
  const weights = new Map<string, Value>(
    variables(network).map(({ name, tensor }) => [name, input(name, tensor.shape)]),
  )
  const images = input('images', [batch, channels, ...size])
  const observations: Observation[] = []
  const given = trace(network, name => weights.get(name) as Value, images, {
    ...inference,
    observe: (name, value) => {
      const observation = { path: currentPath(), name, value }
      observations.push(observation)
      return intervention(observation)
    },
  })
  return { images, outputs: namedValues(given, 'logits'), observations }
}

/** The observations of one name. */
export const named = ({ observations }: Observed, wanted: string): readonly Observation[] =>
  observations.filter(({ name }) => name === wanted)

/** PyTorch's `layer3.5.se`, or ShuffleNet's `stage4.5.se`: the papers' conv4_x both times. */
const UNIT = /^(?:layer(?<layer>\d+)|stage(?<stage>\d+))\.(?<unit>\d+)(?:\.(?<rest>.+))?$/

/**
 * The short name of a block, as in the papers: `layer3.5.se` is 4_6, the sixth of stage conv4_x.
 * What stands elsewhere keeps its path, less what all of these have in common in their networks.
 */
export const blockName = (path: string): string => {
  const { unit, rest } = UNIT.exec(path)?.groups ?? {}
  if (unit === undefined)
    return path.replace(/^features\./, '').replace(/^(\d+)\.0$|\.block\.\d+$/, '$1')
  const name = `${stageOf(path)}_${Number(unit) + 1}`
  return rest === undefined || !rest.includes('.') ? name : `${name} ${rest.replace(/\.\d+$/, '')}`
}

/** The papers' number of the stage: 1 for the stem and whatever is in no stage. */
export const stageOf = (path: string): number => {
  const { layer, stage } = UNIT.exec(path)?.groups ?? {}
  return layer === undefined ? Number(stage ?? 1) : Number(layer) + 1
}
