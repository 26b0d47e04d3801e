/** One lowering as a model of its own, for its tests and its measurements. */

import type { Value } from '../graph/index.ts'
import { collect, type Lowering } from './emitter.ts'
import { encodeModel } from './encode.ts'

/** @returns the bytes of a model that takes the inputs under their names and gives `y` */
export const alone = (
  lower: Lowering<never>,
  attributes: object,
  inputs: readonly Value[],
  y: Value,
): Uint8Array => {
  const { emitter, nodes, initializers } = collect()
  const names = inputs.map(({ name = '' }) => name)
  const whole = { ...emitter, formula: () => [] }
  const [made] = lower(whole, { names, inputs, outputs: [y], attributes } as never)
  emitter.node('Identity', [made])
  const last = nodes[nodes.length - 1]
  const info = (name: string, { shape }: Value) => ({ name, dtype: 'float32', shape }) as const
  return encodeModel({
    opset: 17,
    metadata: {},
    graph: {
      name: 'alone',
      nodes: [...nodes.slice(0, -1), { ...last, outputs: ['y'] }],
      initializers,
      inputs: inputs.map((value, i) => info(names[i], value)),
      outputs: [info('y', y)],
    },
  })
}
