/** How a contraction is cut: the tile of a workgroup, what a thread of it computes, and how often the sum is split. */

import type { Contraction } from './contraction.ts'
import type { Device } from './device.ts'

export interface Tile {
  /** Rows, columns and terms of the sum that a workgroup holds at a time. */
  readonly m: number
  readonly n: number
  readonly k: number
  /** Rows a thread computes, four columns each. */
  readonly rows: 4 | 8
  readonly threads: number
  /** Parts of the sum, computed apart and added in a pass of their own. */
  readonly parts: number
}

/** Workgroups that keep a GPU busy; measured on one of 132 multiprocessors. */
const WANTED_WORKGROUPS = 1024
/** Terms of a sum below which another part of it is not worth its own pass. */
const LEAST_TERMS = 128

const powerOfTwo = (least: number, most: number, needed: number): number => {
  let size = least
  while (size < most && size < needed) size *= 2
  return size
}

/** Groups narrower than this are computed by a thread an element: most of a tile would be empty. */
const NARROW = 8

/** Whether tiles in workgroup memory pay. */
export const isTiled = ({ batch, m, n, k }: Contraction): boolean =>
  k >= 4 && (batch === 1 || (n >= NARROW && m >= NARROW))

/** Parts of the sum so that enough workgroups have work. */
export const partsOf = (
  workgroups: number,
  k: number,
  { isSoftware }: Pick<Device, 'isSoftware'>,
) =>
  Math.max(
    1,
    Math.min(
      Math.floor((isSoftware ? 8 : WANTED_WORKGROUPS) / workgroups),
      Math.floor(k / (isSoftware ? 32 : LEAST_TERMS)),
    ),
  )

export const chooseTile = (
  { batch, m, n, k }: Contraction,
  device: Pick<Device, 'isSoftware' | 'limits'>,
): Tile => {
  const columns = powerOfTwo(16, 64, n)
  const across = columns / 4
  // The largest square of 8 rows a thread has the fewest reads of workgroup memory.
  const most = device.limits.maxComputeInvocationsPerWorkgroup >= 256 ? 256 : 128
  const tiles = (rows: number, threads: number): number =>
    batch * Math.ceil(n / columns) * Math.ceil(m / ((threads / across) * rows))
  const wide = columns === 64 && tiles(8, most) >= WANTED_WORKGROUPS
  const rows = wide ? 8 : 4
  // Threads that would compute rows beyond the last are left out.
  const threads = powerOfTwo(64, most, Math.ceil(m / rows) * across)
  const height = (threads / across) * rows
  return {
    m: height,
    n: columns,
    k: height > 128 ? 8 : 16,
    rows,
    threads,
    parts: partsOf(tiles(rows, threads), k, device),
  }
}
