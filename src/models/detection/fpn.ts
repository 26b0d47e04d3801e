/** Feature pyramids: all levels of a backbone with the channels and the meaning of the last (Lin et al., arXiv:1612.03144). */

import { GraphError } from '../../errors/index.ts'
import type { Value } from '../../graph/index.ts'
import { conv2d, init, type Layer, layer, type Named, sequential } from '../../nn/index.ts'
import { add, maxPool, upsampleNearest } from '../../ops/index.ts'

const convolution = (channels: number, outputs: number, kernel: 1 | 3): Layer =>
  sequential(
    conv2d(channels, outputs, kernel, {
      padding: (kernel - 1) / 2,
      initialize: init.lecunUniform,
      bias: init.constant(0),
    }),
  )

/** A level at twice its size, to be added to the one before. */
const doubled = (x: Value, { shape: [, , height, width] }: Value): Value => {
  const [, , rows, columns] = x.shape
  if (2 * rows !== height || 2 * columns !== width)
    throw new GraphError({
      where: 'fpn',
      expected: 'images of a size that 32 divides',
      got: `levels of ${height}×${width} and ${rows}×${columns}`,
    })
  return upsampleNearest(x, 2)
}

/**
 * Levels `0`, `1`, … of so many channels each, finest first, to as many of `outputs` channels, and
 * `pool`, every other pixel of the coarsest, for large anchors.
 */
export const fpn = (channels: readonly number[], outputs: number): Layer<Named, Named> =>
  layer(
    {
      inner_blocks: channels.map(own => convolution(own, outputs, 1)),
      layer_blocks: channels.map(() => convolution(outputs, outputs, 3)),
    },
    ({ inner_blocks, layer_blocks }, levels: Named): Named => {
      const merged: Value[] = []
      for (let level = channels.length - 1; level >= 0; level--) {
        const lateral = inner_blocks[level](levels[level])
        const coarser = merged[0]
        merged.unshift(coarser === undefined ? lateral : add(lateral, doubled(coarser, lateral)))
      }
      const made = merged.map((level, i) => layer_blocks[i](level))
      const pool = maxPool(made[made.length - 1], { kernel: 1, stride: 2 })
      return { ...Object.fromEntries(made.entries()), pool }
    },
  )
