/** What the network loses without some of its attention blocks, as a figure and a table. */

import { figure, paragraph } from '../../report/html.ts'
import type { Mark } from '../../report/marks.ts'
import { plot } from '../../report/plot.ts'
import { tableMarkup } from '../../report/table.ts'
import { type Ablation, REPLACEMENTS, type ReplacementKind } from '../ablation.ts'
import { count, csv, type Part, percent, sheet, signed } from './part.ts'

const WORDS: Readonly<Record<ReplacementKind, string>> = {
  identity: 'removed (gate 1)',
  mean: 'mean gate kept',
}

const panel = ({ rows }: Ablation, replacement: ReplacementKind, colour: number) => {
  const own = rows.filter(row => row.replacement === replacement)
  const change = own.map((row, i): readonly [number, number] => [100 * row.change, i])
  const marks: Mark[] = [
    { kind: 'rule', x: 0 },
    {
      kind: 'intervals',
      lying: true,
      colour,
      ranges: own.map((row, i) => {
        const half = 196 * row.standardError
        return [i, 100 * row.change - half, 100 * row.change + half]
      }),
    },
    { kind: 'dots', points: change, colour },
  ]
  return plot({
    title: WORDS[replacement],
    height: 60 + 20 * own.length,
    x: { label: 'change of accuracy (percentage points)' },
    y: { categories: own.map(({ removed }) => removed) },
    marks,
  })
}

export const ablationPart = (ablation: Ablation): Part => {
  const panels = REPLACEMENTS.map((kind, colour) => panel(ablation, kind, colour))
  const free = ablation.rows.filter(
    ({ replacement, change, standardError }) =>
      replacement === 'mean' && change > -1.96 * standardError,
  )
  const largest = free.toSorted((a, b) => b.parametersSaved - a.parametersSaved)[0]
  return {
    heading: 'Without the blocks',
    body: [
      paragraph(
        `With all blocks ${percent(ablation.top1, 2)} of ${ablation.pictures} pictures are right. Each block, then each stage, is taken out of the trained network, which is not trained again. Removing a block also removes its mean scale, to which later layers are used; keeping each channel’s mean gate, which the convolution before it can absorb at no cost, asks only what the gate does from picture to picture. The means are those over the same pictures.`,
      ),
      paragraph(
        largest === undefined
          ? 'No block can be left out without a loss beyond chance.'
          : `The most that can be left out with its mean gate kept, without a loss beyond chance: ${largest.removed}, which saves ${count(largest.parametersSaved)} parameters (${percent(largest.parametersSaved / ablation.parameters)}).`,
      ),
      figure(
        panels,
        'Accuracy without some blocks minus accuracy with all, on the same pictures; bars are 95 % confidence intervals of the paired difference. The two panels have scales of their own.',
      ),
      tableMarkup({
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
          WORDS[row.replacement],
          percent(row.top1, 2),
          signed(100 * row.change),
          (196 * row.standardError).toFixed(2),
          count(row.parametersSaved),
          count(row.multiplyAddsSaved),
        ]),
      }),
    ],
    figures: { ablation: sheet(panels) },
    tables: {
      ablation: csv(
        ablation.rows.map(({ blocks, ...row }) => ({ ...row, blocks: blocks.join(' ') })),
      ),
    },
  }
}
