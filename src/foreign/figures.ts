/** A foreign model's blocks and cost as figures and tables. */

import { type Part, sheet } from '../inspect/figures/part.ts'
import { shares } from '../inspect/figures/shares.ts'
import { figure, paragraph } from '../report/html.ts'
import type { Mark } from '../report/marks.ts'
import { plot } from '../report/plot.ts'
import { type Table, tableMarkup } from '../report/table.ts'
import { count, percent } from '../text/numbers.ts'
import { csv } from '../text/table.ts'
import { readable } from '../text/visible.ts'
import type { ForeignAnalysis } from './analysis.ts'
import { FAMILY_TEXTS, type ForeignBlock } from './blocks.ts'

const biasesText = ({ biases }: ForeignBlock): string => {
  if (biases.length === 0) return '–'
  return biases.every(one => one) ? 'yes' : biases.some(one => one) ? 'some' : 'no'
}

const COLUMNS: readonly (readonly [string, (block: ForeignBlock) => string, boolean?])[] = [
  ['block', ({ index }) => `${index}`, true],
  ['where', ({ path, inside }) => (inside === undefined ? path : `${path} (in ${inside})`)],
  ['channels', ({ channels }) => `${channels}`, true],
  [
    'hidden',
    one => (one.kernel === undefined ? `${one.hidden ?? '–'}` : `kernel ${one.kernel}`),
    true,
  ],
  ['reduction', ({ reduction: r }) => (r === undefined ? '–' : `${Number(r.toFixed(2))}`), true],
  ['squeeze', ({ squeeze }) => squeeze],
  ['activation', ({ activation = '–' }) => activation],
  ['gate', ({ gate }) => gate],
  ['biases', biasesText],
  ['parameters', ({ parameters }) => count(parameters), true],
  ['multiply-adds', ({ multiplyAdds }) => count(multiplyAdds), true],
  ['map', ({ map }) => map?.join('×') ?? '?', true],
]

/** A row for each block, the same on a page and on a terminal. */
export const blocksTable = (blocks: readonly ForeignBlock[]): Table => ({
  columns: COLUMNS.map(([heading, , right = false]) => ({ heading, right })),
  rows: blocks.map(block => COLUMNS.map(([, cell]) => cell(block))),
})

/** What kinds of gates there are, in words, once each. */
export const familiesText = (blocks: readonly ForeignBlock[]): string =>
  [...new Set(blocks.map(({ family }) => family))]
    .map(family => {
      const number = blocks.filter(block => block.family === family).length
      return `${number} × ${FAMILY_TEXTS[family]}`
    })
    .join('; ')

export const NO_BLOCKS =
  'No attention block was found: nothing scales a map by a gate or by shares that are made from its own means, maxima or norms, in a form that is known here (SE, effective SE, ECA, CBAM, SK, split attention, GCT).'

const widths = (blocks: readonly ForeignBlock[]) =>
  plot({
    title: 'Widths',
    width: Math.min(Math.max(360, 26 * blocks.length + 140), 560),
    height: 220,
    x: { label: 'block', categories: blocks.map(({ index }) => `${index}`) },
    y: { label: 'channels', domain: [0, Math.max(...blocks.map(({ channels }) => channels))] },
    marks: [
      { name: 'map', of: (block: ForeignBlock) => block.channels },
      { name: 'hidden', of: (block: ForeignBlock) => block.hidden ?? Number.NaN },
    ].flatMap(({ name, of }, color): Mark[] => {
      const points = blocks
        .map((block, i) => [i, of(block)] as const)
        .filter(([, width]) => Number.isFinite(width))
      if (points.length === 0) return []
      return [
        { kind: 'line', points, color, label: name },
        { kind: 'dots', points, color },
      ]
    }),
  })

export const foreignBlocksPart = ({ blocks, cost }: ForeignAnalysis): Part => {
  if (blocks.length === 0)
    return {
      heading: 'Attention blocks',
      body: [paragraph(NO_BLOCKS)],
      figures: {},
      tables: {},
    }
  const scaling = blocks.flatMap(block => block.scaling ?? [])
  const scaled = scaling.reduce((sum, one) => sum + one, 0)
  const share = cost.parameters === 0 ? 0 : cost.blocks.parameters / cost.parameters
  const drawn = widths(blocks)
  return {
    heading: 'Attention blocks',
    body: [
      paragraph(
        `${familiesText(blocks)}. Together they hold ${count(cost.blocks.parameters)} parameters, ${percent(share, 1)} of the model’s, and take ${count(cost.blocks.multiplyAdds)} multiply-adds in their layers for an image${scaling.length === blocks.length ? `, and ${count(scaled)} multiplications to scale their maps` : ''}.`,
      ),
      figure([drawn], 'Channels of each block’s map, and of the hidden layer where it has one.'),
      tableMarkup(blocksTable(blocks)),
    ],
    figures: { blocks: sheet([drawn]) },
    tables: {
      blocks: csv(
        blocks.map(({ biases, nodes, map, axis, value, branches, kernel, inside, ...block }) => ({
          ...block,
          kernel,
          branches,
          inside,
          biases: biases.join(' '),
          height: map?.[0],
          width: map?.[1],
          nodes: nodes.map(readable).join(' '),
        })),
      ),
    },
  }
}

/** As many operators as a figure has room for. */
const DRAWN = 8

export const unknownText = (unknown: number): string =>
  unknown === 0
    ? ''
    : ` ${count(unknown)} convolutions or products are not in them: their sizes are not known before the model runs.`

export const foreignCostPart = ({ cost, size }: ForeignAnalysis): Part => {
  const rows = cost.operators.filter(row => row.parameters + row.multiplyAdds > 0).slice(0, DRAWN)
  const panel = (title: string, of: 'parameters' | 'multiplyAdds') =>
    shares(
      title,
      rows.map(row => ({ name: row.operator, share: row[of] / Math.max(cost[of], 1) })),
    )
  const panels = [panel('Parameters', 'parameters'), panel('Multiply-adds', 'multiplyAdds')]
  return {
    heading: 'Cost',
    body: [
      paragraph(
        `${count(cost.parameters)} parameters, ${count(cost.statistics)} running statistics, and ${count(cost.multiplyAdds)} multiply-adds for one image of ${size.join('×')} (those of convolutions and products).${unknownText(cost.unknown)} Tensors of one element are not counted: in a file, a slope that was learnt and the 3 of a hard-swish look alike.`,
      ),
      ...(rows.length === 0 ? [] : [figure(panels, 'Share of each operator.')]),
      tableMarkup({
        columns: [
          { heading: 'operator' },
          { heading: 'nodes', right: true },
          { heading: 'parameters', right: true },
          { heading: 'multiply-adds', right: true },
        ],
        rows: cost.operators.map(row => [
          row.operator,
          count(row.nodes),
          count(row.parameters),
          count(row.multiplyAdds),
        ]),
      }),
    ],
    figures: rows.length === 0 ? {} : { cost: sheet(panels) },
    tables: { cost: csv(cost.operators.map(row => ({ ...row }))) },
  }
}
