/** Curves over the channels of a block: by class (Hu et al., Figure 6), and their spread (Figure 7). */

import type { Key } from '../../report/legend.ts'
import type { Mark } from '../../report/marks.ts'
import { plot } from '../../report/plot.ts'
import type { Figure } from '../../report/svg.ts'
import type { BlockExcitation } from '../excitation.ts'
import { DRAWN, drawnChannels } from './drawn.ts'
import type { Words } from './words.ts'

export interface CurveOptions {
  readonly words: Words
  /** The same for all blocks. */
  readonly range: readonly [low: number, high: number]
}

const points = (values: readonly number[], channels: readonly number[]) =>
  channels.map((channel, i) => [i + 1, values[channel]] as const)

const axes = ({ channels }: BlockExcitation, { words, range }: CurveOptions) => ({
  x: {
    domain: [1, Math.min(channels, DRAWN)] as const,
    whole: true,
    label: `channel, by mean ${words.one}${channels > DRAWN ? ` (${DRAWN} of ${channels})` : ''}`,
  },
  y: { label: words.label, domain: range },
})

export const byClass = (
  block: BlockExcitation,
  classes: readonly string[],
  options: CurveOptions,
): Figure => {
  const channels = drawnChannels(block)
  const lines = classes.map((name, color): Mark => {
    const mean = block.classes.find(one => one.class === name)?.mean ?? []
    return { kind: 'line', points: points(mean, channels), color, width: 1.3 }
  })
  return plot({
    title: `Block ${block.block}`,
    height: 210,
    ...axes(block, options),
    marks: [
      ...lines,
      { kind: 'line', points: points(block.mean, channels), color: 'ink', width: 2 },
    ],
  })
}

export const spread = (
  block: BlockExcitation,
  classes: readonly Key[],
  options: CurveOptions,
): Figure => {
  const { range } = options
  const channels = drawnChannels(block)
  const marks = classes.flatMap(({ text, color }): Mark[] => {
    const own = block.classes.find(one => one.class === text)
    if (own === undefined) return []
    const ranges = channels.map((channel, i) => {
      const [mean, std] = [own.mean[channel], own.std[channel]]
      const [low, high] = [Math.max(mean - std, range[0]), Math.min(mean + std, range[1])]
      return [i + 1, low, high] as const
    })
    return [
      { kind: 'band', ranges, color },
      { kind: 'line', points: points(own.mean, channels), color },
    ]
  })
  return plot({ title: `Block ${block.block}`, height: 210, ...axes(block, options), marks })
}
