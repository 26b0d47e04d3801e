/** Which channels of a block are drawn where there are too many. */

import type { BlockExcitation } from '../excitation.ts'

/** As many channels as the paper draws. */
export const DRAWN = 50

/** Up to 50 channels, spread evenly over all after these are ordered by their mean gate. */
export const drawnChannels = ({ mean }: Pick<BlockExcitation, 'mean'>): readonly number[] => {
  const order = mean.map((_, channel) => channel).sort((a, b) => mean[a] - mean[b])
  if (order.length <= DRAWN) return order
  return Array.from({ length: DRAWN }, (_, i) => order[Math.floor((i * order.length) / DRAWN)])
}
