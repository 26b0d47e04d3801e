/** What every operation refuses, and in which words: one table, held complete by the operation table. */

import { describe, expect, it } from 'vitest'
import { gradients } from '../autodiff/index.ts'
import { GraphError } from '../errors/index.ts'
import { input, type Shape, scope, type Value } from '../graph/index.ts'
import { conv2d, linear, trace, variables } from '../nn/index.ts'
import * as ops from './index.ts'
import { type OperationName, operations } from './table.ts'

const x = (...shape: Shape): Value => input('x', shape)
const int = (...shape: Shape): Value => input('labels', shape, 'int32')
const bool = (...shape: Shape): Value => input('flags', shape, 'bool')

const UNIT = { strides: [1, 1], pads: [0, 0, 0, 0], dilations: [1, 1] }
const CONVOLUTION = { ...UNIT, group: 1 }
const POOL = { ...UNIT, kernelShape: [2, 2], ceilMode: false }
const AVERAGE = { ...POOL, countIncludePad: true }
const REGIONS = { size: 2, points: 2, scales: [1], aligned: false }
const EPSILON = { epsilon: 1e-5 }

/** What follows `operation: expected `, and how it comes about. */
type Row = readonly [message: string, build: () => unknown]

const unary = (apply: (x: Value) => Value): Row[] => [
  ['float inputs, got int32 (input int32 [2]). Use cast(x) first', () => apply(int(2))],
]
const binary = (apply: (a: Value, b: Value) => Value): Row[] => [
  ['shapes that broadcast, got [2, 3] and [2] (inputs [2, 3], [2])', () => apply(x(2, 3), x(2))],
  ['float inputs, got bool (inputs [2], bool [2]). Use cast(x) first', () => apply(x(2), bool(2))],
]
const reduction = (apply: (x: Value, axes: readonly number[]) => Value): Row[] => [
  ['float inputs, got int32 (input int32 [2]). Use cast(x) first', () => apply(int(2), [0])],
  ['an axis from 0 to 1, got 2 (input [2, 3])', () => apply(x(2, 3), [2])],
  ['ascending axes without repeats, got [1, 1] (input [2, 3])', () => apply(x(2, 3), [1, -1])],
]
const alongAxis = (apply: (x: Value, axis: number) => Value): Row[] => [
  ['float inputs, got int32 (input int32 [2]). Use cast(x) first', () => apply(int(2), 0)],
  ['an axis from 0 to 1, got 2 (input [2, 3])', () => apply(x(2, 3), 2)],
  ['an axis from 0 to 1, got 0.5 (input [2, 3])', () => apply(x(2, 3), 0.5)],
]
const pooling = (apply: (x: Value, options: Parameters<typeof ops.maxPool>[1]) => Value): Row[] => [
  [
    'float inputs, got int32 (input int32 [1, 1, 4, 4]). Use cast(x) first',
    () => apply(int(1, 1, 4, 4), { kernel: 2 }),
  ],
  [
    'an input [N, C, H, W], got [1, 4, 4] (input [1, 4, 4])',
    () => apply(x(1, 4, 4), { kernel: 2 }),
  ],
  [
    '2 kernel sizes ≥ 1, got [0, 0] (input [1, 1, 4, 4])',
    () => apply(x(1, 1, 4, 4), { kernel: 0 }),
  ],
  [
    'pads smaller than the kernel, got [2, 2, 2, 2] (input [1, 1, 4, 4]). A window must hold at least one pixel',
    () => apply(x(1, 1, 4, 4), { kernel: 2, padding: 2 }),
  ],
  [
    'a padded input of at least 5 on spatial axis 0, got 4 (input [1, 1, 4, 6]). The kernel [5, 5] does not fit',
    () => apply(x(1, 1, 4, 6), { kernel: 5 }),
  ],
]

