/**
 * The ablations of SKNet (Li, Wang, Hu, Yang: Selective Kernel Networks, arXiv:1903.06586):
 * Tables 6 and 7.
 */

import type { Study, Variant } from '../study.ts'

const COMMON = {
  setting: 'SKNet-50 on ImageNet, 100 epochs, label smoothing, mean of three runs',
  recipe: 'sknet',
} as const

/** A number of branches: their parameters and multiply-adds, without selection and with it. */
const COST = {
  one: { parameters: 25.0, multiplyAdds: 4.24 },
  two: { parameters: 26.5, multiplyAdds: 4.46 },
  twoSelected: { parameters: 27.5, multiplyAdds: 4.47 },
  three: { parameters: 28.0, multiplyAdds: 4.69 },
  threeSelected: { parameters: 29.3, multiplyAdds: 4.7 },
} as const

const kernels = (branches: string, top1: number, cost: keyof typeof COST): Variant => {
  const selected = cost.endsWith('Selected')
  const name = branches.replaceAll(/\d/g, 'K$&').replaceAll('+', ' + ')
  return {
    id: `k${branches.replaceAll('+', '')}${selected ? '-sk' : ''}`,
    name: `${name}${selected ? ', selected' : branches.includes('+') ? ', added' : ''}`,
    attention: `sk:branches=${branches}${selected ? '' : ',select=false'}`,
    paper: { top1, ...COST[cost] },
  }
}

const second = (
  id: string,
  name: string,
  branch: string,
  top1: number,
  cost: { parameters: number; multiplyAdds: number } = COST.twoSelected,
): Variant => ({ id, name, attention: `sk:branches=3+${branch}`, paper: { top1, ...cost } })

export const SK_STUDIES = {
  'sk-kernels': {
    ...COMMON,
    title: 'Which kernels, and is it their number or the selection among them that helps?',
    source: 'SKNet, Table 7',
    baseline: 'k3',
    variants: [
      // One branch of 3×3 is the plain network, and begins with its weights.
      { id: 'k3', name: 'K3', paper: { top1: 22.23, ...COST.one } },
      kernels('5', 25.14, 'one'),
      kernels('7', 25.51, 'one'),
      kernels('3+5', 21.76, 'two'),
      kernels('3+7', 21.82, 'two'),
      kernels('5+7', 23.64, 'two'),
      kernels('3+5+7', 21.47, 'three'),
      kernels('3+5', 20.79, 'twoSelected'),
      kernels('3+7', 20.97, 'twoSelected'),
      kernels('5+7', 23.09, 'twoSelected'),
      kernels('3+5+7', 20.76, 'threeSelected'),
    ],
    note: 'K5 and K7 are 3×3 kernels with dilation 2 and 3.',
  },
  'sk-dilation': {
    ...COMMON,
    title: 'What should the second branch be: dilated, or larger with more groups?',
    source: 'SKNet, Table 6',
    baseline: 'd2',
    variants: [
      second('d2', '3×3, dilation 2', '5', 20.79),
      second('d3', '3×3, dilation 3', '7', 20.97),
      second('d1', '3×3, dilation 1', '3', 20.91),
      second('5x5', '5×5, twice the groups', '5x5/2', 20.8, {
        parameters: 28.1,
        multiplyAdds: 4.56,
      }),
      second('7x7', '7×7, four times the groups', '7x7/4', 21.18, {
        parameters: 28.1,
        multiplyAdds: 4.55,
      }),
    ],
    note: 'The first branch is 3×3 without dilation; in the paper both have 32 groups unless said.',
  },
} as const satisfies Record<string, Study>
