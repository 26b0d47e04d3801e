/** The operation table: everything that a graph is made of. */

import {
  eluOp,
  hardSigmoidOp,
  hardSwishOp,
  reluGradientOp,
  reluOp,
  sigmoidOp,
  siluOp,
  tanhOp,
} from './activations.ts'
import { allFiniteOp } from './allFinite.ts'
import { allReduceOp } from './allReduce.ts'
import {
  absOp,
  addOp,
  divOp,
  expOp,
  logOp,
  mulOp,
  negOp,
  powerOp,
  signOp,
  sqrtOp,
  subOp,
} from './arithmetic.ts'
import {
  batchNormalizationGradientOp,
  batchNormalizationInferenceOp,
  batchNormalizationOp,
} from './batchNormalization.ts'
import { expandOp, reduceSumOp } from './broadcast.ts'
import { castOp } from './cast.ts'
import { clipOp, equalOp, greaterOp, lessOp, maximumOp, minimumOp, whereOp } from './comparison.ts'
import { concatOp, splitOp } from './concat.ts'
import { constantOp } from './constant.ts'
import {
  convolutionInputGradientOp,
  convolutionOp,
  convolutionWeightGradientOp,
} from './convolution.ts'
import { gatherGradientOp, gatherOp } from './gather.ts'
import { layerNormalizationGradientOp, layerNormalizationOp } from './layerNormalization.ts'
import { matmulOp } from './matmul.ts'
import { nonMaximumSuppressionOp } from './nonMaximumSuppression.ts'
import { oneHotOp } from './oneHot.ts'
import type { Operation } from './operation.ts'
import { padOp, sliceOp } from './pad.ts'
import { averagePoolGradientOp, averagePoolOp, maxPoolGradientOp, maxPoolOp } from './pooling.ts'
import { reduceMaxOp, reduceMeanOp, reduceMinOp, reduceSumSquareOp } from './reductions.ts'
import { reshapeOp } from './reshape.ts'
import { roiAlignGradientOp, roiAlignOp } from './roiAlign.ts'
import { logSoftmaxOp, softmaxOp } from './softmax.ts'
import { stopGradientOp } from './stopGradient.ts'
import { topKOp } from './topK.ts'
import { transposeOp } from './transpose.ts'
import { upsampleNearestOp } from './upsampleNearest.ts'

export const operations = {
  abs: absOp,
  add: addOp,
  allFinite: allFiniteOp,
  allReduce: allReduceOp,
  averagePool: averagePoolOp,
  averagePoolGradient: averagePoolGradientOp,
  batchNormalization: batchNormalizationOp,
  batchNormalizationGradient: batchNormalizationGradientOp,
  batchNormalizationInference: batchNormalizationInferenceOp,
  cast: castOp,
  clip: clipOp,
  concat: concatOp,
  constant: constantOp,
  convolution: convolutionOp,
  convolutionInputGradient: convolutionInputGradientOp,
  convolutionWeightGradient: convolutionWeightGradientOp,
  div: divOp,
  elu: eluOp,
  equal: equalOp,
  exp: expOp,
  expand: expandOp,
  gather: gatherOp,
  gatherGradient: gatherGradientOp,
  greater: greaterOp,
  hardSigmoid: hardSigmoidOp,
  hardSwish: hardSwishOp,
  layerNormalization: layerNormalizationOp,
  layerNormalizationGradient: layerNormalizationGradientOp,
  less: lessOp,
  log: logOp,
  logSoftmax: logSoftmaxOp,
  matmul: matmulOp,
  maxPool: maxPoolOp,
  maxPoolGradient: maxPoolGradientOp,
  maximum: maximumOp,
  minimum: minimumOp,
  mul: mulOp,
  neg: negOp,
  nonMaximumSuppression: nonMaximumSuppressionOp,
  oneHot: oneHotOp,
  pad: padOp,
  power: powerOp,
  reduceMax: reduceMaxOp,
  reduceMean: reduceMeanOp,
  reduceMin: reduceMinOp,
  reduceSum: reduceSumOp,
  reduceSumSquare: reduceSumSquareOp,
  relu: reluOp,
  reluGradient: reluGradientOp,
  reshape: reshapeOp,
  roiAlign: roiAlignOp,
  roiAlignGradient: roiAlignGradientOp,
  sigmoid: sigmoidOp,
  sign: signOp,
  silu: siluOp,
  slice: sliceOp,
  softmax: softmaxOp,
  split: splitOp,
  sqrt: sqrtOp,
  stopGradient: stopGradientOp,
  sub: subOp,
  tanh: tanhOp,
  topK: topKOp,
  transpose: transposeOp,
  upsampleNearest: upsampleNearestOp,
  where: whereOp,
} as const satisfies { readonly [Name in string]: Operation<Name> }

export type Operations = typeof operations
export type OperationName = keyof Operations

/** The attributes of a named operation. */
export type AttributesOf<Name extends OperationName> =
  Operations[Name] extends Operation<string, infer Attributes> ? Attributes : never

/** The definition behind a node. */
export const operationOf = ({ op }: { readonly op: string }): Operation =>
  operations[op as OperationName]