/** Every operation that can refuse, and all that it says. */
const REFUSALS: Readonly<Record<Exclude<OperationName, 'stopGradient'>, readonly Row[]>> = {
  abs: unary(ops.abs),
  add: binary(ops.add),
  allFinite: [
    ['at least one input, got none (inputs )', () => ops.allFinite([])],
    [
      'float inputs, got bool (inputs [2], bool [2]). Use cast(x) first',
      () => ops.allFinite([x(2), bool(2)]),
    ],
  ],
  allReduce: [
    ['at least one input, got none (inputs )', () => ops.allReduce()],
    [
      'float inputs, got bool (inputs [2], bool [2]). Use cast(x) first',
      () => ops.allReduce(x(2), bool(2)),
    ],
  ],
  averagePool: pooling(ops.averagePool),
  averagePoolGradient: [
    [
      'a cotangent of shape [1, 1, 3, 3], got [1, 1, 2, 2] (input [1, 1, 2, 2])',
      () => ops.averagePoolGradient(x(1, 1, 2, 2), [1, 1, 4, 4], AVERAGE),
    ],
    [
      'float inputs, got bool (input bool [1, 1, 3, 3]). Use cast(x) first',
      () => ops.averagePoolGradient(bool(1, 1, 3, 3), [1, 1, 4, 4], AVERAGE),
    ],
  ],
  batchNormalization: [
    [
      'an input [N, C, …], got [8] (inputs [8], [8], [8])',
      () => ops.batchNormalization(x(8), x(8), x(8)),
    ],
    [
      'vectors of shape [8], got [4] (inputs [2, 8], [8], [4])',
      () => ops.batchNormalization(x(2, 8), x(8), x(4)),
    ],
    [
      'epsilon ≥ 0, got -1 (inputs [2, 8], [8], [8])',
      () => ops.batchNormalization(x(2, 8), x(8), x(8), -1),
    ],
    [
      'epsilon ≥ 0, got NaN (inputs [2, 8], [8], [8])',
      () => ops.batchNormalization(x(2, 8), x(8), x(8), Number.NaN),
    ],
    [
      'float inputs, got int32 (inputs int32 [2, 8], [8], [8]). Use cast(x) first',
      () => ops.batchNormalization(int(2, 8), x(8), x(8)),
    ],
  ],
  batchNormalizationGradient: [
    [
      'float inputs, got int32 (inputs int32 [2, 8], [8], [8], [8], [2, 8]). Use cast(x) first',
      () => ops.batchNormalizationGradient(int(2, 8), x(8), x(8), x(8), x(2, 8), EPSILON),
    ],
    [
      'a cotangent of shape [2, 8], got [8, 2] (inputs [2, 8], [8], [8], [8], [8, 2])',
      () => ops.batchNormalizationGradient(x(2, 8), x(8), x(8), x(8), x(8, 2), EPSILON),
    ],
    [
      'vectors of shape [8], got [8, 1] (inputs [2, 8], [8], [8], [8, 1], [2, 8])',
      () => ops.batchNormalizationGradient(x(2, 8), x(8), x(8), x(8, 1), x(2, 8), EPSILON),
    ],
    [
      'an input [N, C, …], got [] (inputs [], [8], [8], [8], [])',
      () => ops.batchNormalizationGradient(x(), x(8), x(8), x(8), x(), EPSILON),
    ],
  ],
  batchNormalizationInference: [
    [
      'float inputs, got int32 (inputs [2, 8], [8], int32 [8], [8], [8]). Use cast(x) first',
      () => ops.batchNormalizationInference(x(2, 8), x(8), int(8), x(8), x(8)),
    ],
    [
      'epsilon ≥ 0, got -1 (inputs [2, 8], [8], [8], [8], [8])',
      () => ops.batchNormalizationInference(x(2, 8), x(8), x(8), x(8), x(8), -1),
    ],
    [
      'vectors of shape [8], got [2] (inputs [2, 8, 5, 5], [8], [8], [2], [8])',
      () => ops.batchNormalizationInference(x(2, 8, 5, 5), x(8), x(8), x(2), x(8)),
    ],
    [
      'an input [N, C, …], got [8] (inputs [8], [8], [8], [8], [8])',
      () => ops.batchNormalizationInference(x(8), x(8), x(8), x(8), x(8)),
    ],
  ],
  cast: [
    ['an input of another type than float32, got float32 (input [2])', () => ops.cast(x(2))],
    [
      'a float type to cast to, or floats to int32, got float32 to uint8 (input [2])',
      () => ops.cast(x(2), 'uint8'),
    ],
    [
      'a float type to cast to, or floats to int32, got bool to int32 (input bool [2])',
      () => ops.cast(bool(2), 'int32'),
    ],
  ],
  clip: [
    ...unary(x => ops.clip(x, 0, 1)),
    ['min ≤ max, got min 1, max 0 (input [2])', () => ops.clip(x(2), 1, 0)],
    ['min ≤ max, got min NaN, max 0 (input [2])', () => ops.clip(x(2), Number.NaN, 0)],
  ],
  concat: [
    ['at least one input, got none (inputs )', () => ops.concat([], 0)],
    [
      'float32 inputs, got int32 (inputs [2], int32 [2]). Use cast(x) first',
      () => ops.concat([x(2), int(2)], 0),
    ],
    ['int32 inputs, got float32 (inputs int32 [2], [2])', () => ops.concat([int(2), x(2)], 0)],
    ['an axis from 0 to 0, got 1 (inputs [2], [2])', () => ops.concat([x(2), x(2)], 1)],
    [
      'shapes like [2, 3] except on axis 0, got [2, 4] (inputs [2, 3], [2, 4])',
      () => ops.concat([x(2, 3), x(2, 4)], 0),
    ],
    [
      'shapes like [2, 3] except on axis 0, got [2] (inputs [2, 3], [2])',
      () => ops.concat([x(2, 3), x(2)], 0),
    ],
  ],
  constant: [
    ['1 or 4 elements for shape [2, 2], got 3 (inputs )', () => ops.constant([1, 2, 3], [2, 2])],
  ],
  convolution: [
    [
      '3 input channels, got 4 (inputs [1, 4, 8, 8], [16, 3, 3, 3])',
      () => ops.convolution(x(1, 4, 8, 8), x(16, 3, 3, 3)),
    ],
    [
      'float inputs, got int32 (inputs int32 [1, 3, 8, 8], [16, 3, 3, 3]). Use cast(x) first',
      () => ops.convolution(int(1, 3, 8, 8), x(16, 3, 3, 3)),
    ],
    [
      'an input [N, C, H, W] or [N, C, L], got [3, 8] (inputs [3, 8], [16, 3])',
      () => ops.convolution(x(3, 8), x(16, 3)),
    ],
    [
      'a weight of rank 4, got [16, 3, 3] (inputs [1, 3, 8, 8], [16, 3, 3])',
      () => ops.convolution(x(1, 3, 8, 8), x(16, 3, 3)),
    ],
    [
      'a group count that divides the 16 output channels, got 3 (inputs [1, 3, 8, 8], [16, 1, 3, 3])',
      () => ops.convolution(x(1, 3, 8, 8), x(16, 1, 3, 3), undefined, { group: 3 }),
    ],
    [
      'a group count that divides the 16 output channels, got 0 (inputs [1, 3, 8, 8], [16, 3, 3, 3])',
      () => ops.convolution(x(1, 3, 8, 8), x(16, 3, 3, 3), undefined, { group: 0 }),
    ],
    [
      'a bias of shape [16], got [3] (inputs [1, 3, 8, 8], [16, 3, 3, 3], [3])',
      () => ops.convolution(x(1, 3, 8, 8), x(16, 3, 3, 3), x(3)),
    ],
    [
      'a padded input of at least 5 on spatial axis 1, got 4 (inputs [1, 3, 8, 2], [16, 3, 3, 3]). The kernel [3, 3] does not fit',
      () => ops.convolution(x(1, 3, 8, 2), x(16, 3, 3, 3), undefined, { padding: 1, dilation: 2 }),
    ],
    [
      '2 strides ≥ 1, got [0, 0] (inputs [1, 3, 8, 8], [16, 3, 3, 3])',
      () => ops.convolution(x(1, 3, 8, 8), x(16, 3, 3, 3), undefined, { stride: 0 }),
    ],
    [
      '2 dilations ≥ 1, got [1, 1.5] (inputs [1, 3, 8, 8], [16, 3, 3, 3])',
      () => ops.convolution(x(1, 3, 8, 8), x(16, 3, 3, 3), undefined, { dilation: [1, 1.5] }),
    ],
    [
      '4 pads ≥ 0, got [-1, -1, -1, -1] (inputs [1, 3, 8, 8], [16, 3, 3, 3])',
      () => ops.convolution(x(1, 3, 8, 8), x(16, 3, 3, 3), undefined, { padding: -1 }),
    ],
    [
      '1 strides ≥ 1, got [1, 2] (inputs [1, 3, 8], [16, 3, 3])',
      () => ops.convolution(x(1, 3, 8), x(16, 3, 3), undefined, { stride: [1, 2] }),
    ],
  ],
  convolutionInputGradient: [
    [
      'float inputs, got bool (inputs [16, 3, 3, 3], bool [1, 16, 6, 6]). Use cast(x) first',
      () =>
        ops.convolutionInputGradient(x(16, 3, 3, 3), bool(1, 16, 6, 6), [1, 3, 8, 8], CONVOLUTION),
    ],
    [
      'a cotangent of shape [1, 16, 6, 6], got [1, 16, 8, 8] (inputs [16, 3, 3, 3], [1, 16, 8, 8])',
      () => ops.convolutionInputGradient(x(16, 3, 3, 3), x(1, 16, 8, 8), [1, 3, 8, 8], CONVOLUTION),
    ],
    [
      '3 input channels, got 4 (inputs [16, 3, 3, 3], [1, 16, 6, 6])',
      () => ops.convolutionInputGradient(x(16, 3, 3, 3), x(1, 16, 6, 6), [1, 4, 8, 8], CONVOLUTION),
    ],
  ],
  convolutionWeightGradient: [
    [
      'float inputs, got int32 (inputs int32 [1, 3, 8, 8], [1, 16, 6, 6]). Use cast(x) first',
      () =>
        ops.convolutionWeightGradient(int(1, 3, 8, 8), x(1, 16, 6, 6), [16, 3, 3, 3], CONVOLUTION),
    ],
    [
      'a cotangent of shape [1, 16, 6, 6], got [2, 16, 6, 6] (inputs [1, 3, 8, 8], [2, 16, 6, 6])',
      () =>
        ops.convolutionWeightGradient(x(1, 3, 8, 8), x(2, 16, 6, 6), [16, 3, 3, 3], CONVOLUTION),
    ],
    [
      'a weight of rank 4, got [16, 3] (inputs [1, 3, 8, 8], [1, 16, 6, 6])',
      () => ops.convolutionWeightGradient(x(1, 3, 8, 8), x(1, 16, 6, 6), [16, 3], CONVOLUTION),
    ],
  ],
  div: binary(ops.div),
  elu: unary(ops.elu),
  equal: binary(ops.equal),
  exp: unary(ops.exp),
  expand: [
    [
      'shapes that broadcast, got [2, 3] and [2, 4] (input [2, 3])',
      () => ops.expand(x(2, 3), [2, 4]),
    ],
    [
      'a shape that [2, 3] broadcasts to, got [1, 3] (input [2, 3])',
      () => ops.expand(x(2, 3), [1, 3]),
    ],
    ['a shape that [2, 3] broadcasts to, got [3] (input [2, 3])', () => ops.expand(x(2, 3), [3])],
  ],
  gather: [
    [
      'float inputs, got int32 (inputs int32 [5], int32 [2]). Use cast(x) first',
      () => ops.gather(int(5), int(2), 0),
    ],
    ['int32 inputs, got float32 (inputs [5], [2])', () => ops.gather(x(5), x(2), 0)],
    ['an axis from 0 to 0, got -1 (inputs [5], int32 [2])', () => ops.gather(x(5), int(2), -1)],
  ],
  gatherGradient: [
    [
      '[2] from axis 1 of dy, got [4, 3] (inputs int32 [2], [4, 3])',
      () => ops.gatherGradient(int(2), x(4, 3), 5, 1),
    ],
    ['int32 inputs, got float32 (inputs [2], [2])', () => ops.gatherGradient(x(2), x(2), 5, 0)],
    [
      'float inputs, got int32 (inputs int32 [2], int32 [2]). Use cast(x) first',
      () => ops.gatherGradient(int(2), int(2), 5, 0),
    ],
    [
      'an axis from 0 to 0, got 1 (inputs int32 [2], [2])',
      () => ops.gatherGradient(int(2), x(2), 5, 1),
    ],
  ],
  greater: binary(ops.greater),
  hardSigmoid: unary(ops.hardSigmoid),
  hardSwish: unary(ops.hardSwish),
  layerNormalization: [
    [
      'float inputs, got bool (inputs [2, 8], bool [8], [8]). Use cast(x) first',
      () => ops.layerNormalization(x(2, 8), bool(8), x(8)),
    ],
    [
      'an input with at least one axis, got a scalar (inputs [], [8], [8])',
      () => ops.layerNormalization(x(), x(8), x(8)),
    ],
    [
      'vectors of shape [8], got [2] (inputs [2, 8], [8], [2])',
      () => ops.layerNormalization(x(2, 8), x(8), x(2)),
    ],
    [
      'epsilon ≥ 0, got -0.1 (inputs [2, 8], [8], [8])',
      () => ops.layerNormalization(x(2, 8), x(8), x(8), -0.1),
    ],
  ],
  layerNormalizationGradient: [
    [
      'float inputs, got int32 (inputs int32 [2, 8], [8], [2, 8]). Use cast(x) first',
      () => ops.layerNormalizationGradient(int(2, 8), x(8), x(2, 8), EPSILON),
    ],
    [
      'a cotangent of shape [2, 8], got [2, 4] (inputs [2, 8], [8], [2, 4])',
      () => ops.layerNormalizationGradient(x(2, 8), x(8), x(2, 4), EPSILON),
    ],
    [
      'vectors of shape [8], got [2] (inputs [2, 8], [2], [2, 8])',
      () => ops.layerNormalizationGradient(x(2, 8), x(2), x(2, 8), EPSILON),
    ],
  ],
  less: binary(ops.less),
  log: unary(ops.log),
  logSoftmax: alongAxis(ops.logSoftmax),
  matmul: [
    [
      'float inputs, got int32 (inputs [2, 3], int32 [3, 4]). Use cast(x) first',
      () => ops.matmul(x(2, 3), int(3, 4)),
    ],
    [
      'operands of rank 2 or more, got [3] and [3, 4] (inputs [3], [3, 4])',
      () => ops.matmul(x(3), x(3, 4)),
    ],
    [
      '3 rows in the second operand, got 4 (inputs [2, 3], [4, 3])',
      () => ops.matmul(x(2, 3), x(4, 3)),
    ],
    [
      'shapes that broadcast, got [5] and [6] (inputs [5, 2, 3], [6, 3, 4])',
      () => ops.matmul(x(5, 2, 3), x(6, 3, 4)),
    ],
  ],
  maxPool: pooling(ops.maxPool),
  maxPoolGradient: [
    [
      'a cotangent of shape [1, 1, 3, 3], got [1, 1, 4, 4] (inputs [1, 1, 4, 4], [1, 1, 4, 4])',
      () => ops.maxPoolGradient(x(1, 1, 4, 4), x(1, 1, 4, 4), POOL),
    ],
    [
      'float inputs, got int32 (inputs int32 [1, 1, 4, 4], [1, 1, 3, 3]). Use cast(x) first',
      () => ops.maxPoolGradient(int(1, 1, 4, 4), x(1, 1, 3, 3), POOL),
    ],
  ],
  maximum: binary(ops.maximum),
  minimum: binary(ops.minimum),
  mul: binary(ops.mul),
  neg: unary(ops.neg),
  nonMaximumSuppression: [
    [
      'boxes [B, n, 4], got [2, 3] (inputs [2, 3], [2])',
      () => ops.nonMaximumSuppression(x(2, 3), x(2), { threshold: 0.5 }),
    ],
    [
      'scores [2, 3], got [2, 4] (inputs [2, 3, 4], [2, 4])',
      () => ops.nonMaximumSuppression(x(2, 3, 4), x(2, 4), { threshold: 0.5 }),
    ],
    [
      'a threshold from 0 to 1, got 7 (inputs [2, 3, 4], [2, 3])',
      () => ops.nonMaximumSuppression(x(2, 3, 4), x(2, 3), { threshold: 7 }),
    ],
  ],
  oneHot: [
    ['int32 inputs, got float32 (input [2])', () => ops.oneHot(x(2), 10)],
    ['a depth of at least 1, got 0 (input int32 [2])', () => ops.oneHot(int(2), 0)],
    ['a depth of at least 1, got 2.5 (input int32 [2])', () => ops.oneHot(int(2), 2.5)],
  ],
  pad: [
    ['float inputs, got int32 (input int32 [2]). Use cast(x) first', () => ops.pad(int(2), [1, 1])],
    ['4 pads ≥ 0, got [1, 1] (input [2, 3])', () => ops.pad(x(2, 3), [1, 1])],
    ['2 pads ≥ 0, got [0, -1] (input [2])', () => ops.pad(x(2), [0, -1])],
    ['2 pads ≥ 0, got [0, 0.5] (input [2])', () => ops.pad(x(2), [0, 0.5])],
  ],
  power: [
    ...unary(x => ops.power(x, 2)),
    [
      'a finite exponent, got Infinity (input [2])',
      () => ops.power(x(2), Number.POSITIVE_INFINITY),
    ],
  ],
  reduceMax: reduction(ops.reduceMax),
  reduceMean: reduction(ops.reduceMean),
  reduceMin: reduction(ops.reduceMin),
  reduceSum: reduction(ops.reduceSum),
  reduceSumSquare: reduction(ops.reduceSumSquare),
  relu: unary(ops.relu),
  reluGradient: [
    [
      'a cotangent of shape [2, 3], got [3, 2] (inputs [2, 3], [3, 2])',
      () => ops.reluGradient(x(2, 3), x(3, 2)),
    ],
    [
      'float inputs, got bool (inputs bool [2], [2]). Use cast(x) first',
      () => ops.reluGradient(bool(2), x(2)),
    ],
  ],
  reshape: [
    ['a shape of 6 elements, got [4] (input [2, 3])', () => ops.reshape(x(2, 3), [4])],
    ['a shape of 6 elements, got [4, 1.5] (input [2, 3])', () => ops.reshape(x(2, 3), [4, -1])],
    ['a shape of 6 elements, got [-2, -3] (input [2, 3])', () => ops.reshape(x(2, 3), [-2, -3])],
  ],
  roiAlign: [
    [
      'a map, boxes and levels, got 2 inputs (inputs [1, 5, 4], int32 [1, 5])',
      () => ops.roiAlign([], x(1, 5, 4), int(1, 5), REGIONS),
    ],
    [
      'boxes [N, R, 4], got [1, 4] (inputs [1, 2, 8, 8], [1, 4], int32 [1])',
      () => ops.roiAlign([x(1, 2, 8, 8)], x(1, 4), int(1), REGIONS),
    ],
    [
      'int32 levels [1, 5], got int32 [1, 6] (inputs [1, 2, 8, 8], [1, 5, 4], int32 [1, 6])',
      () => ops.roiAlign([x(1, 2, 8, 8)], x(1, 5, 4), int(1, 6), REGIONS),
    ],
    [
      'maps [1, 2, H, W], got [1, 3, 4, 4] (inputs [1, 2, 8, 8], [1, 3, 4, 4], [1, 5, 4], int32 [1, 5])',
      () =>
        ops.roiAlign([x(1, 2, 8, 8), x(1, 3, 4, 4)], x(1, 5, 4), int(1, 5), {
          ...REGIONS,
          scales: [1, 0.5],
        }),
    ],
    [
      '1 positive scales, got [1, 0.5] (inputs [1, 2, 8, 8], [1, 5, 4], int32 [1, 5])',
      () => ops.roiAlign([x(1, 2, 8, 8)], x(1, 5, 4), int(1, 5), { ...REGIONS, scales: [1, 0.5] }),
    ],
    [
      'a whole points of at least 1, got 0 (inputs [1, 2, 8, 8], [1, 5, 4], int32 [1, 5])',
      () => ops.roiAlign([x(1, 2, 8, 8)], x(1, 5, 4), int(1, 5), { ...REGIONS, points: 0 }),
    ],
  ],
  roiAlignGradient: [
    [
      'dy [1, 5, 2, 2, 2], got [1, 5, 2, 3, 2] (inputs [1, 5, 4], int32 [1, 5], [1, 5, 2, 3, 2])',
      () =>
        ops.roiAlignGradient(x(1, 5, 4), int(1, 5), x(1, 5, 2, 3, 2), {
          ...REGIONS,
          shapes: [[1, 2, 8, 8]],
        })[0],
    ],
  ],
  sigmoid: unary(ops.sigmoid),
  sign: unary(ops.sign),
  silu: unary(ops.silu),
  slice: [
    [
      'a block inside [2, 3], got [0, 0] to [2, 4] (input [2, 3])',
      () => ops.slice(x(2, 3), [0, 0], [2, 4]),
    ],
    [
      'a block inside [2, 3], got [0, 1] to [2, 1] (input [2, 3])',
      () => ops.slice(x(2, 3), [0, 1], [2, 1]),
    ],
    [
      'a block inside [2, 3], got [-1, 0] to [2, 3] (input [2, 3])',
      () => ops.slice(x(2, 3), [-1, 0], [2, 3]),
    ],
    ['a block inside [2, 3], got [0] to [2] (input [2, 3])', () => ops.slice(x(2, 3), [0], [2])],
  ],
  softmax: alongAxis(ops.softmax),
  split: [
    ['an axis from 0 to 0, got 1 (input [4])', () => ops.split(x(4), [2, 2], 1)],
    ['positive sizes that add up to 4, got [2, 1] (input [4])', () => ops.split(x(4), [2, 1], 0)],
    ['positive sizes that add up to 4, got [4, 0] (input [4])', () => ops.split(x(4), [4, 0], 0)],
  ],
  sqrt: unary(ops.sqrt),
  sub: binary(ops.sub),
  tanh: unary(ops.tanh),
  topK: [
    [
      'float inputs, got int32 (input int32 [2]). Use cast(x) first',
      () => ops.topK(int(2), 1).values,
    ],
    ['an input of at least one axis, got a scalar (input [])', () => ops.topK(x(), 1).values],
    ['k from 1 to 2, got 3 (input [2])', () => ops.topK(x(2), 3).values],
    [
      'at most 16777216 numbers, got 16777217 (input [16777217])',
      () => ops.topK(x(2 ** 24 + 1), 3).values,
    ],
  ],
  transpose: [
    [
      'a permutation of the 3 axes, got [0, 2, 2] (input [2, 3, 4])',
      () => ops.transpose(x(2, 3, 4), [0, 2, 2]),
    ],
    ['a permutation of the 2 axes, got [0] (input [2, 3])', () => ops.transpose(x(2, 3), [0])],
  ],
  upsampleNearest: [
    [
      'float inputs, got int32 (input int32 [1, 1, 2, 2]). Use cast(x) first',
      () => ops.upsampleNearest(int(1, 1, 2, 2), 2),
    ],
    [
      'an input [N, C, H, W], got rank 3 (input [1, 2, 2])',
      () => ops.upsampleNearest(x(1, 2, 2), 2),
    ],
    [
      'a whole scale of at least 1, got 1.5 (input [1, 1, 2, 2])',
      () => ops.upsampleNearest(x(1, 1, 2, 2), 1.5),
    ],
  ],
  where: [
    ['bool inputs, got float32 (inputs [2], [2], [2])', () => ops.where(x(2), x(2), x(2))],
    [
      'float inputs, got int32 (inputs bool [2], [2], int32 [2]). Use cast(x) first',
      () => ops.where(bool(2), x(2), int(2)),
    ],
    [
      'shapes that broadcast, got [2] and [3] and [] (inputs bool [2], [3], [])',
      () => ops.where(bool(2), x(3), 0),
    ],
  ],
}

