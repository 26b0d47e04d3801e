/**
 * Attention blocks taken out of a trained network without training it again, one at a time and by
 * stage (the question of Hu et al.: Squeeze-and-Excitation Networks, section 4: which blocks could
 * be left out).
 *
 * Two ways: `identity` lets everything pass, as if the gate were 1; `mean` keeps each channel's
 * mean gate over the pictures, which a convolution before it can absorb, and so costs as little:
 * what it loses is only what the gate did differently from picture to picture.
 */

import type { Dataset } from '../data/dataset.ts'
import { evaluationBatches } from '../data/loader.ts'
import { lambda, layer, parameter, replaceLayer } from '../nn/index.ts'
import { constantly } from '../nn/initialise.ts'
import { mul } from '../ops/index.ts'
import type { Trained } from '../weights/trained.ts'
import type { BlockExcitation } from './excitation.ts'
import { largest } from './moments.ts'
import { openProbe, type ProbeOptions } from './probe.ts'
import { summarize } from './summary.ts'

export const REPLACEMENTS = ['identity', 'mean'] as const
export type ReplacementKind = (typeof REPLACEMENTS)[number]

export interface Ablated {
  /** The block's name, `stage k`, or `all`. */
  readonly removed: string
  readonly blocks: readonly string[]
  readonly replacement: ReplacementKind
  readonly top1: number
  /** Accuracy without minus accuracy with, on the same pictures, and its standard error. */
  readonly change: number
  readonly standardError: number
  readonly parametersSaved: number
  readonly multiplyAddsSaved: number
}

export interface Ablation {
  readonly pictures: number
  readonly top1: number
  readonly parameters: number
  readonly multiplyAdds: number
  readonly rows: readonly Ablated[]
}

/** The network without some blocks. */
export const without = (
  trained: Trained,
  blocks: readonly BlockExcitation[],
  replacement: ReplacementKind,
): Trained => {
  const tensors = new Map(trained.tensors)
  let { network } = trained.model
  for (const { path, channels, mean } of blocks) {
    const means = layer({ mean: parameter([1, channels, 1, 1], constantly(1)) }, ({ mean }, x) =>
      mul(x, mean),
    )
    network = replaceLayer(network, path, replacement === 'mean' ? means : lambda(x => x))
    tensors.set(`${path}.mean`, Float32Array.from(mean))
  }
  return { ...trained, model: { ...trained.model, network }, tensors }
}

/** Whether each picture is classified rightly. */
const hits = async (
  trained: Trained,
  dataset: Dataset,
  options: ProbeOptions,
): Promise<readonly boolean[]> => {
  const probe = await openProbe(trained, options, ({ logits }) => ({ logits }))
  if (probe === undefined) return []
  const { batch } = options
  const right: boolean[] = []
  for await (const { images, labels, count } of evaluationBatches(dataset, {
    batch,
    normalization: trained.card,
  })) {
    const { data } = (await probe.run(images)).logits
    const classes = data.length / batch
    for (let row = 0; row < count; row++) {
      const logits = data.subarray(row * classes, (row + 1) * classes)
      right.push(largest(logits) === labels[row])
    }
  }
  await probe.dispose()
  return right
}

/** The mean difference of paired outcomes, and its standard error. */
export const pairedChange = (
  after: readonly boolean[],
  before: readonly boolean[],
): { readonly change: number; readonly standardError: number } => {
  const n = before.length
  const gained = after.filter((right, i) => right && !before[i]).length
  const lost = after.filter((right, i) => !right && before[i]).length
  const change = (gained - lost) / n
  const variance = (gained + lost) / n - change ** 2
  return { change, standardError: Math.sqrt(Math.max(variance, 0) / Math.max(n - 1, 1)) }
}

const share = (right: readonly boolean[]): number =>
  right.filter(Boolean).length / Math.max(right.length, 1)

/** @param onStep - told before each network is measured */
export const ablate = async (
  trained: Trained,
  dataset: Dataset,
  blocks: readonly BlockExcitation[],
  options: ProbeOptions,
  onStep: (done: number, total: number) => void = () => {},
): Promise<Ablation> => {
  const size = [trained.card.height, trained.card.width] as const
  const stages = [...new Set(blocks.map(({ stage }) => stage))]
  const groups = [
    ...blocks.map(block => ({ removed: block.block, blocks: [block] })),
    ...stages.map(stage => ({
      removed: `stage ${stage}`,
      blocks: blocks.filter(block => block.stage === stage),
    })),
    { removed: 'all', blocks },
  ]
  const total = 1 + REPLACEMENTS.length * groups.length
  onStep(0, total)
  const before = await hits(trained, dataset, options)
  const full = summarize(trained.model, size)
  const rows: Ablated[] = []
  for (const group of groups) {
    const bare = summarize(without(trained, group.blocks, 'identity').model, size)
    for (const replacement of REPLACEMENTS) {
      onStep(1 + rows.length, total)
      const after = await hits(without(trained, group.blocks, replacement), dataset, options)
      rows.push({
        removed: group.removed,
        blocks: group.blocks.map(({ path }) => path),
        replacement,
        top1: share(after),
        ...pairedChange(after, before),
        parametersSaved: full.parameters - bare.parameters,
        multiplyAddsSaved: full.multiplyAdds - bare.multiplyAdds,
      })
    }
  }
  const { parameters, multiplyAdds } = full
  return { pictures: before.length, top1: share(before), parameters, multiplyAdds, rows }
}
