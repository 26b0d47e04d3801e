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
import { graph, sizeOf } from '../graph/index.ts'
import { multiplyAddsOf } from '../models/summary.ts'
import { variables } from '../nn/index.ts'
import { reduceMean } from '../ops/index.ts'
import { moments } from '../stats/moments.ts'
import { isRight, type Outcome } from '../tasks/outcomes.ts'
import type { Trained } from '../weights/trained.ts'
import { bypass, places, type Tap, type TapKind, type TapMeans, tapsOf } from './attentionTaps.ts'
import { type Intervention, type Observed, observe } from './observe.ts'
import { outcomesOf } from './outcomes.ts'
import { type Measurement, measure, type ProbeOptions } from './probe.ts'

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
  readonly kinds: readonly TapKind[]
  readonly rows: readonly Ablated[]
}

/** What each attention shows, mean over images and places: by channel, or by branch and channel. */
export const tapMeansOf = (observed: Pick<Observed, 'observations'>): Measurement<TapMeans> => {
  const taps = tapsOf(observed).flatMap(({ kind, path, value }) => {
    if (kind === 'gain') return []
    const mean = reduceMean(value, places(value))
    const size = sizeOf(mean.shape) / mean.shape[0]
    return [{ path, name: `mean ${path}`, mean, sum: moments(size) }]
  })
  return {
    values: Object.fromEntries(taps.map(({ name, mean }) => [name, mean])),
    add: values => {
      for (const { name, sum } of taps) sum.add(values[name])
    },
    result: () => new Map(taps.map(({ path, sum }) => [path, sum.mean()])),
  }
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
const costOf = ({ model }: Trained, size: Size, intervention?: Intervention) => {
  const needed = graph({ ...observe(model, 1, size, intervention).outputs })
  const taken = new Set(needed.inputs.map(({ name }) => name))
  const parameters = variables(model.network)
    .filter(({ name, tensor }) => tensor.kind === 'parameter' && taken.has(name))
    .reduce((sum, { tensor }) => sum + sizeOf(tensor.shape), 0)
  return { parameters, multiplyAdds: multiplyAddsOf(needed) }
}

/** Each block, each stage where there are several, and all. */
const groupsOf = (blocks: readonly Tap[]) => {
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

/** What is known of the whole network on the same images. */
export interface Intact {
  readonly outcomes: readonly Outcome[]
  readonly means: TapMeans
}

/**
 * Measures a network without each of its blocks, each stage of them, and all.
 * @param onStep - told before each is measured
 * @returns nothing where there is no attention to take out
 */
export const ablate = async (
  trained: Trained,
  dataset: Dataset,
  options: ProbeOptions,
  { outcomes, means }: Intact,
  onStep: (done: number, total: number) => void = () => {},
): Promise<Ablation | undefined> => {
  const size: Size = [trained.card.height, trained.card.width]
  const taps = tapsOf(observe(trained.model, 1, size))
  if (taps.length === 0) return undefined
  const variants = groupsOf(taps).flatMap(group =>
    REPLACEMENTS.filter(
      replacement =>
        replacement === 'identity' || group.blocks.every(({ kind }) => kind !== 'gain'),
    ).map(replacement => ({ ...group, replacement })),
  )
  const before = outcomes.map(isRight)
  const full = costOf(trained, size)
  const rows: Ablated[] = []
  for (const { removed, blocks, replacement } of variants) {
    onStep(rows.length, variants.length)
    const without = bypass(blocks, replacement === 'mean' ? means : undefined)
    const { found } = await measure(
      trained,
      options,
      observed => ({ found: outcomesOf(observed) }),
      (pass, { found }) => pass(dataset, [found]),
      without,
    )
    const after = found.result().map(isRight)
    const bare = costOf(trained, size, bypass(blocks))
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
  const kinds = [...new Set(taps.map(({ kind }) => kind))]
  return { images: before.length, top1: share(before), ...full, kinds, rows }
}
