/** What each kind of layer costs, and what the attention adds to its plain backbone. */

import { sum } from 'd3-array'
import { dependencies } from '../graph/index.ts'
import type { Model } from '../models/registry.ts'
import { summarize } from '../models/summary.ts'
import { bypass, tapsOf } from './attentionTaps.ts'
import { observe } from './observe.ts'

export const LAYER_KINDS = [
  'convolution',
  'attention',
  'normalization',
  'fully connected',
  'other',
] as const
export type LayerKind = (typeof LAYER_KINDS)[number]

export interface KindCost {
  readonly kind: LayerKind
  readonly layers: number
  readonly parameters: number
  readonly multiplyAdds: number
}

/** What a network costs, and which part of that is its attention. */
export interface Cost {
  /** How many numbers training finds. */
  readonly parameters: number
  /** How many numbers training keeps besides: running statistics. */
  readonly buffers: number
  /** Multiply-adds for one image. */
  readonly multiplyAdds: number
  /** The same by the kind of layer. */
  readonly kinds: readonly KindCost[]
  /** Of what there would not be, did the attention do nothing. */
  readonly attention: { readonly parameters: number; readonly multiplyAdds: number }
}

const kindOf = (operations: readonly string[]): LayerKind => {
  const has = (name: string): boolean => operations.some(op => op.startsWith(name))
  if (has('convolution')) return 'convolution'
  if (has('batchNormalization') || has('layerNormalization')) return 'normalization'
  return has('matmul') ? 'fully connected' : 'other'
}

/** Counts what a network costs at a size of images. */
export const costOf = (model: Model, size: readonly [height: number, width: number]): Cost => {
  const { rows, parameters, buffers, multiplyAdds } = summarize(model, size)
  const without = observe(model, 1, size, bypass(tapsOf(observe(model, 1, size))))
  const needed = new Set(dependencies(Object.values(without.outputs)).nodes.map(({ path }) => path))
  const kinds = rows.map(row => ({
    ...row,
    kind: needed.has(row.path) ? kindOf(row.operations) : ('attention' as const),
  }))
  const all = LAYER_KINDS.map(kind => {
    const own = kinds.filter(row => row.kind === kind)
    return {
      kind,
      layers: own.length,
      parameters: sum(own, row => row.parameters),
      multiplyAdds: sum(own, row => row.multiplyAdds),
    }
  }).filter(({ layers }) => layers > 0)
  const own = all.find(({ kind }) => kind === 'attention')
  const attention = {
    parameters: own?.parameters ?? 0,
    multiplyAdds: own?.multiplyAdds ?? 0,
  }
  return { parameters, buffers, multiplyAdds, kinds: all, attention }
}
