/** What attention does to the channels over the depth of the network, as heat maps. */

import { extent } from 'd3-array'
import { figure, paragraph } from '../../report/html.ts'
import { element, fragment, type Markup } from '../../report/markup.ts'
import { formatNumber } from '../../report/scale.ts'
import { type Figure, textWidth } from '../../report/svg.ts'
import type { BlockExcitation } from '../excitation.ts'
import { drawnChannels } from './drawn.ts'
import { DIVERGING, heatUri, image, type Ramp, SEQUENTIAL } from './heat.ts'
import type { Part } from './part.ts'
import { wordsOf } from './words.ts'

const WIDTH = 360
const ROW = 13
const GAP = 7
const TOP = 66
const BAR = { width: 120, height: 9, steps: 60 }

interface HeatOptions {
  readonly title: string
  readonly label: string
  readonly domain: readonly [low: number, high: number]
  readonly ramp: Ramp
  /** The rows of a block, each over its drawn channels. */
  rows(block: BlockExcitation, channels: readonly number[]): readonly (readonly number[])[]
}

const colorBar = async ({ domain: [low, high], ramp, label }: HeatOptions): Promise<Markup> => {
  const steps = Array.from({ length: BAR.steps }, (_, i) => i / (BAR.steps - 1))
  const number = (value: number): string => formatNumber(value, 2)
  const left = textWidth(number(low)) + 8
  const y = 44
  return fragment(
    element('text', { x: 0, y: 34 }, label),
    element('text', { class: 'faint', x: 0, y: y + 9 }, number(low)),
    image(await heatUri(steps, [1, BAR.steps], ramp), [left, y], [BAR.width, BAR.height]),
    element('text', { class: 'faint', x: left + BAR.width + 6, y: y + 9 }, number(high)),
  )
}

/** A strip a block, the first at the top: rows are classes, columns channels. */
const heat = async (
  blocks: readonly BlockExcitation[],
  classes: readonly string[],
  options: HeatOptions,
): Promise<Figure> => {
  const { title, domain, ramp, rows } = options
  const [low, high] = domain
  const left = Math.max(...blocks.map(({ block }) => textWidth(block))) + 8
  const right = WIDTH - Math.max(...classes.map(textWidth)) - 8
  const height = ROW * classes.length
  const strips = await Promise.all(
    blocks.map(async (block, i) => {
      const drawn = drawnChannels(block)
      const values = rows(block, drawn).flat()
      const shares = values.map(value => (value - low) / (high - low))
      const uri = await heatUri(shares, [classes.length, drawn.length], ramp)
      const y = TOP + i * (height + GAP)
      return fragment(
        element(
          'text',
          { class: 'faint', x: left - 8, y: y + height / 2 + 4, 'text-anchor': 'end' },
          block.block,
        ),
        image(uri, [left, y], [right - left, height]),
      )
    }),
  )
  const names = classes.map((name, k) =>
    element('text', { class: 'faint', x: right + 6, y: TOP + ROW * k + 11 }, name),
  )
  return {
    width: WIDTH,
    height: TOP + blocks.length * (height + GAP) - GAP + 4,
    drawing: fragment(
      element('text', { class: 'title', x: 0, y: 13 }, title),
      await colorBar(options),
      ...strips,
      ...names,
    ),
  }
}

const classMeans = (block: BlockExcitation, name: string): readonly number[] =>
  block.classes.find(one => one.class === name)?.mean ?? block.mean

/** From least to most, never empty; or as far to both sides of 0. */
const domainOf = (values: readonly number[], isSigned: boolean): readonly [number, number] => {
  const [low = 0, high = 0] = extent(values)
  const most = Math.max(-low, high, 1e-6)
  if (isSigned) return [-most, most]
  return high - low > 1e-6 ? [low, high] : [low - 0.1, high + 0.1]
}

/** @param classes - the names of those to draw, up to six */
export const channelsPart = async (
  blocks: readonly BlockExcitation[],
  classes: readonly string[],
): Promise<Part> => {
  const signed = blocks[0].kind === 'addition'
  const values: HeatOptions['rows'] = (block, channels) =>
    classes.map(name => channels.map(channel => classMeans(block, name)[channel]))
  const less: HeatOptions['rows'] = (block, channels) =>
    values(block, channels).map(row => row.map((value, i) => value - block.mean[channels[i]]))
  const all = (rows: HeatOptions['rows']): number[] =>
    blocks.flatMap(block => rows(block, drawnChannels(block)).flat())
  // Images of no known class are one class, which changes nothing.
  const divided = blocks[0].classes.length > 1
  const panels = [
    await heat(blocks, classes, {
      title: 'Channels by depth',
      label: wordsOf(blocks).label,
      domain: domainOf(all(values), signed),
      ramp: signed ? DIVERGING : SEQUENTIAL,
      rows: values,
    }),
    ...(divided
      ? [
          await heat(blocks, classes, {
            title: 'What a class changes',
            label: 'less the mean over all images',
            domain: domainOf(all(less), true),
            ramp: DIVERGING,
            rows: less,
          }),
        ]
      : []),
  ]
  return {
    heading: 'Channels by depth',
    body: [
      paragraph(
        divided
          ? 'Every attention block from the image down to the output: what it does to which channel, for which class. Where the right strips are pale, the block does the same whatever the class.'
          : 'Every attention block from the image down to the output, and what it does to which channel.',
      ),
      figure(
        panels,
        `A strip a block, in the order of computation; columns are channels in the order of their mean over all images, at most fifty${divided ? ', rows classes. Left: the mean over the images of a class. Right: how far that is from the mean over all' : '; the mean over all images'}. One scale for all strips of a panel.`,
      ),
    ],
    figures: {
      'channels-by-depth': panels[0],
      ...(divided ? { 'channels-by-class': panels[1] } : {}),
    },
    tables: {},
  }
}
