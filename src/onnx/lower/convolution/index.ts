/** Convolution and its two gradients, each gradient in the form that was measured fastest for its shape. */

import type { Shape } from '../../../graph/index.ts'
import type { Lowerings } from '../../emitter.ts'
import { choose, INPUT_GRADIENTS, skips, WEIGHT_GRADIENTS } from './choice.ts'
import { geometryOf, type WeightGradient, withoutStrides } from './geometry.ts'
import { subsample, subsampled } from './layout.ts'

/** A stride that every tap and pad is a multiple of reads every stride-th pixel only: the others go first. */
const everyStride: WeightGradient = (emit, call) => {
  const { names, inputs, attributes } = call
  const { strides } = attributes
  return weightGradient(emit, {
    ...call,
    names: [subsample(emit, names[0], inputs[0].shape, strides), names[1]],
    inputs: [{ ...inputs[0], shape: subsampled(inputs[0].shape, strides) }, inputs[1]],
    attributes: withoutStrides(attributes),
  })
}

/** Over one spatial axis: as over two, the first of size one. */
const oneAxis: WeightGradient = (emit, { names, inputs, outputs, attributes }) => {
  const { strides, pads, dilations, weightShape } = attributes
  const widen = (shape: Shape): Shape => shape.toSpliced(2, 0, 1)
  const [dw] = weightGradient(emit, {
    names: names.map((name, i) =>
      emit.node('Reshape', [name, emit.int64s(widen(inputs[i].shape))]),
    ),
    inputs: inputs.map(value => ({ ...value, shape: widen(value.shape) })),
    outputs,
    attributes: {
      ...attributes,
      strides: [1, ...strides],
      pads: [0, pads[0], 0, pads[1]],
      dilations: [1, ...dilations],
      weightShape: widen(weightShape),
    },
  })
  return [emit.node('Reshape', [dw, emit.int64s(weightShape)])]
}

const weightGradient: WeightGradient = (emit, call) => {
  const { attributes, inputs } = call
  const [x, dy] = inputs.map(({ shape }) => shape)
  const geometry = geometryOf(attributes, x, attributes.weightShape, dy)
  if (geometry.kernel.length === 1) return oneAxis(emit, call)
  if (skips(geometry)) return everyStride(emit, call)
  return choose(WEIGHT_GRADIENTS, geometry).form(emit, call)
}

export const convolution = {
  convolution: (emit, { names, inputs, attributes }) => {
    const { strides, pads, dilations, group } = attributes
    const kernel = inputs[1].shape.slice(2)
    return [emit.node('Conv', names, { kernel_shape: kernel, strides, pads, dilations, group })]
  },
  convolutionInputGradient: (emit, call) => {
    const [weight, dy] = call.inputs.map(({ shape }) => shape)
    const geometry = geometryOf(call.attributes, call.attributes.inputShape, weight, dy)
    const rule = choose(INPUT_GRADIENTS, geometry)
    return rule.form(emit, call)
  },
  convolutionWeightGradient: weightGradient,
} satisfies Partial<Lowerings>
