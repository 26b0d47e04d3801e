/** Random cases of every operation: what gradient checks and the conformance of engines run on. */

import { type DType, type Shape, sizeOf } from '../graph/index.ts'
import type { AttributesOf, OperationName } from '../ops/table.ts'
import { permutation, random } from '../random/index.ts'

export interface CaseInput {
  readonly dtype: DType
  readonly shape: Shape
  readonly data: readonly number[]
}

export interface Case<Attributes = object> {
  readonly inputs: readonly CaseInput[]
  readonly attributes: Attributes
}

/** A sequence of draws; the same seed gives the same case again. */
const drawing = (seed: number) => {
  const source = random(seed).fork('case')
  let index = 0
  const between = (low: number, high: number): number =>
    low + source.uniform(index++) * (high - low)
  const whole = (low: number, high: number): number => Math.floor(between(low, high + 1))
  const pick = <Item>(items: readonly Item[]): Item => items[whole(0, items.length - 1)]
  const flip = (): boolean => between(0, 1) < 0.5
  const shape = (least: number, most: number, longest = 4): number[] =>
    Array.from({ length: whole(least, most) }, () => whole(1, longest))
  const tensor = (
    shape: Shape,
    element: (i: number) => number,
    dtype: DType = 'float32',
  ): CaseInput => ({
    dtype,
    shape,
    data: Array.from({ length: sizeOf(shape) }, (_, i) => element(i)),
  })
  const floats = (shape: Shape, low = -2, high = 2): CaseInput =>
    tensor(shape, () => between(low, high))
  /** Never nearer than a twentieth to a kink. */
  const away = (shape: Shape, ...kinks: number[]): CaseInput =>
    tensor(shape, () => {
      for (;;) {
        const x = between(-4, 4)
        if (kinks.every(kink => Math.abs(x - kink) > 0.05)) return x
      }
    })
  /** All different by a fiftieth, so that the largest stays the largest when one is moved a little. */
  const distinct = (shape: Shape): CaseInput => {
    const order = permutation(source.fork(index++), sizeOf(shape))
    return tensor(shape, i => (order[i] - order.length / 2) / 50)
  }
  const ints = (shape: Shape, below: number): CaseInput =>
    tensor(shape, () => whole(0, below - 1), 'int32')
  const bools = (shape: Shape): CaseInput => tensor(shape, () => (flip() ? 1 : 0), 'bool')
  /** A shape that broadcasts to the given one. */
  const narrowed = (shape: Shape): number[] =>
    shape.slice(flip() ? 0 : whole(0, shape.length)).map(size => (flip() ? size : 1))
  return {
    whole,
    pick,
    flip,
    shape,
    tensor,
    floats,
    away,
    distinct,
    ints,
    bools,
    narrowed,
  }
}
type Draw = ReturnType<typeof drawing>

const unary = (d: Draw): Case<Record<string, never>> => ({
  inputs: [d.floats(d.shape(0, 4))],
  attributes: {},
})

/** Two operands that broadcast in either direction. */
const pair = (d: Draw): [Shape, Shape] => {
  const full = d.shape(0, 4)
  const narrow = d.narrowed(full)
  return d.flip() ? [full, narrow] : [narrow, full]
}
const binary = (d: Draw): Case<Record<string, never>> => ({
  inputs: pair(d).map(shape => d.floats(shape)),
  attributes: {},
})
/** Operands of which no two elements are equal, except sometimes all. */
const compared = (d: Draw): Case<Record<string, never>> => {
  const [a, b] = pair(d)
  const left = d.away(a, -1, 0, 1)
  return { inputs: [left, d.tensor(b, () => d.pick([-1, 0, 1]))], attributes: {} }
}

const axesOf = (d: Draw, rank: number): number[] => [...Array(rank).keys()].filter(() => d.flip())

const reduced = (d: Draw, input: (shape: Shape) => CaseInput): Case<AttributesOf<'reduceSum'>> => {
  const shape = d.shape(0, 4)
  return {
    inputs: [input(shape)],
    attributes: { axes: axesOf(d, shape.length), keepDims: d.flip() },
  }
}

