/**
 * The ablations of SENet (Hu, Shen, Albanie, Sun, Wu: Squeeze-and-Excitation Networks,
 * arXiv:1709.01507v4), sections 6 and 7: Tables 10 to 16.
 */

import type { PaperFigure, Study, Variant } from '../study.ts'

/** Without the biases of the fully connected layers, as in all the paper's ablations. */
const se = (options = ''): string => `se:bias=false${options === '' ? '' : `,${options}`}`

const error = (top1: number, top5: number, more: Partial<PaperFigure> = {}): PaperFigure => ({
  top1,
  top5,
  ...more,
})

const COMMON = {
  setting:
    'SE-ResNet-50 on ImageNet, about 300 epochs: rate 0.1 until plateau, three times; label smoothing; no biases in SE',
  recipe: 'senet-ablation',
} as const

const plain: Variant = {
  id: 'plain',
  name: 'without SE',
  paper: error(23.3, 6.55, { parameters: 25.6, multiplyAdds: 3.86 }),
}

/** SE as it is by default, which stands in every table. */
const standard = (id: string, name: string, more: Partial<PaperFigure> = {}): Variant => ({
  id,
  name,
  attention: se(),
  paper: error(22.28, 6.03, { parameters: 28.1, multiplyAdds: 3.87, ...more }),
})

const reduction = (r: number, top1: number, top5: number, parameters: number): Variant => ({
  id: `r${r}`,
  name: `r = ${r}`,
  attention: se(`reduction=${r}`),
  paper: error(top1, top5, { parameters }),
})

const stage = (k: number, top1: number, top5: number, parameters: number): Variant => ({
  id: `stage${k}`,
  name: `stage ${k}`,
  attention: se(`stages=${k}`),
  paper: error(top1, top5, { parameters, multiplyAdds: 3.86 }),
})

export const SE_STUDIES = {
  'se-reduction': {
    ...COMMON,
    title: 'How narrow may the hidden layer of SE be?',
    source: 'SENet, Table 10',
    baseline: 'plain',
    variants: [
      plain,
      reduction(2, 22.29, 6.0, 45.7),
      reduction(4, 22.25, 6.09, 35.7),
      reduction(8, 22.26, 5.99, 30.7),
      reduction(16, 22.28, 6.03, 28.1),
      reduction(32, 22.72, 6.2, 26.9),
    ],
    note: 'With 16 to 64 channels, as backbones for 32×32 images have, r = 16 and 32 leave a hidden layer of one to four features.',
  },
  'se-squeeze': {
    ...COMMON,
    title: 'Is a channel better summed up by its mean or by its maximum?',
    source: 'SENet, Table 11',
    baseline: 'mean',
    variants: [
      standard('mean', 'mean'),
      {
        id: 'max',
        name: 'maximum',
        attention: se('squeeze=max'),
        paper: error(22.57, 6.09),
      },
    ],
  },
  'se-excitation': {
    ...COMMON,
    title: 'Which function should gate the channels?',
    source: 'SENet, Table 12',
    baseline: 'sigmoid',
    variants: [
      standard('sigmoid', 'sigmoid'),
      { id: 'tanh', name: 'tanh', attention: se('gate=tanh'), paper: error(23.0, 6.38) },
      { id: 'relu', name: 'ReLU', attention: se('gate=relu'), paper: error(23.47, 6.98) },
    ],
  },
  'se-stages': {
    ...COMMON,
    title: 'At which depth does SE help?',
    source: 'SENet, Table 13',
    baseline: 'plain',
    variants: [
      plain,
      stage(2, 23.03, 6.48, 25.6),
      stage(3, 23.04, 6.32, 25.7),
      stage(4, 22.68, 6.22, 26.4),
      standard('all', 'all stages'),
    ],
    note: 'Stage k is conv{k}_x. Backbones for 32×32 images end with stage 4; those for ImageNet have a fifth, which is in “all stages” only, as in the paper.',
  },
  'se-positions': {
    ...COMMON,
    title: 'Where in the residual unit should SE stand?',
    source: 'SENet, Table 14',
    baseline: 'se',
    variants: [
      standard('se', 'SE: on the residual'),
      { id: 'pre', name: 'PRE', attention: se('at=pre'), paper: error(22.23, 6.0) },
      { id: 'post', name: 'POST', attention: se('at=post'), paper: error(22.78, 6.35) },
      {
        id: 'identity',
        name: 'Identity',
        attention: se('at=identity'),
        paper: error(22.2, 6.15),
      },
    ],
  },
  'se-inside': {
    ...COMMON,
    title: 'Can SE stand right after the 3×3 convolution, where channels are fewer?',
    source: 'SENet, Table 15',
    baseline: 'se',
    variants: [
      standard('se', 'SE: on the residual'),
      {
        id: 'inside',
        name: 'SE after the 3×3',
        attention: se('at=inside'),
        paper: error(22.48, 6.02, { parameters: 25.8, multiplyAdds: 3.86 }),
      },
    ],
    note: 'Channels are fewer there in bottlenecks only: in basic blocks the cost is the same.',
  },
  'se-nosqueeze': {
    ...COMMON,
    title: 'Is it the global squeeze that helps, or the added layers?',
    source: 'SENet, Table 16',
    baseline: 'plain',
    variants: [
      plain,
      {
        id: 'nosqueeze',
        name: 'NoSqueeze',
        attention: se('squeeze=none'),
        paper: error(22.93, 6.39, { parameters: 28.1, multiplyAdds: 4.27 }),
      },
      standard('se', 'SE'),
    ],
  },
} as const satisfies Record<string, Study>
