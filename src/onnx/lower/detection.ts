/** Operations of detectors: TopK, NonMaxSuppression and RoiAlign. */

import { roiAlignGradientByProducts } from '../../ops/index.ts'
import type { Emitter, Lowerings } from '../emitter.ts'

/** TensorProto.DataType */
const [FLOAT, INT32, INT64] = [1, 6, 7]

/** A corner that no map reaches: a region that lies there is zero. */
const FAR = -1e6

/** The regions of one level: those of others lie where they read nothing. */
const ownBoxes = (emit: Emitter, boxes: string, levels: string, level: number): string => {
  const own = emit.node('Equal', [levels, emit.ints([level], [])])
  const perBox = emit.node('Unsqueeze', [own, emit.int64s([2])])
  return emit.node('Where', [perBox, boxes, emit.floats([FAR], [])])
}

export const detection = {
  topK: (emit, { names: [x], attributes: { k } }) => {
    const [values, places] = emit.nodes('TopK', [x, emit.int64s([k])], 2)
    return [values, emit.node('Cast', [places], { to: INT32 })]
  },
  nonMaximumSuppression: (emit, { names: [boxes, scores], outputs: [{ shape }], attributes }) => {
    const [, n] = shape
    const perClass = emit.node('Unsqueeze', [scores, emit.int64s([1])])
    const limits = [attributes.threshold, Math.max(attributes.minScore, -3.4028235e38)]
    const selected = emit.node('NonMaxSuppression', [
      boxes,
      perClass,
      emit.int64s([n]),
      ...limits.map(limit => emit.floats([limit], [1])),
    ])
    // Rows of [image, class, box]: ones are put at [image, box].
    const places = emit.node('Gather', [selected, emit.int64s([0, 2])], { axis: 1 })
    const one = emit.node('Gather', [selected, emit.int64s([0])], { axis: 1 })
    const flat = emit.node('Squeeze', [one, emit.int64s([1])])
    const ones = emit.node('Cast', [emit.node('Equal', [flat, flat])], { to: FLOAT })
    const zeros = emit.node('Mul', [scores, emit.floats([0], [])])
    const stays = emit.node('ScatterND', [zeros, places, ones])
    return [emit.node('Greater', [stays, emit.floats([0.5], [])])]
  },
  roiAlign: (emit, { names, outputs: [{ shape }], attributes }) => {
    const { size, points, scales, aligned } = attributes
    const [boxes, levels] = names.slice(-2)
    const [n, r] = shape
    const images = emit.node(
      'Cast',
      [
        emit.ints(
          Array.from({ length: n * r }, (_, i) => Math.floor(i / r)),
          [n * r],
        ),
      ],
      { to: INT64 },
    )
    const regions = names.slice(0, -2).map((map, level) => {
      const own = ownBoxes(emit, boxes, levels, level)
      return emit.node(
        'RoiAlign',
        [map, emit.node('Reshape', [own, emit.int64s([-1, 4])]), images],
        {
          mode: 'avg',
          output_height: size,
          output_width: size,
          sampling_ratio: points,
          spatial_scale: { float: scales[level] },
          coordinate_transformation_mode: aligned ? 'half_pixel' : 'output_half_pixel',
        },
      )
    })
    const sum = regions.reduce((total, next) => emit.node('Add', [total, next]))
    return [emit.node('Reshape', [sum, emit.int64s(shape)])]
  },
  roiAlignGradient: (emit, { inputs: [boxes, levels, dy], attributes }) =>
    emit.formula(roiAlignGradientByProducts(boxes, levels, dy, attributes)),
} satisfies Partial<Lowerings>
