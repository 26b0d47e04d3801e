/** What a foreign model's blocks answer with: which of them can be asked, and a number for each channel of an image. */

import { EngineError, formatShape } from '../errors/index.ts'
import type { Gated } from '../inspect/excitation.ts'
import { half } from '../tensor/float16.ts'
import type { ForeignBlock } from './blocks.ts'

/** A value as it came: 16 bits are half precision. */
export interface Found {
  readonly shape: readonly number[]
  readonly data: Float32Array | Float64Array | Uint16Array
}

/** Blocks by their numbers; a stage ends where maps get smaller, or wider where sizes are not known. */
export const gatedOf = (blocks: readonly ForeignBlock[]): readonly Gated[] => {
  let stage = 1
  return blocks.map(({ index, path, channels, branches, map }, i) => {
    const before = blocks[i - 1]
    const size = (of: typeof map): number => (of === undefined ? 0 : of[0] * of[1])
    if (before && (map ? size(map) < size(before.map) : channels > before.channels)) stage++
    const block = { path, block: `${index}`, stage, channels }
    return branches === undefined
      ? { ...block, kind: 'gate' }
      : { ...block, kind: 'splits', branches }
  })
}

const singles = ({ data }: Found): Float32Array =>
  data instanceof Uint16Array ? Float32Array.from(data, half) : Float32Array.from(data)

/**
 * Blocks whose channels can be asked for: what a graph within a node computes never leaves it, and
 * a gate of places has none.
 */
export const isAsked = ({ inside, family, branches, axis }: ForeignBlock): boolean =>
  inside === undefined && family !== 'over places' && (branches === undefined || (axis ?? 0) > 0)

/** How the numbers of an image lie: those of a channel start so far apart, `places` at a time. */
const layoutOf = (block: ForeignBlock, shape: readonly number[], size: number) => {
  const { channels, branches = 1, axis = 0 } = block
  if (branches === 1)
    return { places: size / channels, start: (c: number) => (c * size) / channels }
  // [N, outer, M, inner]: the first branch of all channels, in their order.
  const inner = shape.slice(axis + 1).reduce((product, length) => product * length, 1)
  return {
    places: size / (channels * branches),
    start: (c: number) => Math.floor(c / inner) * branches * inner + (c % inner),
  }
}

/** One number a channel of each image; of gates at every place, their mean. */
export const perImage = (
  found: Found,
  batch: number,
  block: ForeignBlock,
  file: string,
): readonly Float32Array[] => {
  const data = singles(found)
  const { channels, path } = block
  const size = data.length / batch
  const { places, start } = layoutOf(block, found.shape, size)
  if (!Number.isInteger(places) || places < 1)
    throw new EngineError({
      where: file,
      expected: `gates of ${channels} channels for ${batch} images in ${path}`,
      got: formatShape(found.shape),
    })
  return Array.from({ length: batch }, (_, n) =>
    Float32Array.from({ length: channels }, (_, c) => {
      const first = n * size + start(c)
      let sum = 0
      for (let i = first; i < first + places; i++) sum += data[i]
      return sum / places
    }),
  )
}
