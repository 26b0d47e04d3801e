/** What each attention of a network holds inside, and the network without it. */

import type { Value } from '../graph/index.ts'
import { add, constant, expand, mul } from '../ops/index.ts'
import { blockName, type Exchange, type Observed, stageOf } from './observe.ts'

/**
 * What an attention shows: its gate; what it adds; how it shares between branches of different
 * kernels, or between splits of one convolution, [N, M, C, 1, 1]; or nothing, so that there is
 * only what it does to the size of each channel.
 */
const SHOWN = ['gate', 'addition', 'selection', 'splits'] as const
export type InsideKind = (typeof SHOWN)[number] | 'gain'

export interface Inside {
  readonly path: string
  readonly block: string
  readonly stage: number
  readonly kind: InsideKind
  /** As it is shown; of a gain, the block's output. */
  readonly value: Value
  /** Of a recalibration, which keeps the shape of what comes in. */
  readonly input?: Value
}

const isShown = (name: string): name is (typeof SHOWN)[number] =>
  SHOWN.some(shown => shown === name)

/** Of every attention, in the order of computation. */
export const insidesOf = ({ observations }: Pick<Observed, 'observations'>): readonly Inside[] => {
  const shown = new Set(observations.flatMap(({ path, name }) => (isShown(name) ? [path] : [])))
  return observations.flatMap(({ path, name, value }): readonly Inside[] => {
    const kind = isShown(name) ? name : 'gain'
    if (kind === 'gain' && (name !== 'output' || shown.has(path))) return []
    const input = observations.find(one => one.path === path && one.name === 'input')?.value
    const block = blockName(path.replace(/\.attn$/, ''))
    return [{ path, block, stage: stageOf(path), kind, value, ...(input ? { input } : {}) }]
  })
}

/** [N, C, H, W] or [N, M, C, 1, 1]: where its places begin. */
export const places = ({ shape }: Value): readonly number[] =>
  shape.length === 5 ? [3, 4] : [2, 3]

/**
 * A network whose attention does nothing: gates are 1, nothing is added, and branches and splits get
 * equal shares.
 * @param held - what they are instead, by path: by channel, or by branch and channel
 */
export const leavingOut = (
  insides: readonly Inside[],
  held: ReadonlyMap<string, readonly number[]> = new Map(),
): Exchange => {
  const own = new Map(insides.map(inside => [inside.path, inside]))
  const inputs = new Map<string, Value>()
  return ({ path, name, value }) => {
    if (name === 'input') inputs.set(path, value)
    const inside = own.get(path)
    if (inside === undefined) return undefined
    const { kind } = inside
    const kept = held.get(path)
    const x = inputs.get(path)
    if (name === 'output' && x !== undefined) {
      if (kept === undefined) return x
      const constants = constant(kept, [1, kept.length, 1, 1])
      return kind === 'addition' ? add(x, constants) : mul(x, constants)
    }
    if (name !== kind || inside.input !== undefined) return undefined
    const [, count] = value.shape
    const neutral = constant(kind === 'gate' ? 1 : 1 / count)
    const shape = value.shape.map((size, axis) => (axis === 0 ? 1 : size))
    return expand(kept === undefined ? neutral : constant(kept, shape), value.shape)
  }
}
