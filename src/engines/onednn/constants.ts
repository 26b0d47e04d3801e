/** Numbers of oneDNN's headers (dnnl_types.h, version 2.6). */

export const TYPE = { float: 3, int: 4 } as const
export const ANY = 1
export const CPU = 1
export const IN_ORDER = 1
export const SCRATCHPAD_USER = 1
export const DESCRIPTOR_BYTES = 696
/** More than the largest operation descriptor (5976). */
export const OPERATION_BYTES = 8192

export const PROP = { training: 64, inference: 96, backward: 128 } as const

export const CONVOLUTION_DIRECT = 1
export const RESAMPLING_NEAREST = 0x2fff0

export const ELTWISE = {
  relu: 31,
  tanh: 47,
  elu: 63,
  square: 79,
  abs: 95,
  sqrt: 111,
  linear: 127,
  logistic: 175,
  exp: 191,
  swish: 223,
  log: 239,
  clip: 255,
  pow: 32,
  hardSwish: 112,
  reluFromOutput: 256,
} as const

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

export const NORM = { globalStatistics: 1, fuseRelu: 4, scale: 8, shift: 16 } as const

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
  /** Times (i + 1), together with source1: the operand of post-op i. */
  postOperation: 16384,
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
} as const
