/**
 * Numbers of oneDNN's headers (dnnl_types.h), of versions 2.6 and 3.7. Where the two differ, both
 * stand, and the API of the library found takes its own.
 */

/** The number in version 2, and in version 3. */
export type Versioned = readonly [number, number]

export const TYPE = { float: 3, int: 4 } as const
export const CPU = 1
export const IN_ORDER = 1
export const SCRATCHPAD_USER = 1
export const BLOCKED = 2

/** What computes, in `dnnl_version_t`. */
export const RUNTIME = { sequential: 1, openmp: 2, tbb: 4, threadpool: 8, sycl: 512 } as const

/** Layouts by rank and block of channels: nChw16c and its like. */
export const TAG = {
  any: [1, 1],
  3: { 4: [51, 60], 8: [60, 69], 16: [47, 56] },
  4: { 4: [75, 84], 8: [93, 102], 16: [69, 78] },
  5: { 4: [119, 128], 8: [133, 142], 16: [112, 121] },
} as const satisfies Record<string, Versioned | Record<number, Versioned>>

export const PROP = { training: 64, inference: 96, backward: 128 } as const

export const CONVOLUTION = { direct: 1, winograd: 2 } as const
export const RESAMPLING_NEAREST = 0x2fff0

export const ELTWISE = {
  relu: [31, 32],
  tanh: [47, 33],
  elu: [63, 34],
  square: [79, 35],
  abs: [95, 36],
  sqrt: [111, 37],
  linear: [127, 38],
  logistic: [175, 41],
  exp: [191, 42],
  swish: [223, 44],
  log: [239, 45],
  clip: [255, 46],
  pow: [32, 48],
  hardSwish: [112, 52],
  reluFromOutput: [256, 256],
} as const satisfies Record<string, Versioned>

export const BINARY = {
  add: 131056,
  mul: 131057,
  maximum: 131058,
  minimum: 131059,
  div: 131060,
  sub: 131061,
  greater: 131063,
  less: 131065,
  equal: 131066,
} as const

export const POOLING = { max: 511, averageWithPadding: 767, average: 1023 } as const

export const REDUCTION = {
  reduceMax: 196594,
  reduceMin: 196595,
  reduceSum: 196596,
  reduceMean: 196598,
  reduceSumSquare: 196602,
} as const

/** Flags of batch normalization. */
export const NORM = {
  globalStatistics: [1, 1],
  fuseRelu: [4, 8],
  scale: [8, 2],
  shift: [16, 4],
} as const satisfies Record<string, Versioned>

export const ARG = {
  source: 1,
  source1: 2,
  result: 17,
  weights: 33,
  bias: 41,
  mean: 49,
  variance: 50,
  scale: 51,
  shift: 52,
  workspace: 64,
  scratchpad: 80,
  dSource: 129,
  dResult: 145,
  dWeights: 161,
  dBias: 169,
  dScale: 255,
  dShift: 256,
} as const

export const QUERY = {
  source: 129,
  dSource: 130,
  weights: 131,
  dWeights: 132,
  result: 133,
  dResult: 134,
  workspace: 135,
  scratchpad: 136,
  /** By the number of an argument. */
  argument: 255,
} as const
