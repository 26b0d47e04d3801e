/** Excitation by class as figures: Hu et al., Figures 6 and 7, with class-specificity by block. */

import { figure, paragraph } from '../../report/html.ts'
import { legend } from '../../report/legend.ts'
import type { Mark } from '../../report/marks.ts'
import { plot } from '../../report/plot.ts'
import { formatNumber } from '../../report/scale.ts'
import type { Figure } from '../../report/svg.ts'
import { type Table, tableMarkup } from '../../report/table.ts'
import { percent } from '../../text/numbers.ts'
import { csv } from '../../text/table.ts'
import { type BlockExcitation, meanGate, NO_MOVEMENT } from '../excitation.ts'
import { byClass, spread } from './curves.ts'
import { type Part, sheet } from './part.ts'
import { hasEnds, scaleFor, type Words, wordsOf } from './words.ts'

interface Quantity {
  of(block: BlockExcitation): number
  readonly name?: string | undefined
}

const percentOf = ({ of, name }: Quantity): Quantity => ({ of: block => 100 * of(block), name })

/** A quantity by block, along the depth of the network. */
const byBlock = (
  blocks: readonly BlockExcitation[],
  title: string,
  label: string,
  lines: readonly Quantity[],
): Figure =>
  plot({
    title,
    width: Math.min(Math.max(360, 30 * blocks.length + 150), 560),
    height: 220,
    x: { label: 'block', categories: blocks.map(({ block }) => block) },
    y: { label },
    marks: lines.flatMap(({ of, name }, color): Mark[] => {
      const drawn = blocks.map((block, i) => [i, of(block)] as const)
      return [
        { kind: 'line', points: drawn, color, label: name },
        { kind: 'dots', points: drawn, color },
      ]
    }),
  })

/** Images of no known class are one class, of which there is nothing to tell apart. */
const isDivided = ([block]: readonly BlockExcitation[]): boolean => block.classes.length > 1

const amount = (value: number): string => (value < 5e-4 ? 'less than 0.001' : value.toFixed(3))

const reading = (blocks: readonly BlockExcitation[], { many }: Words): string => {
  const still = blocks.filter(block => block.betweenStd + block.withinStd < NO_MOVEMENT)
  const moving = blocks.filter(block => !still.includes(block))
  const names = still.map(({ block }) => block).join(', ')
  const dead = still.length === 0 ? '' : ` The ${many} of ${names} are the same for every image.`
  if (moving.length === 0) return dead.trim()
  if (!isDivided(blocks)) {
    const by = moving.toSorted((a, b) => a.withinStd - b.withinStd)
    const [least, most] = [by[0], by[by.length - 1]]
    const moved = (block: BlockExcitation): string => `by ${amount(block.withinStd)}`
    if (least === most)
      return `Its ${many} move ${moved(most)} from image to image (standard deviation).${dead}`
    return `The ${many} of block ${most.block} move most from image to image: ${moved(most)} (standard deviation); those of ${least.block} least: ${moved(least)}.${dead}`
  }
  const by = moving.toSorted((a, b) => a.betweenStd - b.betweenStd)
  const [least, most] = [by[0], by[by.length - 1]]
  return `Classes move the ${many} of block ${most.block} most: by ${amount(most.betweenStd)} (standard deviation of the classes’ means), ${most.specificity.toFixed(1)} times the variance within a class. They move those of ${least.block} least: by ${amount(least.betweenStd)}.${dead}`
}

/** What is near the end of the range where the block does nothing: 1 in the middle of 1 + tanh. */
const openEnd = (blocks: readonly BlockExcitation[]) =>
  scaleFor(blocks)[1] > 1
    ? { of: (block: BlockExcitation) => block.neutral, name: 'within 0.1 of 1' }
    : { of: (block: BlockExcitation) => block.nearOne, name: 'above 0.9' }

/** A row for each block, the same on a page and on a terminal. */
export const excitationTable = (blocks: readonly BlockExcitation[]): Table => {
  const { one } = wordsOf(blocks)
  const open = openEnd(blocks)
  const right = (heading: string, cell: (block: BlockExcitation) => string) => ({
    heading,
    right: true,
    cell,
  })
  const within = (block: BlockExcitation): string => block.withinStd.toFixed(4)
  const columns = [
    { heading: 'block', cell: ({ block }: BlockExcitation) => block },
    right('channels', ({ channels }) => `${channels}`),
    right(`mean ${one}`, block => formatNumber(meanGate(block), 3)),
    ...(isDivided(blocks)
      ? [
          right('std between classes', ({ betweenStd }) => betweenStd.toFixed(4)),
          right('std within a class', within),
          right('between / within variance', ({ specificity }) => specificity.toFixed(2)),
        ]
      : [right('std between images', within)]),
    ...(hasEnds(blocks)
      ? [
          right('below 0.1', ({ nearZero }) => percent(nearZero, 1)),
          right(open.name, block => percent(open.of(block), 1)),
        ]
      : []),
  ]
  return { columns, rows: blocks.map(block => columns.map(({ cell }) => cell(block))) }
}

