/** Excitation by class as figures: Hu et al., Figures 6 and 7, with class-specificity by block. */

import { figure, paragraph } from '../../report/html.ts'
import { legend } from '../../report/legend.ts'
import type { Mark } from '../../report/marks.ts'
import { plot } from '../../report/plot.ts'
import { formatNumber } from '../../report/scale.ts'
import type { Figure } from '../../report/svg.ts'
import { tableMarkup } from '../../report/table.ts'
import { percent } from '../../text/numbers.ts'
import { csv } from '../../text/table.ts'
import { type BlockExcitation, meanGate, STILL } from '../excitation.ts'
import { byClass, spread } from './curves.ts'
import { type Part, sheet } from './part.ts'
import { hasEnds, scaleFor, type Words, wordsOf } from './words.ts'

/** A quantity by block, along the depth of the network. */
const byBlock = (
  blocks: readonly BlockExcitation[],
  title: string,
  label: string,
  lines: readonly { of: (block: BlockExcitation) => number; name?: string }[],
  domain?: readonly [number, number],
): Figure =>
  plot({
    title,
    width: Math.min(Math.max(360, 26 * blocks.length + 120), 560),
    height: 220,
    x: { label: 'block', categories: blocks.map(({ block }) => block) },
    y: { label, ...(domain === undefined ? {} : { domain }) },
    marks: lines.flatMap(({ of, name }, color): Mark[] => {
      const drawn = blocks.map((block, i) => [i, of(block)] as const)
      const label = name === undefined ? {} : { label: name }
      return [
        { kind: 'line', points: drawn, color, ...label },
        { kind: 'dots', points: drawn, color },
      ]
    }),
  })

/** Images of no known class are one class, of which there is nothing to tell apart. */
const isDivided = ([block]: readonly BlockExcitation[]): boolean => block.classes.length > 1

const amount = (value: number): string => (value < 5e-4 ? 'less than 0.001' : value.toFixed(3))

const reading = (blocks: readonly BlockExcitation[], { many }: Words): string => {
  const still = blocks.filter(block => block.betweenStd + block.withinStd < STILL)
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

/** @param classes - the names of those to draw, up to six */
export const excitationPart = (
  blocks: readonly BlockExcitation[],
  classes: readonly string[],
): Part => {
  const divided = isDivided(blocks)
  const words = wordsOf(blocks)
  const { one, many } = words
  const range = scaleFor(blocks)
  const options = { words, range }
  // One channel makes no curve: the first GCT of a network on gray images.
  const several = blocks.filter(({ channels }) => channels > 1)
  const stages = [...new Set(blocks.map(({ stage }) => stage))]
  const last = stages.flatMap(stage => several.findLast(block => block.stage === stage) ?? [])
  const chosen = classes.map((text, color) => ({ text, color }))
  const key = divided ? legend([...chosen, { text: 'all classes', color: 'ink' }]) : undefined
  // The first and the last drawn: the figure has room for two.
  const pair = chosen.filter((_, i) => i === 0 || i === chosen.length - 1)
  const pairKey = legend(pair)
  const curves = several.map(block => byClass(block, divided ? classes : [], options))
  const spreads = last.map(block => spread(block, pair, options))
  const specific = byBlock(
    blocks,
    'Class-specificity by block',
    'between-class / within-class variance',
    [{ of: block => block.specificity }],
  )
  const moved = byBlock(blocks, `How far ${many} move`, `standard deviation of the ${one}`, [
    ...(divided
      ? [{ of: (block: BlockExcitation) => block.betweenStd, name: 'between classes' }]
      : []),
    { of: block => block.withinStd, name: divided ? 'within a class' : 'between images' },
  ])
  // A gate of 1 + tanh does nothing in the middle of its range; a sigmoid, at its end.
  const open =
    range[1] > 1
      ? { of: (block: BlockExcitation) => block.neutral, name: 'within 0.1 of 1' }
      : { of: (block: BlockExcitation) => block.nearOne, name: 'above 0.9' }
  const saturated = hasEnds(blocks)
    ? byBlock(
        blocks,
        words.many === 'gates' ? 'Gates that shut, or let pass' : 'Shares near none, or all',
        `share of ${words.many === 'gates' ? 'gates' : 'channels and images'}`,
        [{ of: block => block.nearZero, name: 'below 0.1' }, open],
        [0, 1],
      )
    : undefined
  const images = blocks[0].classes.reduce((sum, { count }) => sum + count, 0)
  return {
    heading: divided ? 'Excitation by class' : 'Excitation',
    body: [
      paragraph(reading(blocks, words)),
      figure(
        [moved, ...(divided ? [specific] : []), ...(saturated ? [saturated] : [])],
        `${
          divided
            ? `How far each block’s ${many} move from class to class and from image to image of a class; and the ratio of the two variances, which is how class-specific the block is. What chance puts between the means of a finite number of images is subtracted.`
            : `How far each block’s ${many} move from image to image.`
        } A block whose ${many} hardly move can be replaced by constants.${
          saturated ? ` And how many ${many} are near an end of their range.` : ''
        }`,
      ),
      figure(
        curves,
        divided
          ? `Mean ${one} of each channel over the images of a class, and over all ${images} images. Channels stand in the order of their mean over all classes, so that what leaves the thick line is specific to a class. Same scale everywhere.`
          : `Mean ${one} of each channel over ${images} images, in the order of that mean. Same scale everywhere.`,
        key && { key },
      ),
      figure(
        spreads,
        `The spread ${divided ? 'within a class' : 'over images'}: mean and one standard deviation, in the last block of each stage.`,
        { key: pairKey },
      ),
      tableMarkup({
        columns: [
          { heading: 'block' },
          { heading: 'channels', right: true },
          { heading: `mean ${one}`, right: true },
          ...(divided
            ? ['between classes', 'within a class', 'specificity']
            : ['between images']
          ).map(heading => ({ heading, right: true })),
          ...(saturated ? ['below 0.1', open.name] : []).map(heading => ({ heading, right: true })),
        ],
        rows: blocks.map(block => [
          block.block,
          `${block.channels}`,
          formatNumber(meanGate(block), 3),
          ...(divided ? [block.betweenStd.toFixed(4)] : []),
          block.withinStd.toFixed(4),
          ...(divided ? [block.specificity.toFixed(2)] : []),
          ...(saturated ? [percent(block.nearZero, 1), percent(open.of(block), 1)] : []),
        ]),
      }),
    ],
    figures: {
      'excitation-by-class': sheet(curves, key),
      'excitation-spread': sheet(spreads, pairKey),
      'excitation-moves': moved,
      ...(divided ? { 'excitation-specificity': specific } : {}),
      ...(saturated ? { 'excitation-saturation': saturated } : {}),
    },
    tables: {
      'excitation-blocks': csv(
        blocks.map(block => ({
          block: block.block,
          path: block.path,
          channels: block.channels,
          meanGate: meanGate(block),
          betweenStd: block.betweenStd,
          withinStd: block.withinStd,
          specificity: block.specificity,
          nearZero: block.nearZero,
          nearOne: block.nearOne,
          neutral: block.neutral,
        })),
      ),
      excitation: csv(
        blocks.flatMap(block =>
          block.classes.flatMap(one =>
            one.mean.map((mean, channel) => ({
              block: block.block,
              class: one.class,
              channel,
              mean,
              std: one.std[channel],
            })),
          ),
        ),
      ),
    },
  }
}
