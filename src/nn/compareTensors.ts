/** How the tensors that are there differ from those that a network needs: all differences at once. */

import { formatShape } from '../errors/index.ts'
import type { Shape } from '../graph/index.ts'

export interface FoundTensor {
  readonly shape: Shape
  /** Its name in the file, where that is another. */
  readonly source?: string
  readonly dtype?: string
}

interface ComparisonOptions {
  /** Whether a shape will do; only the same one unless given. */
  readonly fits?: (found: Shape, wanted: Shape) => boolean
  /** The element types that will do; any unless given. */
  readonly dtypes?: readonly string[]
}

const sameShape = (a: Shape, b: Shape): boolean => formatShape(a) === formatShape(b)

/** Every tensor that is missing, misshapen, of a wrong type or unexpected, each as a phrase. */
export const compareTensors = (
  wanted: readonly { readonly name: string; readonly shape: Shape }[],
  found: ReadonlyMap<string, FoundTensor>,
  { fits = sameShape, dtypes }: ComparisonOptions = {},
): readonly string[] => {
  const known = new Set(wanted.map(({ name }) => name))
  return [
    ...wanted.flatMap(({ name, shape }) => {
      const tensor = found.get(name)
      if (tensor === undefined) return [`${name} ${formatShape(shape)} missing`]
      const { source = name, dtype } = tensor
      if (dtype !== undefined && dtypes?.includes(dtype) === false)
        return [`${source} of dtype ${dtype}`]
      return fits(tensor.shape, shape)
        ? []
        : [`${source} ${formatShape(tensor.shape)} instead of ${formatShape(shape)}`]
    }),
    ...[...found].flatMap(([name, { source = name, shape }]) =>
      known.has(name) ? [] : [`${source} ${formatShape(shape)} unexpected`],
    ),
  ]
}

const MOST_LISTED = 12

/** The first dozen phrases of a list, and how many more there are. */
export const listed = (phrases: readonly string[]): string => {
  const more = phrases.length - MOST_LISTED
  return more > 0
    ? `${phrases.slice(0, MOST_LISTED).join('; ')}; and ${more} more`
    : phrases.join('; ')
}