/** How far blocks move, how specific to classes they are, and how many gates are at an end. */
const depthPanels = (blocks: readonly BlockExcitation[]) => {
  const { one, many } = wordsOf(blocks)
  const divided = isDivided(blocks)
  const moves = byBlock(blocks, `How far ${many} move`, `standard deviation of the ${one}`, [
    ...(divided
      ? [{ of: (block: BlockExcitation) => block.betweenStd, name: 'between classes' }]
      : []),
    { of: block => block.withinStd, name: divided ? 'within a class' : 'between images' },
  ])
  const specificity =
    divided &&
    byBlock(blocks, 'Class-specificity by block', 'between-class / within-class variance', [
      { of: block => block.specificity },
    ])
  const saturation =
    hasEnds(blocks) &&
    byBlock(
      blocks,
      `Saturated ${many} (below 0.1, ${openEnd(blocks).name})`,
      `share of ${many === 'gates' ? 'gates' : 'channels and images'} (%)`,
      [{ of: block => 100 * block.nearZero, name: 'below 0.1' }, percentOf(openEnd(blocks))],
    )
  return {
    'excitation-moves': moves,
    ...(specificity ? { 'excitation-specificity': specificity } : {}),
    ...(saturation ? { 'excitation-saturation': saturation } : {}),
  }
}

const movesCaption = (blocks: readonly BlockExcitation[]): string => {
  const { many } = wordsOf(blocks)
  const moves = isDivided(blocks)
    ? `How far each block’s ${many} move from class to class and from image to image of a class; and the ratio of the two variances, which is how class-specific the block is. What chance puts between the means of a finite number of images is subtracted.`
    : `How far each block’s ${many} move from image to image.`
  const ends = hasEnds(blocks) ? ` And how many ${many} are near an end of their range.` : ''
  return `${moves} A block whose ${many} hardly move can be replaced by constants.${ends}`
}

/** Every block by class, and the spread in the last block of each stage, with their keys. */
const channelPanels = (blocks: readonly BlockExcitation[], classes: readonly string[]) => {
  const divided = isDivided(blocks)
  const options = { words: wordsOf(blocks), range: scaleFor(blocks) }
  // One channel makes no curve: the first GCT of a network on gray images.
  const several = blocks.filter(({ channels }) => channels > 1)
  const stages = [...new Set(blocks.map(({ stage }) => stage))]
  const last = stages.flatMap(stage => several.findLast(block => block.stage === stage) ?? [])
  const chosen = classes.map((text, color) => ({ text, color }))
  // The first and the last drawn: the figure has room for two.
  const pair = chosen
    .filter((_, i) => i === 0 || i === chosen.length - 1)
    .map(({ text }, color) => ({ text, color }))
  return {
    curves: several.map(block => byClass(block, divided ? classes : [], options)),
    key: divided ? legend([...chosen, { text: 'all classes', color: 'ink' }]) : undefined,
    spreads: last.map(block => spread(block, pair, options)),
    pairKey: legend(pair),
  }
}

const tablesOf = (blocks: readonly BlockExcitation[]) => ({
  'excitation-blocks': csv(
    blocks.map(one => {
      const { block, path, channels, kind, stage, branches, mean, classes, ...rest } = one
      return { block, path, channels, meanGate: meanGate(one), ...rest }
    }),
  ),
  excitation: csv(
    blocks.flatMap(({ block, classes }) =>
      classes.flatMap(({ class: name, mean, std }) =>
        mean.map((value, channel) => ({
          block,
          class: name,
          channel,
          mean: value,
          std: std[channel],
        })),
      ),
    ),
  ),
})

/** @param classes - the names of those to draw, up to six */
export const excitationPart = (
  blocks: readonly BlockExcitation[],
  classes: readonly string[],
): Part => {
  const divided = isDivided(blocks)
  const words = wordsOf(blocks)
  const depth = depthPanels(blocks)
  const { curves, key, spreads, pairKey } = channelPanels(blocks, classes)
  const images = blocks[0].classes.reduce((sum, { count }) => sum + count, 0)
  const curvesCaption = divided
    ? `Mean ${words.one} of each channel over the images of a class, and over all ${images} images. Channels stand in the order of their mean over all classes, so that what leaves the thick line is specific to a class. Same scale everywhere.`
    : `Mean ${words.one} of each channel over ${images} images, in the order of that mean. Same scale everywhere.`
  return {
    heading: divided ? 'Excitation by class' : 'Excitation',
    body: [
      paragraph(reading(blocks, words)),
      figure(Object.values(depth), movesCaption(blocks)),
      figure(curves, curvesCaption, { key }),
      figure(
        spreads,
        `The spread ${divided ? 'within a class' : 'over images'}: mean and one standard deviation, in the last block of each stage.`,
        { key: pairKey },
      ),
      tableMarkup(excitationTable(blocks)),
    ],
    figures: {
      'excitation-by-class': sheet(curves, key),
      'excitation-spread': sheet(spreads, pairKey),
      ...depth,
    },
    tables: tablesOf(blocks),
  }
}
