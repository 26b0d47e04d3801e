/** The random inputs of a step, drawn anew for each: functions of seed, step and the input's name. */

import type { Tensor, Tensors } from '../engines/engine.ts'
import { type Shape, sizeOf } from '../graph/index.ts'
import { random } from '../random/index.ts'
import type { TrainingStep } from './step.ts'

/** Dropout's masks (zero, or 1 / (1 − rate)) and uniform numbers in [0, 1). */
export const randomInputs = (
  { masks, uniforms }: Pick<TrainingStep, 'masks' | 'uniforms'>,
  seed: number,
  step: number,
  places?: readonly number[],
): Tensors => {
  const drawn = (
    kind: string,
    { name, shape }: { name: string; shape: Shape },
    element: (uniform: number) => number,
  ): [string, Tensor] => {
    const draw = random(seed).fork(kind).fork(name).fork(step)
    const width = sizeOf(shape.slice(1))
    // Of a batch that is shared, each process draws what belongs to its images.
    const at = (i: number): number =>
      places?.length === shape[0] ? places[Math.floor(i / width)] * width + (i % width) : i
    const data = Float32Array.from({ length: sizeOf(shape) }, (_, i) =>
      element(draw.uniform(at(i))),
    )
    return [name, { shape, data }]
  }
  return Object.fromEntries([
    ...masks.map(mask =>
      drawn('dropout', mask, uniform => (uniform < mask.rate ? 0 : 1 / (1 - mask.rate))),
    ),
    ...uniforms.map(one => drawn('uniform', one, uniform => uniform)),
  ])
}
