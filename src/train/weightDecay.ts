/** Which parameters weight decay applies to, by name and shape. */

import type { Shape } from '../graph/index.ts'

type Rule = (name: string, shape: Shape) => boolean

export const DECAY_RULES = {
  /**
   * Weights of convolutions and fully connected layers, and GCT's α and γ; never biases, norms, β,
   * or SRM's style integration, which its authors spare too.
   */
  weights: (name, shape) => shape.length > 1 && !/\.(beta|cfc)$/.test(name),
  /** Everything but GCT's β: the GCT authors' code (paper, section 3.4). */
  'all-but-beta': name => !name.endsWith('.beta'),
  all: () => true,
} as const satisfies Record<string, Rule>

export type DecayRule = keyof typeof DECAY_RULES
