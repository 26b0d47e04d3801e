/** What a squeeze sees behind a normalization: no paper's table, but what follows from the formulas. */

import type { Study, Variant } from '../study.ts'

const variant = (
  norm: 'instance' | 'layer' | 'batch',
  id: string,
  name: string,
  attention?: string,
): Variant => ({
  id: `${norm}-${id}`,
  name: `${norm} norm, ${name}`,
  attention,
  variations: { norm },
})

export const NORM_STUDIES = {
  'squeeze-after-norm': {
    title: 'What does a squeeze see behind a normalization?',
    source: 'no paper',
    setting:
      'none; it follows from the formulas that instance norm gives every channel of every image the mean 0 and the l2 norm √(HW)',
    recipe: 'short',
    baseline: 'instance-plain',
    variants: [
      variant('instance', 'plain', 'without attention'),
      variant('instance', 'se', 'SE behind it', 'se'),
      variant('instance', 'se-pre', 'SE behind ReLU', 'se:at=pre'),
      variant('instance', 'gct', 'GCT behind ReLU', 'gct'),
      variant('instance', 'gct-l2', 'GCT behind it', 'gct:at=standard'),
      variant('instance', 'gct-l1', 'GCT of l1 behind it', 'gct:at=standard,norm=l1'),
      variant('layer', 'plain', 'without attention'),
      variant('layer', 'se', 'SE behind it', 'se'),
      variant('batch', 'plain', 'without attention'),
      variant('batch', 'se', 'SE behind it', 'se'),
    ],
    note: 'Behind it: before the addition, right after the last normalization of a unit. Behind ReLU: at the start of a unit (SE), or in front of every convolution (GCT).',
  },
} as const satisfies Readonly<Record<string, Study>>
