/** The width of a bottleneck of fully connected layers: ⌊channels / reduction⌋, at least 1. */

export const hiddenWidth = (channels: number, reduction: number): number =>
  Math.max(1, Math.floor(channels / reduction))
