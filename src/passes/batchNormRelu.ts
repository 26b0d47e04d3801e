/**
 * Which batch normalizations of images an engine may do in one pass with the ReLU after them, and
 * which gradients of both. Forward keeps a workspace (one bit an element) for backward.
 */

import type { Graph, Value } from '../graph/index.ts'
import type { SoleReader } from './uses.ts'

/** A batch normalization that ReLU alone reads. */
export interface Forward {
  readonly x: Value
  /** ReLU's output, which is computed; the one of batch norm is not. */
  readonly relu: Value
  /** Stands for the workspace, whatever that is. */
  readonly workspace: Value
}

/** The gradient of ReLU that the gradient of the batch normalization before alone reads. */
export interface Backward {
  /** The cotangent of ReLU's output. */
  readonly dy: Value
  readonly workspace: Value
}

export interface BatchNormRelus {
  /** By the output of batch norm. */
  readonly forward: ReadonlyMap<Value, Forward>
  /** By the output of ReLU's gradient, which is not computed. */
  readonly backward: ReadonlyMap<Value, Backward>
}

export const batchNormRelus = ({ nodes }: Graph, soleReader: SoleReader): BatchNormRelus => {
  const forward = new Map<Value, Forward>()
  const backward = new Map<Value, Backward>()
  const byRelu = new Map<Value, Forward>()
  for (const { op, inputs, outputs } of nodes) {
    const [y] = outputs
    const next = soleReader(y)
    if (op === 'batchNormalization' && next?.op === 'relu' && y.shape.length === 4) {
      const workspace: Value = { dtype: 'uint8', shape: y.shape, index: 0 }
      const fused = { x: inputs[0], relu: next.outputs[0], workspace }
      forward.set(y, fused)
      byRelu.set(fused.relu, fused)
    }
    const fused = op === 'reluGradient' ? byRelu.get(inputs[0]) : undefined
    if (fused === undefined || next?.op !== 'batchNormalizationGradient') continue
    if (next.inputs[0] === fused.x && next.inputs[4] === y)
      backward.set(y, { dy: inputs[1], workspace: fused.workspace })
  }
  return { forward, backward }
}
