/** What the papers vary in a backbone besides attention: one record, of which each knows a part. */

import { flag, type Meanings, named, type OptionTable, oneOf, rate } from '../attention/options.ts'
import { UsageError } from '../errors/index.ts'
import { suggestion } from '../errors/suggest.ts'
import { NORMS } from '../nn/index.ts'

export const VARIATIONS = {
  /** Of bottlenecks: stride in the first 1×1 (v1, Caffe's) or in the 3×3 (v1.5, the default). */
  strideIn: oneOf('1x1', '3x3'),
  /** A 7×7 of stride 2, three 3×3 with the stride in the first, or one 3×3 without. */
  stem: oneOf('imagenet', 'deep', 'cifar'),
  /** How the stem's max pooling meets the border: padded, or as Caffe, a last window hanging over. */
  pooling: oneOf('padded', 'ceil'),
  /** Whether the first 1×1 of a bottleneck is half as wide as its 3×3 (SENet-154). */
  halfBottleneck: flag,
  /** The kernel of projection shortcuts that stride. */
  shortcutKernel: named({ '1': 1, '3': 3 } as const),
  /** How CIFAR's ResNets shorten where shapes differ: by zero channels, or by a projection. */
  shortcut: oneOf('pad', 'projection'),
  /** What stands in the place of batch normalization: by each image alone, or by neighboring channels. */
  norm: oneOf(...NORMS),
  /** The rate of dropout before the classifier. */
  dropout: rate,
  /** Of detectors: whether normalization is an affine map that nothing trains, for pretrained backbones. */
  frozenNorm: flag,
  /** Of detectors: the channels of the feature pyramid; regions have four times as many features. */
  pyramid: named({ '32': 32, '64': 64, '128': 128, '256': 256 } as const),
  /** Of detectors: how many proposals an image has; twice as many in training. */
  proposals: named({ '100': 100, '300': 300, '1000': 1000 } as const),
  /** Of detectors: the side of the smallest anchors; those of each further level are twice as large. */
  anchors: named({ '8': 8, '16': 16, '32': 32 } as const),
} as const satisfies OptionTable

export type Variations = Meanings<typeof VARIATIONS>
export type VariationName = keyof Variations

export const variationNames = Object.keys(VARIATIONS) as readonly VariationName[]

/** Those that are given, out of anything that may hold them, such as the options of a command. */
export const variationsIn = (given: object): Variations =>
  Object.fromEntries(
    Object.entries(given).filter(
      ([name, value]) => value !== undefined && Object.hasOwn(VARIATIONS, name),
    ),
  )

/** As text, for lists and cards. */
export const variationTexts = (given: Variations): readonly string[] =>
  Object.entries(given).map(([name, value]) => `${name} ${value}`)

/**
 * Checks what a network is told against what it knows.
 * @throws UsageError that lists the variations it knows, or what one of them may be, or names two
 * of which one leaves the other without effect
 */
export const checkVariations = (
  where: string,
  given: object,
  known: readonly VariationName[],
): void => {
  const named = Object.entries(given).filter(([, value]) => value !== undefined)
  const unknown = named.map(([name]) => name).filter(name => !known.some(one => one === name))
  const [first] = unknown
  if (first !== undefined) {
    throw new UsageError({
      where,
      expected: known.length > 0 ? `variations among ${known.join(', ')}` : 'no variations',
      got: unknown.join(', '),
      hint: suggestion(first, known),
    })
  }
  const { stem, pooling } = Object.fromEntries(named)
  if (stem === 'cifar' && pooling !== undefined)
    throw new UsageError({
      where,
      expected: 'no pooling with the stem cifar, which has none',
      got: `${pooling}`,
    })
  for (const [name, value] of named) {
    const { expected, read } = VARIATIONS[name as VariationName]
    if (read(String(value)) !== value)
      throw new UsageError({ where, expected: `${name} ${expected}`, got: `${value}` })
  }
}
