/** What the network loses without some of its attention blocks, as a figure and a table. */

import { figure, paragraph } from '../../report/html.ts'
import type { Mark } from '../../report/marks.ts'
import { plot } from '../../report/plot.ts'
import { type Table, tableMarkup } from '../../report/table.ts'
import { count, percent, signed } from '../../text/numbers.ts'
import { csv } from '../../text/table.ts'
import { type Ablation, REPLACEMENTS, type ReplacementKind } from '../ablation.ts'
import type { TapKind } from '../attentionTaps.ts'
import { type Part, sheet } from './part.ts'

/** What is left of a block, by what it shows; one that shows nothing has no mean to keep. */
const LEFT: Readonly<Record<TapKind, Readonly<Record<ReplacementKind, string>>>> = {
  gate: { identity: 'removed (gate 1)', mean: 'mean gate kept' },
  addition: { identity: 'removed (nothing added)', mean: 'mean addition kept' },
  selection: { identity: 'removed (even shares)', mean: 'mean shares kept' },
  splits: { identity: 'removed (even shares)', mean: 'mean shares kept' },
  gain: { identity: 'removed', mean: '' },
}

/** Of a network with attention of several kinds: in words that fit all. */
const leftOf = ({ kinds }: Ablation, replacement: ReplacementKind): string =>
  kinds.length === 1
    ? LEFT[kinds[0]][replacement]
    : { identity: 'removed', mean: 'mean kept' }[replacement]

const panel = (ablation: Ablation, replacement: ReplacementKind, color: number) => {
  const { rows } = ablation
  const own = rows.filter(row => row.replacement === replacement)
  const change = own.map((row, i): readonly [number, number] => [100 * row.change, i])
  const marks: Mark[] = [
    { kind: 'rule', x: 0 },
    {
      kind: 'intervals',
      lying: true,
      color,
      ranges: own.map((row, i) => {
        const half = 196 * row.standardError
        return [i, 100 * row.change - half, 100 * row.change + half]
      }),
    },
    { kind: 'dots', points: change, color },
  ]
  return plot({
    title: leftOf(ablation, replacement),
    height: 60 + 20 * own.length,
    x: { label: 'change of accuracy (percentage points)' },
    y: { categories: own.map(({ removed }) => removed) },
    marks,
  })
}

/** A row for each block, stage and way to take it out, the same on a page and on a terminal. */
export const ablationTable = (ablation: Ablation): Table => ({
  columns: [
    { heading: 'removed' },
    { heading: 'how' },
    { heading: 'accuracy', right: true },
    { heading: 'change (points)', right: true },
    { heading: '± 95 %', right: true },
    { heading: 'parameters saved', right: true },
    { heading: 'multiply-adds saved', right: true },
  ],
  rows: ablation.rows.map(row => [
    row.removed,
    leftOf(ablation, row.replacement),
    percent(row.top1),
    signed(100 * row.change),
    (196 * row.standardError).toFixed(2),
    count(row.parametersSaved),
    count(row.multiplyAddsSaved),
  ]),
})

const MEANS =
  'Removing a block also removes what it does on average, to which later layers are used; keeping that average for each channel, which a convolution beside it can absorb at no cost, asks only what the block does from image to image. The means are those over the same images.'

export const ablationPart = (ablation: Ablation): Part => {
  const kept = ablation.rows.some(({ replacement }) => replacement === 'mean')
  const panels = REPLACEMENTS.filter(kind => kept || kind === 'identity').map((kind, color) =>
    panel(ablation, kind, color),
  )
  const way = kept ? 'mean' : 'identity'
  const free = ablation.rows.filter(
    ({ replacement, change, standardError }) =>
      replacement === way && change > -1.96 * standardError,
  )
  const largest = free.toSorted((a, b) => b.parametersSaved - a.parametersSaved)[0]
  const saved =
    largest &&
    `${count(largest.parametersSaved)} parameters (${percent(largest.parametersSaved / ablation.parameters, 1)})`
  return {
    heading: 'Without the blocks',
    body: [
      paragraph(
        `With all blocks ${percent(ablation.top1, 2)} of ${ablation.images} images are right. Each block, then each stage, is taken out of the trained network, which is not trained again. ${kept ? MEANS : 'What its attention does is not shown by it, so that there is no mean to keep.'}`,
      ),
      paragraph(
        largest === undefined
          ? 'No block can be left out without a loss beyond chance.'
          : `The most that can be left out (${leftOf(ablation, way)}) without a loss beyond chance: ${largest.removed}, which saves ${saved}.`,
      ),
      figure(
        panels,
        `Accuracy without some blocks minus accuracy with all, on the same images; bars are 95 % confidence intervals of the paired difference.${panels.length > 1 ? ' The two panels have scales of their own.' : ''}`,
      ),
      tableMarkup(ablationTable(ablation)),
    ],
    figures: { ablation: sheet(panels) },
    tables: {
      ablation: csv(
        ablation.rows.map(({ blocks, ...row }) => ({ ...row, blocks: blocks.join(' ') })),
      ),
    },
  }
}
