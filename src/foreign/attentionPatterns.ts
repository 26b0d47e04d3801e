/** The kinds of attention that are looked for in foreign models, as formulas of what scales a map. */

import {
  activation,
  alongChannels,
  gate,
  linear,
  maximum,
  mean,
  normGate,
  otherActivation,
  overPlaces,
  pooledSum,
  shareOf,
  squeeze,
} from './exportedForms.ts'
import { type Pattern, product, sum, the } from './pattern.ts'

const map = the('map')

/** s in x̃ = s·u, u being the map. */
const SCALES = {
  /** s = σ(W₂ δ(W₁ z)), z the squeezed u (Hu et al., equations 2 to 4). */
  'squeeze-excite': gate(linear('fc2', activation(linear('fc1', squeeze(map))))),
  /** Woo et al., equation 2: one bottleneck for both squeezes. */
  'mean and maximum': gate(
    sum(
      linear('fc2', activation(linear('fc1', mean(map)))),
      linear('other fc2', otherActivation(linear('other fc1', maximum(map)))),
    ),
  ),
  'one layer': gate(linear('fc2', squeeze(map))),
  'along channels': gate(alongChannels('fc2', squeeze(map))),
  /** SENet's Table 16: both layers at every place. */
  'without squeeze': gate(linear('fc2', activation(linear('fc1', map)))),
  /** Woo et al., equation 3. */
  'over places': gate(overPlaces('fc2', map)),
  /** Li et al., section 3.1, and ResNeSt's splits: a = softmax over branches. */
  'between branches': shareOf(linear('fc2', activation(linear('fc1', pooledSum(map))))),
  /** Yang et al., equations 1 to 3. */
  'channel norms': normGate(map),
} satisfies Readonly<Record<string, Pattern>>

export type Family = keyof typeof SCALES

/** What each family is, where a reader has no table of ours at hand. */
export const FAMILY_TEXTS: Readonly<Record<Family, string>> = {
  'squeeze-excite': 'squeeze, two layers with a bottleneck, gate',
  'mean and maximum': 'mean and maximum through one bottleneck, gate (CBAM, channels)',
  'one layer': 'gate without bottleneck: one fully connected layer (effective SE)',
  'along channels': 'gate without bottleneck: a convolution along the channels (ECA)',
  'without squeeze': 'two 1×1 convolutions at every place, gate',
  'over places': 'gate of places, from the mean and maximum of their channels (CBAM, places)',
  'between branches': 'shares between branches: bottleneck, softmax (SK, split attention)',
  'channel norms': 'gate from the norms of channels, 1 + tanh (GCT)',
}

/** A map that is scaled, by the family of what scales it. */
export const PATTERNS = Object.entries(SCALES).map(
  ([family, scale]) => [family as Family, product(scale, map)] as const,
)
