/** The first values of a network. */

import { sizeOf } from '../graph/index.ts'
import { random } from '../random/index.ts'
import { type AnyLayer, variables } from './layer.ts'

/**
 * First values of all parameters and buffers by name: a function of the seed alone.
 * @param into - where to put them, for names that have a place
 */
export const initialize = (
  network: AnyLayer,
  seed: number,
  into: ReadonlyMap<string, Float32Array> = new Map(),
): Map<string, Float32Array> => {
  const source = random(seed).fork('initialise')
  return new Map(
    variables(network).map(({ name, seedName, tensor: { shape, initialize } }) => {
      const values = into.get(name) ?? new Float32Array(sizeOf(shape))
      initialize(shape)(values, source.fork(seedName))
      return [name, values]
    }),
  )
}