/** What was thrown; a test that gets nothing fails. */
const thrown = (build: () => unknown): unknown => {
  try {
    build()
  } catch (error) {
    return error
  }
  return expect.fail('nothing was refused')
}

describe('what operations refuse', () => {
  for (const [name, rows] of Object.entries(REFUSALS))
    it.each(rows.map(([message, build]) => [`${name}: expected ${message}`, build] as const))(
      '%s',
      (message, build) => {
        const error = thrown(build)
        expect(error).toBeInstanceOf(GraphError)
        expect((error as GraphError).message).toBe(message)
      },
    )

  it('is in the table for every operation whose shape rule can refuse', () => {
    const refusing = Object.values(operations)
      .filter(({ infer }) => infer.length === 3)
      .map(({ name }) => name)
    expect(Object.keys(REFUSALS).sort()).toEqual(refusing.sort())
    expect(Object.values(REFUSALS).filter(rows => rows.length === 0)).toEqual([])
  })
})

describe('where in the network', () => {
  const inBlock = <Result>(trace: () => Result): Result =>
    scope('layer2', () => scope('0', () => scope('se', trace)))

  it.each<Row>([
    [
      'layer2.0.se (reduceMean): expected an axis from 0 to 3, got 4 (input [32, 64, 8, 8])',
      () => inBlock(() => ops.reduceMean(x(32, 64, 8, 8), [4])),
    ],
    [
      'layer2.0.se.fc1 (convolution): expected 128 input channels, got 64 (inputs [32, 64, 8, 8], [8, 128, 1, 1])',
      () => inBlock(() => scope('fc1', () => ops.convolution(x(32, 64, 8, 8), x(8, 128, 1, 1)))),
    ],
    [
      'gradient.layer2.0.se (batchNormalizationGradient): expected epsilon ≥ 0, got -1 (inputs [2, 8], [8], [8], [8], [2, 8])',
      () =>
        scope('gradient', () =>
          inBlock(() =>
            ops.batchNormalizationGradient(x(2, 8), x(8), x(8), x(8), x(2, 8), { epsilon: -1 }),
          ),
        ),
    ],
  ])('%s', (message, build) => {
    expect((thrown(build) as GraphError).message).toBe(message)
  })

  it('is the layer that a network gave the wrong shape, under its weight name', () => {
    const block = {
      kind: 'layer',
      children: { conv: conv2d(3, 8, 1), fc: linear(8, 4) },
      forward: (children: Record<string, never>, x: Value) => {
        const { conv, fc } = children as Record<string, (x: Value) => Value>
        return fc(conv(x))
      },
    } as const
    const weights = new Map(
      variables(block).map(({ name, tensor }) => [name, input(name, tensor.shape)]),
    )
    const error = thrown(() => trace(block, name => weights.get(name) ?? x(), x(2, 3, 4, 4)))
    expect(error).toMatchObject({
      name: 'GraphError',
      code: 'graph',
      exitCode: 1,
      where: 'fc (matmul)',
      expected: '4 rows in the second operand',
      got: '8',
      context: 'inputs [2, 8, 4, 4], [4, 8]',
    })
  })

  it('is forgotten once a refused trace has been left', () => {
    thrown(() => scope('layer1', () => ops.relu(int(2))))
    expect((thrown(() => ops.relu(int(2))) as GraphError).where).toBe('relu')
  })
})

