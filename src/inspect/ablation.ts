/**
 * Attention taken out of a trained network without training it again, a block at a time and by stage
 * (the question of Hu et al.: Squeeze-and-Excitation Networks, section 4: which blocks could be left
 * out).
 *
 * Two ways. `identity`: gates are 1, nothing is added, branches get equal shares. `mean`: each channel
 * keeps its mean gate, addition or shares over the images, which a convolution before or after it
 * can absorb, and which so cost as little: what is lost is only what the attention did differently
 * from image to image. Of an attention that shows nothing inside, the second is not known.
 */

import type { Dataset } from '../data/dataset.ts'
import { evaluationBatches } from '../data/loader.ts'
import { graph, sizeOf } from '../graph/index.ts'
import { variables } from '../nn/index.ts'
import { reduceMean } from '../ops/index.ts'
import { largest, moments } from '../stats/moments.ts'
import type { Trained } from '../weights/trained.ts'
import { type Inside, type InsideKind, insidesOf, leavingOut, places } from './attentionTaps.ts'
import { type Exchange, observe } from './observe.ts'
import { openProbe, type ProbeOptions } from './probe.ts'
import { multiplyAddsOf } from './summary.ts'

export const REPLACEMENTS = ['identity', 'mean'] as const
export type ReplacementKind = (typeof REPLACEMENTS)[number]

export interface Ablated {
  /** The block's name, `stage k`, or `all`. */
  readonly removed: string
  readonly blocks: readonly string[]
  readonly replacement: ReplacementKind
  readonly top1: number
  /** Accuracy without minus accuracy with, on the same images, and its standard error. */
  readonly change: number
  readonly standardError: number
  readonly parametersSaved: number
  readonly multiplyAddsSaved: number
}

export interface Ablation {
  readonly images: number
  readonly top1: number
  readonly parameters: number
  readonly multiplyAdds: number
  /** What its attention shows. */
  readonly kinds: readonly InsideKind[]
  readonly rows: readonly Ablated[]
}

/** What each attention shows, mean over images and places: by channel, or by branch and channel. */
export const meanInsides = async (
  trained: Trained,
  dataset: Dataset,
  options: ProbeOptions,
): Promise<ReadonlyMap<string, readonly number[]>> => {
  const probe = await openProbe(trained, options, observed =>
    Object.fromEntries(
      insidesOf(observed).flatMap(({ kind, path, value }) =>
        kind === 'gain' ? [] : [[path, reduceMean(value, places(value))]],
      ),
    ),
  )
  if (probe === undefined) return new Map()
  const sums = new Map<string, ReturnType<typeof moments>>()
  const { batch } = options
  for await (const { images, count } of evaluationBatches(dataset, {
    batch,
    normalization: trained.card,
  }))
    for (const [path, { data }] of Object.entries(await probe.run(images))) {
      const size = data.length / batch
      const own = sums.get(path) ?? moments(size)
      sums.set(path, own)
      for (let row = 0; row < count; row++) own.add(data.subarray(row * size, (row + 1) * size))
    }
  await probe.dispose()
  return new Map([...sums].map(([path, own]) => [path, own.mean()]))
}

/** Whether each image is classified rightly. */
const hits = async (
  trained: Trained,
  dataset: Dataset,
  options: ProbeOptions,
  exchange?: Exchange,
): Promise<readonly boolean[]> => {
  const probe = await openProbe(trained, options, ({ logits }) => ({ logits }), exchange)
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

type Size = readonly [height: number, width: number]

/** Of a network, without what nothing needs. */
const costOf = ({ model }: Trained, size: Size, exchange?: Exchange) => {
  const { logits } = observe(model, 1, size, exchange)
  const needed = graph({ logits })
  const taken = new Set(needed.inputs.map(({ name }) => name))
  const parameters = variables(model.network)
    .filter(({ name, tensor }) => tensor.kind === 'parameter' && taken.has(name))
    .reduce((sum, { tensor }) => sum + sizeOf(tensor.shape), 0)
  return { parameters, multiplyAdds: multiplyAddsOf(needed) }
}

/** Each block, each stage where there are several, and all. */
const groupsOf = (blocks: readonly Inside[]) => {
  const stages = [...new Set(blocks.map(({ stage }) => stage))].map(stage => ({
    removed: `stage ${stage}`,
    blocks: blocks.filter(block => block.stage === stage),
  }))
  return [
    ...blocks.map(block => ({ removed: block.block, blocks: [block] })),
    ...(stages.length > 1 ? stages : []),
    { removed: 'all', blocks },
  ]
}

/**
 * @param onStep - told before each network is measured
 * @returns nothing where there is no attention to take out
 */
export const ablate = async (
  trained: Trained,
  dataset: Dataset,
  options: ProbeOptions,
  onStep: (done: number, total: number) => void = () => {},
): Promise<Ablation | undefined> => {
  const size: Size = [trained.card.height, trained.card.width]
  const blocks = insidesOf(observe(trained.model, 1, size))
  if (blocks.length === 0) return undefined
  const variants = groupsOf(blocks).flatMap(group =>
    REPLACEMENTS.filter(
      replacement =>
        replacement === 'identity' || group.blocks.every(({ kind }) => kind !== 'gain'),
    ).map(replacement => ({ ...group, replacement })),
  )
  const total = 1 + variants.length
  onStep(0, total)
  const before = await hits(trained, dataset, options)
  const means = await meanInsides(trained, dataset, options)
  const full = costOf(trained, size)
  const rows: Ablated[] = []
  for (const { removed, blocks, replacement } of variants) {
    onStep(1 + rows.length, total)
    const bare = costOf(trained, size, leavingOut(blocks))
    const exchange = leavingOut(blocks, replacement === 'mean' ? means : undefined)
    const after = await hits(trained, dataset, options, exchange)
    rows.push({
      removed,
      blocks: blocks.map(({ path }) => path),
      replacement,
      top1: share(after),
      ...pairedChange(after, before),
      parametersSaved: full.parameters - bare.parameters,
      multiplyAddsSaved: full.multiplyAdds - bare.multiplyAdds,
    })
  }
  const kinds = [...new Set(blocks.map(({ kind }) => kind))]
  return { images: before.length, top1: share(before), ...full, kinds, rows }
}
