/** The channel shuffle of ShuffleNet (Zhang et al., arXiv:1707.01083, section 3.1). */

import type { Value } from '../graph/index.ts'
import { reshape, transpose } from '../ops/index.ts'

/** Deals the channels of each group out to all groups: a transposition of [groups, channels/groups]. */
export const channelShuffle = (x: Value, groups: number): Value => {
  const [n, c, h, w] = x.shape
  const grouped = reshape(x, [n, groups, c / groups, h, w])
  return reshape(transpose(grouped, [0, 2, 1, 3, 4]), [n, c, h, w])
}