describe('derivatives of gradients that go no further', () => {
  const sum = (values: readonly Value[]): Value =>
    ops.reduceSum(values.reduce((total, value) => ops.add(total, value)))

  it.each<readonly [OperationName, () => Value, Shape]>([
    [
      'batchNormalizationGradient',
      () => ops.batchNormalizationGradient(x(2, 8), x(8), x(8), x(8), x(2, 8), EPSILON)[0],
      [2, 8],
    ],
    [
      'layerNormalizationGradient',
      () => ops.layerNormalizationGradient(x(2, 8), x(8), x(2, 8), EPSILON)[0],
      [2, 8],
    ],
    ['maxPoolGradient', () => ops.maxPoolGradient(x(1, 1, 4, 4), x(1, 1, 3, 3), POOL), []],
  ])('of %s', (name, build) => {
    const y = build()
    const error = thrown(() => gradients(sum([y]), [y.node?.inputs[0] ?? y]))
    expect((error as GraphError).message).toBe(
      `${name}: expected a first derivative, got a derivative of a gradient. Second derivatives through normalization and max pooling are not supported; use stopGradient`,
    )
  })
})

describe('what is let through but should not be', () => {
  it.each<Row>([
    ['split: fractional sizes', () => ops.split(x(3), [1.5, 1.5], 0)],
    ['slice: fractional bounds', () => ops.slice(x(3), [0.5], [2])],
    ['expand: fractional dimensions', () => ops.expand(x(1), [2.5])],
    ['gatherGradient: a size below 1', () => ops.gatherGradient(int(2), x(2), -1, 0)],
    [
      'convolution: a weight for a fraction of a channel',
      () => ops.convolution(x(1, 3, 8, 8), x(4, 1.5, 3, 3), undefined, { group: 2 }),
    ],
    ['pad: zeros, but not for every axis', () => ops.pad(x(2, 3), [0])],
  ])('%s', (_, build) => {
    expect(thrown(build)).toBeInstanceOf(GraphError)
  })
})
