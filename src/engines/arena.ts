/** One arena for all buffers: each takes a place that no buffer alive at the same time has. */

/** A piece of memory, or a window into another. */
export interface Block {
  readonly bytes: number
  readonly parent?: Block
  /** Within the parent. */
  readonly offset: number
  /** The first and last step that touch it. */
  first: number
  last: number
  /** In the arena; known when planned. */
  place: number
}

/** A line of a processor's cache. */
const ALIGNMENT = 64

/** A block that nothing has touched yet. */
export const block = (bytes: number, parent?: Block, offset = 0): Block => ({
  bytes,
  ...(parent === undefined ? {} : { parent }),
  offset,
  first: Number.POSITIVE_INFINITY,
  last: Number.NEGATIVE_INFINITY,
  place: -1,
})

export const rootOf = (piece: Block): Block =>
  piece.parent === undefined ? piece : rootOf(piece.parent)

/** Blocks that stand for each other in every second run. */
export type Swaps = ReadonlyMap<Block, Block>

export const placeOf = (piece: Block, swaps?: Swaps): number =>
  piece.parent === undefined
    ? (swaps?.get(piece) ?? piece).place
    : placeOf(piece.parent, swaps) + piece.offset

/** Notes that a block is in use from before the first step until after the last. */
export const keep = (piece: Block): void => {
  touch(piece, -1)
  touch(piece, Number.POSITIVE_INFINITY)
}

/** Notes that a step reads or writes a block. */
export const touch = (piece: Block, step: number): void => {
  const root = rootOf(piece)
  root.first = Math.min(root.first, step)
  root.last = Math.max(root.last, step)
}

/**
 * Gives each block a place, the largest first, each into the tightest gap; returns the total.
 * @param alignment - of places, in bytes
 */
export const planArena = (blocks: readonly Block[], alignment = ALIGNMENT): number => {
  const aligned = (bytes: number): number => Math.ceil(bytes / alignment) * alignment
  const placed: Block[] = []
  let total = 0
  for (const next of blocks.toSorted((a, b) => b.bytes - a.bytes)) {
    const around = placed.filter(other => other.first <= next.last && next.first <= other.last)
    let [best, tightest, end] = [-1, Number.POSITIVE_INFINITY, 0]
    for (const other of around) {
      const gap = other.place - end
      if (gap >= next.bytes && gap < tightest) [best, tightest] = [end, gap]
      end = Math.max(end, aligned(other.place + other.bytes))
    }
    next.place = best >= 0 ? best : end
    total = Math.max(total, aligned(next.place + next.bytes))
    const at = placed.findIndex(other => other.place > next.place)
    placed.splice(at < 0 ? placed.length : at, 0, next)
  }
  return total
}
