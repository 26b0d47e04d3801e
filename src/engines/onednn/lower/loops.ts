/**
 * Operations without a primitive, on small tensors or rare: the reference's loops, over the arena.
 * They compute in double precision and round once.
 */

import { sizeOf } from '../../../graph/index.ts'
import type { OperationName } from '../../../ops/table.ts'
import { elementwise } from '../../reference/elementwise.ts'
import type { Kernel, Kernels } from '../../reference/kernel.ts'
import { movement } from '../../reference/movement.ts'
import { normalization } from '../../reference/normalization.ts'
import { pooling } from '../../reference/pooling.ts'
import type { Plan } from '../plan.ts'
import type { Call, Lowering, Lowerings } from './lowering.ts'

const ints = (floats: Float32Array): Int32Array =>
  new Int32Array(floats.buffer, floats.byteOffset, floats.length)

/** Any operation by its reference kernel. */
export const byReference =
  <Attributes extends object>(kernel: Kernel<Attributes>): Lowering<Attributes> =>
  (plan: Plan, { inputs, outputs, attributes }: Call<Attributes>) => {
    const results = outputs.map(({ shape, dtype }) => plan.plainly(shape, dtype))
    const shapes = inputs.map(({ shape }) => shape)
    plan.loop(inputs.map(plan.plain), results, (from, to) => {
      const numbers = from.map((data, i) =>
        new Float64Array(inputs[i].dtype === 'int32' ? ints(data) : data).subarray(
          0,
          sizeOf(shapes[i]),
        ),
      )
      for (const [i, values] of kernel({ inputs: numbers, shapes, outputs, attributes }).entries())
        (outputs[i].dtype === 'int32' ? ints(to[i]) : to[i]).set(values)
    })
    for (const [i, output] of outputs.entries()) plan.define(output, results[i])
  }

const { sign, where, cast } = elementwise
const { gather, gatherGradient } = movement
const { layerNormalization, layerNormalizationGradient } = normalization
export const { averagePool: averagePoolLoop, averagePoolGradient: averagePoolGradientLoop } =
  pooling

export const loops = {
  sign: byReference(sign),
  where: byReference(where),
  cast: byReference(cast),
  gather: byReference(gather as Kernels['gather']),
  gatherGradient: byReference(gatherGradient as Kernels['gatherGradient']),
  oneHot: (plan, { inputs: [labels], outputs: [y], attributes: { depth } }) => {
    const to = plan.plainly(y.shape)
    plan.loop([plan.plain(labels)], [to], ([from], [target]) => {
      target.fill(0)
      for (const [i, label] of ints(from).entries())
        if (label >= 0 && label < depth) target[i * depth + label] = 1
    })
    plan.define(y, to)
  },
  layerNormalization: byReference(layerNormalization as Kernels['layerNormalization']),
  layerNormalizationGradient: byReference(
    layerNormalizationGradient as Kernels['layerNormalizationGradient'],
  ),
} satisfies Partial<Lowerings> & Partial<Record<OperationName, unknown>>
