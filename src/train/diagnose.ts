/** What a step that is not finite went wrong in: the first tensor, in the order in which a step computes. */

import type { Engine, Tensors } from '../engines/engine.ts'
import { type Layout, unpack } from './layout.ts'
import type { TrainingStep } from './step.ts'

const isFiniteArray = (data: ArrayLike<number>): boolean => {
  for (let i = 0; i < data.length; i++) if (!Number.isFinite(data[i])) return false
  return true
}

/** @returns for example `running statistic layer1.0.bn1.running_var after the step` */
export const firstNonFinite = async (
  step: TrainingStep,
  inputs: Tensors,
  engine: Engine,
  threads: number | undefined,
): Promise<string | undefined> => {
  const find = (table: Layout, values: Tensors, name: string): string | undefined => {
    const flat = values[name]?.data as Float32Array | undefined
    if (flat === undefined) return undefined
    const found = [...unpack(table, flat)].find(([, data]) => !isFiniteArray(data))
    return found?.[0]
  }
  const noted = (what: string, name: string | undefined, when = ''): string | undefined =>
    name === undefined ? undefined : `${what}${name}${when}`
  const given = isFiniteArray(inputs.images.data)
    ? (noted('weight ', find(step.parameters, inputs, 'parameters')) ??
      noted('running statistic ', find(step.buffers, inputs, 'buffers')))
    : 'the images'
  if (given !== undefined) return given
  const compiled = await engine.compile(step.diagnosisGraph(), { threads })
  const computed = await compiled.run(inputs)
  await compiled.dispose()
  return (
    noted('running statistic ', find(step.buffers, computed, 'buffers'), ' after the step') ??
    (isFiniteArray(computed.loss.data) ? undefined : 'the loss') ??
    noted('gradient of ', find(step.parameters, computed, 'gradients')) ??
    noted('weight ', find(step.parameters, computed, 'parameters'), ' after the step')
  )
}