interface Convolved {
  readonly x: Shape
  readonly weight: Shape
  readonly y: Shape
  readonly attributes: AttributesOf<'convolution'>
}

/** Strides, one-sided padding, dilation, groups and depthwise, over one or two axes. */
const convolved = (d: Draw): Convolved => {
  const rank = d.pick([1, 2, 2])
  const group = d.pick([1, 1, 2, 3])
  const inner = d.pick([1, 2, 3])
  const kernel = d.flip()
    ? new Array<number>(rank).fill(d.pick([1, 1, 3]))
    : Array.from({ length: rank }, () => d.whole(1, 3))
  const each = (low: number, high: number): number[] => {
    const same = d.whole(low, high)
    return d.flip()
      ? new Array<number>(rank).fill(same)
      : Array.from({ length: rank }, () => d.whole(low, high))
  }
  const [strides, dilations] = [each(1, 2), each(1, 2)]
  const even = d.whole(0, 1)
  const pads = d.flip()
    ? new Array<number>(2 * rank).fill(even)
    : Array.from({ length: 2 * rank }, () => d.whole(0, 2))
  const extent = kernel.map((k, i) => dilations[i] * (k - 1) + 1)
  const spatial = extent.map(e => e + d.whole(0, 4))
  const outputs = group * d.pick([1, 2])
  const n = d.whole(1, 3)
  const result = spatial.map(
    (size, i) => Math.floor((size + pads[i] + pads[i + rank] - extent[i]) / strides[i]) + 1,
  )
  return {
    x: [n, group * inner, ...spatial],
    weight: [outputs, inner, ...kernel],
    y: [n, outputs, ...result],
    attributes: { strides, pads, dilations, group },
  }
}

interface Pooled {
  readonly x: Shape
  readonly y: Shape
  readonly attributes: AttributesOf<'maxPool'>
}

const pooled = (d: Draw, dilated: boolean): Pooled => {
  const kernelShape = d.flip() ? [2, 2] : [d.whole(1, 3), d.whole(1, 3)]
  const strides = [d.whole(1, 3), d.whole(1, 3)]
  const dilations = dilated && d.flip() ? [2, 1] : [1, 1]
  const pads = [0, 1, 2, 3].map(i => d.whole(0, Math.floor(kernelShape[i % 2] / 2)))
  const ceilMode = d.flip()
  const extent = kernelShape.map((k, i) => dilations[i] * (k - 1) + 1)
  const spatial = extent.map(e => e + d.whole(0, 4))
  const [n, c] = [d.whole(1, 2), d.whole(1, 3)]
  const result = spatial.map((size, i) => {
    const steps = (size + pads[i] + pads[i + 2] - extent[i]) / strides[i]
    const windows = (ceilMode ? Math.ceil(steps) : Math.floor(steps)) + 1
    return (windows - 1) * strides[i] >= size + pads[i] ? windows - 1 : windows
  })
  return {
    x: [n, c, ...spatial],
    y: [n, c, ...result],
    attributes: { kernelShape, strides, pads, dilations, ceilMode },
  }
}

/** [N, C, …] with at least two elements a channel, so that there is a variance. */
const batched = (d: Draw): Shape => [d.whole(2, 3), d.whole(1, 3), ...d.shape(0, 2)]

/** Boxes [b, n, 4] of some width and height, many of which overlap. */
const corners = (d: Draw, b: number, n: number, most = 20): CaseInput => {
  const boxes = Array.from({ length: b * n }, () => {
    const [x, y] = d.floats([2], -3, most * 0.6).data
    const [width, height] = d.floats([2], 0.1, most * 0.6).data
    return [x, y, x + width, y + height]
  }).flat()
  return d.tensor([b, n, 4], i => boxes[i])
}

/** Maps of one or two levels, boxes that lie in them and beyond, and the level of each, or none. */
const regions = (d: Draw) => {
  const [n, r, c, count] = [d.whole(1, 2), d.whole(1, 3), d.whole(1, 2), d.whole(1, 2)]
  return {
    maps: Array.from({ length: count }, () => [n, c, d.whole(2, 7), d.whole(2, 7)]),
    boxes: corners(d, n, r),
    levels: d.tensor([n, r], () => d.whole(-1, count - 1), 'int32'),
    attributes: {
      size: d.whole(1, 3),
      points: d.whole(1, 2),
      scales: [0.5, 0.25].slice(0, count),
      aligned: d.flip(),
    },
  }
}

