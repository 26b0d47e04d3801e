/** Targets that are a number for each class of each image, mixed where images are. */

import type { Dataset } from '../data/dataset.ts'
import type { Batch } from '../data/loader.ts'
import type { Tensors } from '../engines/engine.ts'
import { UsageError } from '../errors/index.ts'
import { input, type Value } from '../graph/index.ts'
import type { Named } from '../nn/index.ts'
import { add, mul, sub } from '../ops/index.ts'

/** The numbers of each image. @throws UsageError where it has none */
export const valuesOf = ({ values, name }: Pick<Dataset, 'values' | 'name'>) => {
  if (values !== undefined) return values
  throw new UsageError({
    where: 'task',
    expected: 'images with a number for each output, such as a table of them gives',
    got: `${name}, which has one class an image`,
    hint: 'Give a table of targets: `data.labels`',
  })
}

const numbersOf = (
  data: Dataset,
  indices: Uint32Array,
  encoded: (values: Float32Array) => Float32Array,
) => {
  const all = valuesOf(data)
  const length = all[0]?.length ?? 0
  const numbers = new Float32Array(indices.length * length)
  for (const [row, index] of indices.entries()) numbers.set(encoded(all[index]), row * length)
  return { shape: [indices.length, length], data: numbers }
}

/**
 * The graph inputs of so many numbers an image, and what fills them.
 * @param mixed - whether images are mixed: a target is then `share` of an image's and the rest of its partner's
 * @param encoded - what a training sees of an image's numbers
 */
export const valueTargets = (
  count: number,
  mixed: boolean,
  encoded: (values: Float32Array) => Float32Array = values => values,
) => ({
  inputs: (batch: number): Named => ({
    wanted: input('wanted', [batch, count]),
    ...(mixed ? { partners: input('partners', [batch, count]), share: input('share', []) } : {}),
  }),
  encode: (
    data: Dataset,
    { indices, mixed: { partners, share } = { partners: indices, share: 1 } }: Batch,
  ): Tensors => ({
    wanted: numbersOf(data, indices, encoded),
    ...(mixed
      ? {
          partners: numbersOf(data, partners, encoded),
          share: { shape: [], data: Float32Array.of(share) },
        }
      : {}),
  }),
  of: ({ wanted, partners, share }: Named): Value =>
    mixed ? add(mul(wanted, share), mul(partners, sub(1, share))) : wanted,
})
