/** Taps in the attention of a network: what each holds inside, and the network without it. */

import type { Value } from '../graph/index.ts'
import { add, constant, expand, mul } from '../ops/index.ts'
import { blockName, type Intervention, type Observed, stageOf } from './observe.ts'

/**
 * What an attention shows: its gate; what it adds; how it shares between branches of different
 * kernels, or between splits of one convolution, [N, M, C, 1, 1]; or nothing, so that there is
 * only what it does to the size of each channel.
 */
const SHOWN = ['gate', 'addition', 'selection', 'splits'] as const
export type TapKind = (typeof SHOWN)[number] | 'gain'

export interface Tap {
  readonly path: string
  readonly block: string
  readonly stage: number
  readonly kind: TapKind
  /** As it is shown; of a gain, the block's output. */
  readonly value: Value
  /** Of a recalibration, which keeps the shape of what comes in. */
  readonly input?: Value | undefined
}

const isShown = (name: string): name is (typeof SHOWN)[number] =>
  SHOWN.some(shown => shown === name)

/** The taps of every attention, in the order of computation. */
export const tapsOf = ({ observations }: Pick<Observed, 'observations'>): readonly Tap[] => {
  const shown = new Set(observations.flatMap(({ path, name }) => (isShown(name) ? [path] : [])))
  return observations.flatMap(({ path, name, value }): readonly Tap[] => {
    const kind = isShown(name) ? name : 'gain'
    if (kind === 'gain' && (name !== 'output' || shown.has(path))) return []
    const input = observations.find(one => one.path === path && one.name === 'input')?.value
    const block = blockName(path.replace(/\.attn$/, ''))
    return [{ path, block, stage: stageOf(path), kind, value, input }]
  })
}

/** The axes of places, of [N, C, H, W] or [N, M, C, 1, 1]. */
export const places = ({ shape }: Value): readonly number[] =>
  shape.length === 5 ? [3, 4] : [2, 3]

/** By path: means by channel, or by branch and channel. */
export type TapMeans = ReadonlyMap<string, readonly number[]>

/**
 * A network whose attention does nothing: gates are 1, nothing is added, and branches and splits get
 * equal shares.
 * @param means - what they are instead, where it is given
 */
export const bypass = (taps: readonly Tap[], means: TapMeans = new Map()): Intervention => {
  const own = new Map(taps.map(tap => [tap.path, tap]))
  const inputs = new Map<string, Value>()
  return ({ path, name, value }) => {
    if (name === 'input') inputs.set(path, value)
    const tap = own.get(path)
    if (tap === undefined) return undefined
    const { kind } = tap
    const mean = means.get(path)
    const x = inputs.get(path)
    if (name === 'output' && x !== undefined) {
      if (mean === undefined) return x
      const constants = constant(mean, [1, mean.length, 1, 1])
      return kind === 'addition' ? add(x, constants) : mul(x, constants)
    }
    if (name !== kind || tap.input !== undefined) return undefined
    const [, count] = value.shape
    const neutral = constant(kind === 'gate' ? 1 : 1 / count)
    const shape = value.shape.map((size, axis) => (axis === 0 ? 1 : size))
    return expand(mean === undefined ? neutral : constant(mean, shape), value.shape)
  }
}
