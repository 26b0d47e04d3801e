/** The operation table: everything that a graph is made of. */

import { absOp } from './abs.ts'
import { addOp } from './add.ts'
import { averagePoolOp } from './averagePool.ts'
import { averagePoolGradientOp } from './averagePoolGradient.ts'
import { batchNormalizationOp } from './batchNormalization.ts'
import { batchNormalizationGradientOp } from './batchNormalizationGradient.ts'
import { batchNormalizationInferenceOp } from './batchNormalizationInference.ts'
import { castOp } from './cast.ts'
import { clipOp } from './clip.ts'
import { concatOp } from './concat.ts'
import { constantOp } from './constant.ts'
import { convolutionOp } from './convolution.ts'
import { convolutionInputGradientOp } from './convolutionInputGradient.ts'
import { convolutionWeightGradientOp } from './convolutionWeightGradient.ts'
import { divOp } from './div.ts'
import { eluOp } from './elu.ts'
import { equalOp } from './equal.ts'
import { expOp } from './exp.ts'
import { expandOp } from './expand.ts'
import { gatherOp } from './gather.ts'
import { gatherGradientOp } from './gatherGradient.ts'
import { greaterOp } from './greater.ts'
import { hardSigmoidOp } from './hardSigmoid.ts'
import { hardSwishOp } from './hardSwish.ts'
import { layerNormalizationOp } from './layerNormalization.ts'
import { layerNormalizationGradientOp } from './layerNormalizationGradient.ts'
import { lessOp } from './less.ts'
import { logOp } from './log.ts'
import { logSoftmaxOp } from './logSoftmax.ts'
import { matmulOp } from './matmul.ts'
import { maximumOp } from './maximum.ts'
import { maxPoolOp } from './maxPool.ts'
import { maxPoolGradientOp } from './maxPoolGradient.ts'
import { minimumOp } from './minimum.ts'
import { mulOp } from './mul.ts'
import { negOp } from './neg.ts'
import { oneHotOp } from './oneHot.ts'
import type { Operation } from './operation.ts'
import { padOp } from './pad.ts'
import { powerOp } from './power.ts'
import { reduceMaxOp } from './reduceMax.ts'
import { reduceMeanOp } from './reduceMean.ts'
import { reduceMinOp } from './reduceMin.ts'
import { reduceSumOp } from './reduceSum.ts'
import { reduceSumSquareOp } from './reduceSumSquare.ts'
import { reluOp } from './relu.ts'
import { reluGradientOp } from './reluGradient.ts'
import { reshapeOp } from './reshape.ts'
import { sigmoidOp } from './sigmoid.ts'
import { signOp } from './sign.ts'
import { siluOp } from './silu.ts'
import { sliceOp } from './slice.ts'
import { softmaxOp } from './softmax.ts'
import { splitOp } from './split.ts'
import { sqrtOp } from './sqrt.ts'
import { stopGradientOp } from './stopGradient.ts'
import { subOp } from './sub.ts'
import { tanhOp } from './tanh.ts'
import { transposeOp } from './transpose.ts'
import { upsampleNearestOp } from './upsampleNearest.ts'
import { whereOp } from './where.ts'

export const operations = {
  abs: absOp,
  add: addOp,
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
