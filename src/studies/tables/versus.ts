/** Every attention of the library in one backbone, under one training. */

import { attentionNames } from '../../attention/registry.ts'
import type { PaperFigure, Study, Variant } from '../study.ts'

/** The comparison of ECA-Net (Wang et al., CVPR 2020, Table 3): one setting for ResNet-50. */
const eca = (accuracy: number, top5: number, parameters?: number): PaperFigure => ({
  top1: Math.round((100 - accuracy) * 100) / 100,
  top5: Math.round((100 - top5) * 100) / 100,
  parameters,
})

/** What is known of each name; one that is not here takes part without a figure. */
const KNOWN: Readonly<Record<string, Omit<Variant, 'id' | 'attention'>>> = {
  se: { name: 'SE', paper: eca(76.71, 93.38, 26.77) },
  sk: {
    name: 'SK',
    paper: {
      top1: 20.79,
      plain: 22.23,
      parameters: 27.5,
      source: 'SKNet, Table 2: in ResNeXt-50',
    },
  },
  gct: {
    name: 'GCT',
    paper: { top1: 22.7, top5: 6.3, plain: 23.8, parameters: 25.68, source: 'GCT, Table 2' },
  },
  eca: { name: 'ECA', paper: eca(77.48, 93.68, 24.37) },
  cbam: { name: 'CBAM', paper: eca(77.34, 93.69) },
  gc: { name: 'GC', paper: eca(77.7, 93.66, 28.08) },
  ge: { name: 'Gather-excite' },
  bam: { name: 'BAM' },
  srm: { name: 'SRM' },
  fca: { name: 'FcaNet' },
  simam: { name: 'SimAM' },
  ca: { name: 'Coordinate attention' },
  splat: { name: 'Split attention' },
}

const names = [...new Set([...Object.keys(KNOWN), ...attentionNames])]

const rows = names.map(
  (id): Variant => ({ id, attention: id, ...(KNOWN[id] ?? { name: id.toUpperCase() }) }),
)

export const VERSUS: Study = {
  title: 'Which attention, if any?',
  source: 'ECA-Net, Table 3',
  setting: 'ResNet-50 on ImageNet; SK and GCT from their own papers, beside other plain networks',
  recipe: 'short',
  baseline: 'plain',
  variants: [{ id: 'plain', name: 'without attention', paper: eca(75.2, 92.52, 24.37) }, ...rows],
  note: 'Each attention with the options of its own paper, all under one training. SE has biases here.',
}
