/**
 * The ablations of GCT (Yang, Zhu, Wu, Yang: Gated Channel Transformation for Visual Recognition,
 * CVPR 2020): Table 6. Its baseline, ResNet-50 with 23.8 / 7.0, stands in Table 2.
 */

import type { Study, Variant } from '../study.ts'

const COMMON = {
  setting: 'GCT-ResNet-50 on ImageNet, 100 epochs, first one at a tenth of the rate',
  recipe: 'gct',
} as const

const plain: Variant = {
  id: 'plain',
  name: 'without GCT',
  paper: { top1: 23.8, top5: 7.0, parameters: 25.61, multiplyAdds: 3.879 },
}

/** GCT as it is by default, which is the best of every part of the table. */
const standard = (id: string, name: string): Variant => ({
  id,
  name,
  attention: 'gct',
  paper: { top1: 22.7, top5: 6.3, parameters: 25.68, multiplyAdds: 3.9 },
})

const variant = (
  id: string,
  name: string,
  options: string,
  top1: number,
  top5: number,
): Variant => ({ id, name, attention: `gct:${options}`, paper: { top1, top5 } })

export const GCT_STUDIES = {
  'gct-embedding': {
    ...COMMON,
    title: 'Which norm should embed a channel?',
    source: 'GCT, Table 6, embedding',
    baseline: 'l2',
    variants: [
      plain,
      standard('l2', 'l2'),
      variant('l1', 'l1', 'embedding=l1', 22.8, 6.3),
      variant('linf', 'l∞', 'embedding=linf', 23.1, 6.7),
      {
        id: 'l1-both',
        name: "l1, normalization too (the authors' code)",
        attention: 'gct:norm=l1',
      },
    ],
  },
  'gct-normalisation': {
    ...COMMON,
    title: 'How should the embeddings be normalized over channels?',
    source: 'GCT, Table 6, normalization',
    baseline: 'l2',
    variants: [
      plain,
      standard('l2', 'l2'),
      variant('l1', 'l1', 'normalization=l1', 22.9, 6.4),
      variant('meanvar', 'mean and variance', 'normalization=meanvar', 23.7, 7.1),
      { id: 'l1-both', name: "l1, embedding too (the authors' code)", attention: 'gct:norm=l1' },
    ],
  },
  'gct-gate': {
    ...COMMON,
    title: 'Which function should gate the channels?',
    source: 'GCT, Table 6, gate',
    baseline: 'tanh',
    variants: [
      plain,
      standard('tanh', '1 + tanh'),
      variant('sigmoid', 'sigmoid', 'gate=sigmoid', 22.9, 6.5),
      variant('elu', '1 + ELU', 'gate=elu', 22.7, 6.4),
    ],
  },
  'gct-position': {
    ...COMMON,
    title: 'Should GCT stand before the convolution, or around its batch normalization?',
    source: 'GCT, Table 6, position',
    baseline: 'before-conv',
    variants: [
      plain,
      standard('before-conv', 'before every convolution'),
      variant('before-norm', 'before every normalization', 'at=before-norm', 23.1, 6.5),
      variant('after-norm', 'after every normalization', 'at=after-norm', 23.1, 6.6),
      { id: 'first-conv', name: "before a block's first convolution", attention: 'gct:at=pre' },
      {
        id: 'last-conv',
        name: "before a block's last convolution",
        attention: 'gct:at=before-last-conv',
      },
      {
        id: 'last-two-convs',
        name: "before a block's last two convolutions",
        attention: 'gct:at=before-last-two-convs',
      },
      { id: 'standard', name: 'on the residual only', attention: 'gct:at=standard' },
    ],
  },
} as const satisfies Record<string, Study>