/** The generator of each operation: an incomplete table does not compile. */
const generators: { readonly [Name in OperationName]: (d: Draw) => Case<AttributesOf<Name>> } = {
  abs: d => ({ inputs: [d.away(d.shape(0, 4), 0)], attributes: {} }),
  add: binary,
  allFinite: d => {
    const shapes = Array.from({ length: d.whole(1, 3) }, () =>
      d.pick([d.shape(0, 4), d.shape(0, 4), [70_001]]),
    )
    const odd = d.pick([0, 0, NaN, Infinity, -Infinity, 3.4e38, 1e-42])
    const at = d.whole(0, 70_000)
    const inputs = shapes.map(shape =>
      d.tensor(shape, i => (i === at % sizeOf(shape) ? odd : (i % 7) - 3)),
    )
    return { inputs, attributes: {} }
  },
  allReduce: d => ({
    inputs: Array.from({ length: d.whole(1, 3) }, () => d.floats(d.shape(0, 4))),
    attributes: {},
  }),
  averagePool: d => {
    const { x, attributes } = pooled(d, false)
    return { inputs: [d.floats(x)], attributes: { ...attributes, countIncludePad: d.flip() } }
  },
  averagePoolGradient: d => {
    const { x, y, attributes } = pooled(d, false)
    return {
      inputs: [d.floats(y)],
      attributes: { ...attributes, countIncludePad: d.flip(), inputShape: x },
    }
  },
  batchNormalization: d => {
    const x = batched(d)
    const c = [x[1]]
    return {
      inputs: [d.floats(x), d.floats(c), d.floats(c)],
      attributes: { epsilon: d.pick([1e-5, 0.01]) },
    }
  },
  batchNormalizationGradient: d => {
    const x = batched(d)
    const c = [x[1]]
    return {
      inputs: [d.floats(x), d.floats(c), d.floats(c, -0.5, 0.5), d.floats(c, 0.5, 2), d.floats(x)],
      attributes: { epsilon: d.pick([1e-5, 0.01]) },
    }
  },
  batchNormalizationInference: d => {
    const x = batched(d)
    const c = [x[1]]
    return {
      inputs: [d.floats(x), d.floats(c), d.floats(c), d.floats(c), d.floats(c, 0.5, 2)],
      attributes: { epsilon: d.pick([1e-5, 0.01]) },
    }
  },
  cast: d => ({
    ...(d.flip()
      ? {
          inputs: [d.tensor(d.shape(0, 3), () => d.whole(-9, 70_000))],
          attributes: { dtype: 'int32' as const },
        }
      : {
          inputs: [
            d.pick([
              () => d.bools(d.shape(0, 3)),
              () => d.ints(d.shape(0, 3), 9),
              () => d.tensor(d.shape(0, 3), i => (i * 37) % 256, 'uint8'),
            ])(),
          ],
          attributes: { dtype: 'float32' as const },
        }),
  }),
  clip: d => ({ inputs: [d.away(d.shape(0, 4), -1, 1.5)], attributes: { min: -1, max: 1.5 } }),
  concat: d => {
    const shape = d.shape(1, 4)
    const axis = d.whole(0, shape.length - 1)
    return {
      inputs: Array.from({ length: d.whole(1, 3) }, () =>
        d.floats(shape.with(axis, d.whole(1, 3))),
      ),
      attributes: { axis },
    }
  },
  constant: d => {
    const shape = d.shape(0, 3)
    const { data } = d.floats(d.flip() ? shape : [1])
    return { inputs: [], attributes: { dtype: 'float32', shape, data } }
  },
  convolution: d => {
    const { x, weight, attributes } = convolved(d)
    const bias = d.flip() ? [d.floats([weight[0]])] : []
    return { inputs: [d.floats(x), d.floats(weight), ...bias], attributes }
  },
  convolutionInputGradient: d => {
    const { x, weight, y, attributes } = convolved(d)
    return { inputs: [d.floats(weight), d.floats(y)], attributes: { ...attributes, inputShape: x } }
  },
  convolutionWeightGradient: d => {
    const { x, weight, y, attributes } = convolved(d)
    return {
      inputs: [d.floats(x), d.floats(y)],
      attributes: { ...attributes, weightShape: weight },
    }
  },
  div: d => {
    const [a, b] = pair(d)
    return { inputs: [d.floats(a), d.floats(b, 0.5, 2)], attributes: {} }
  },
  elu: d => ({ inputs: [d.away(d.shape(0, 4), 0)], attributes: { alpha: d.pick([1, 0.5]) } }),
  equal: compared,
  exp: unary,
  expand: d => {
    const shape = d.shape(0, 4)
    return { inputs: [d.floats(d.narrowed(shape))], attributes: { shape } }
  },
  gather: d => {
    const shape = d.shape(1, 3)
    const axis = d.whole(0, shape.length - 1)
    return { inputs: [d.floats(shape), d.ints(d.shape(0, 2), shape[axis])], attributes: { axis } }
  },
  gatherGradient: d => {
    const shape = d.shape(1, 3)
    const axis = d.whole(0, shape.length - 1)
    const picked = d.shape(0, 2)
    return {
      inputs: [d.ints(picked, shape[axis]), d.floats(shape.toSpliced(axis, 1, ...picked))],
      attributes: { axis, size: shape[axis] },
    }
  },
  greater: compared,
  hardSigmoid: d => ({
    inputs: [d.away(d.shape(0, 4), -1, 2, -3, 3)],
    attributes: d.flip() ? { alpha: 1 / 3, beta: 1 / 3 } : { alpha: 1 / 6, beta: 0.5 },
  }),
  hardSwish: d => ({ inputs: [d.away(d.shape(0, 4), -3, 3)], attributes: {} }),
  layerNormalization: d => {
    const shape = [...d.shape(0, 2), d.whole(2, 5)]
    const last = shape.slice(-1)
    return {
      inputs: [d.floats(shape), d.floats(last), d.floats(last)],
      attributes: { epsilon: 0.01 },
    }
  },
  layerNormalizationGradient: d => {
    const shape = [...d.shape(0, 2), d.whole(2, 5)]
    return {
      inputs: [d.floats(shape), d.floats(shape.slice(-1)), d.floats(shape)],
      attributes: { epsilon: 0.01 },
    }
  },
  less: compared,
  log: d => ({ inputs: [d.floats(d.shape(0, 4), 0.2, 3)], attributes: {} }),
  logSoftmax: d => {
    const shape = d.shape(1, 4)
    return { inputs: [d.floats(shape)], attributes: { axis: d.whole(0, shape.length - 1) } }
  },
  matmul: d => {
    const [m, k, n] = [d.whole(1, 4), d.whole(1, 4), d.whole(1, 4)]
    const [batchA, batchB] = d.flip() ? [[], []] : pair(d)
    const [transposeA, transposeB] = [d.flip(), d.flip()]
    return {
      inputs: [
        d.floats([...batchA, ...(transposeA ? [k, m] : [m, k])]),
        d.floats([...batchB, ...(transposeB ? [n, k] : [k, n])]),
      ],
      attributes: { transposeA, transposeB },
    }
  },
  maxPool: d => {
    const { x, attributes } = pooled(d, true)
    return { inputs: [d.distinct(x)], attributes }
  },
  maxPoolGradient: d => {
    const { x, y, attributes } = pooled(d, true)
    return { inputs: [d.distinct(x), d.floats(y)], attributes }
  },
  maximum: compared,
  minimum: compared,
  mul: binary,
  neg: unary,
  nonMaximumSuppression: d => {
    const [b, n] = [d.whole(1, 3), d.whole(1, 12)]
    return {
      inputs: [corners(d, b, n), d.distinct([b, n])],
      attributes: { threshold: d.pick([0, 0.3, 0.7]), minScore: d.pick([-9, 0]) },
    }
  },
  oneHot: d => {
    const depth = d.whole(1, 5)
    return { inputs: [d.ints(d.shape(0, 2), depth)], attributes: { depth } }
  },
  pad: d => {
    const shape = d.shape(1, 4, 3)
    const pads = Array.from({ length: 2 * shape.length }, () => d.whole(0, 2))
    return { inputs: [d.floats(shape)], attributes: { pads, value: d.pick([0, 0, -1.5]) } }
  },
  power: d => ({
    inputs: [d.floats(d.shape(0, 4), 0.3, 2)],
    attributes: { exponent: d.pick([2, 3, 0.5, -1, 1.7]) },
  }),
  reduceMax: d => reduced(d, d.distinct),
  reduceMean: d => reduced(d, d.floats),
  reduceMin: d => reduced(d, d.distinct),
  reduceSum: d => reduced(d, d.floats),
  reduceSumSquare: d => reduced(d, d.floats),
  relu: d => ({ inputs: [d.away(d.shape(0, 4), 0)], attributes: {} }),
  reluGradient: d => {
    const shape = d.shape(0, 4)
    return { inputs: [d.away(shape, 0), d.floats(shape)], attributes: {} }
  },
  reshape: d => {
    const shape = d.shape(1, 4)
    const merged = [sizeOf(shape.slice(0, 2)), ...shape.slice(2)]
    return {
      inputs: [d.floats(shape)],
      attributes: { shape: d.pick([merged, [...shape, 1], [sizeOf(shape)], [...shape].reverse()]) },
    }
  },
  roiAlign: d => {
    const { maps, boxes, levels, attributes } = regions(d)
    return { inputs: [...maps.map(shape => d.floats(shape)), boxes, levels], attributes }
  },
  roiAlignGradient: d => {
    const { maps, boxes, levels, attributes } = regions(d)
    const dy = [...levels.shape, maps[0][1], attributes.size, attributes.size]
    return { inputs: [boxes, levels, d.floats(dy)], attributes: { ...attributes, shapes: maps } }
  },
  sigmoid: unary,
  sign: d => ({ inputs: [d.away(d.shape(0, 4), 0)], attributes: {} }),
  silu: unary,
  slice: d => {
    const shape = d.shape(1, 4)
    const starts = shape.map(size => d.whole(0, size - 1))
    return {
      inputs: [d.floats(shape)],
      attributes: { starts, ends: shape.map((size, i) => d.whole(starts[i] + 1, size)) },
    }
  },
  softmax: d => {
    const shape = d.shape(1, 4)
    return { inputs: [d.floats(shape)], attributes: { axis: d.whole(0, shape.length - 1) } }
  },
  split: d => {
    const sizes = Array.from({ length: d.whole(1, 3) }, () => d.whole(1, 3))
    const shape = d.shape(1, 3)
    const axis = d.whole(0, shape.length - 1)
    const total = sizes.reduce((sum, size) => sum + size, 0)
    return { inputs: [d.floats(shape.with(axis, total))], attributes: { sizes, axis } }
  },
  sqrt: d => ({ inputs: [d.floats(d.shape(0, 4), 0.2, 3)], attributes: {} }),
  stopGradient: unary,
  sub: binary,
  tanh: unary,
  topK: d => {
    const shape = [...d.shape(0, 2), d.whole(1, 9)]
    const k = d.whole(1, shape[shape.length - 1])
    return { inputs: [d.distinct(shape)], attributes: { k } }
  },
  transpose: d => {
    const shape = d.shape(0, 4)
    const perm = [...permutation(random(d.whole(0, 999)), shape.length)]
    return { inputs: [d.floats(shape)], attributes: { perm } }
  },
  upsampleNearest: d => ({
    inputs: [d.floats([d.whole(1, 2), d.whole(1, 3), d.whole(1, 3), d.whole(1, 3)])],
    attributes: { scale: d.whole(1, 3) },
  }),
  where: d => {
    const full = d.shape(0, 4)
    return {
      inputs: [d.bools(d.narrowed(full)), d.floats(full), d.floats(d.narrowed(full))],
      attributes: {},
    }
  },
}

/** One random case of an operation, decided by the seed. */
export const drawCase = (name: OperationName, seed: number): Case => generators[name](drawing(seed))
