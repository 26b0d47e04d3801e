/** Parameters and multiply-adds by kind of layer, and what the attention adds. */

import { figure, paragraph } from '../../report/html.ts'
import { tableMarkup } from '../../report/table.ts'
import { count, percent } from '../../text/numbers.ts'
import { csv } from '../../text/table.ts'
import type { Cost } from '../cost.ts'
import { type Part, sheet } from './part.ts'
import { shares } from './shares.ts'

/** Giga multiply-adds as the papers print them. */
const PAPERS: Readonly<Record<string, { readonly from: string; readonly multiplyAdds: string }>> = {
  resnet50: { from: 'SENet, Table 2', multiplyAdds: '3.86' },
  resnet101: { from: 'SENet, Table 2', multiplyAdds: '7.58' },
  resnet152: { from: 'SENet, Table 2', multiplyAdds: '11.30' },
  'se-resnet50': { from: 'SENet, Table 2', multiplyAdds: '3.87' },
  'se-resnet101': { from: 'SENet, Table 2', multiplyAdds: '7.60' },
  'se-resnet152': { from: 'SENet, Table 2', multiplyAdds: '11.32' },
}

const paperText = (model: string): string => {
  const paper = Object.hasOwn(PAPERS, model) ? PAPERS[model] : undefined
  return paper === undefined
    ? ''
    : ` The paper prints ${paper.multiplyAdds} G multiply-adds (${paper.from}), at 224×224 with 1000 classes and stride in the first 1×1 of a bottleneck (--stride-in 1x1), not in its 3×3.`
}

/** What comes on top, in percent, to two digits. */
const added = (all: number, plain: number): string =>
  `${Number((100 * (all / plain - 1)).toPrecision(2))}\u00a0%`

const panel = ({ kinds, ...total }: Cost, of: 'parameters' | 'multiplyAdds', title: string) =>
  shares(
    title,
    kinds.map(kind => ({ name: kind.kind, share: kind[of] / total[of] })),
  )

/** @param plain - the cost of the same backbone without attention, where there is one */
export const costPart = (model: string, cost: Cost, plain?: Cost): Part => {
  const panels = [
    panel(cost, 'parameters', 'Parameters'),
    panel(cost, 'multiplyAdds', 'Multiply-adds'),
  ]
  const attention =
    cost.attention.parameters === 0 && plain === undefined
      ? 'It has no attention.'
      : plain === undefined
        ? `The attention blocks hold ${count(cost.attention.parameters)} of its parameters (${percent(cost.attention.parameters / cost.parameters, 1)}).`
        : `Its plain backbone has ${count(plain.parameters)} parameters and ${count(plain.multiplyAdds)} multiply-adds: attention adds ${added(cost.parameters, plain.parameters)} and ${added(cost.multiplyAdds, plain.multiplyAdds)}.`
  return {
    heading: 'Cost',
    body: [
      paragraph(
        `${count(cost.parameters)} parameters and ${count(cost.multiplyAdds)} multiply-adds for one image (those of convolutions and fully connected layers; one multiply-add counts one), and ${count(cost.buffers)} running statistics. ${attention}${paperText(model)}`,
      ),
      figure(
        panels,
        'Share of each kind of layer. What a network without its attention has no use for counts as attention, whatever it is made of.',
      ),
      tableMarkup({
        columns: [
          { heading: 'kind' },
          { heading: 'layers', right: true },
          { heading: 'parameters', right: true },
          { heading: 'multiply-adds', right: true },
        ],
        rows: cost.kinds.map(row => [
          row.kind,
          `${row.layers}`,
          count(row.parameters),
          count(row.multiplyAdds),
        ]),
      }),
    ],
    figures: { cost: sheet(panels) },
    tables: { cost: csv(cost.kinds.map(row => ({ ...row }))) },
  }
}
