/**
 * Loops of our own, for networks so small that they answer between two frames: no download, no
 * compiling. What has no loop here is computed by the reference.
 */

import { interpreter, referenceKernels } from '../reference/engine.ts'
import type { Kernels } from '../reference/kernel.ts'
import { imageConvolution } from './convolution.ts'
import { binary, reduction } from './elementwise.ts'
import { averagePool, pad } from './images.ts'

export const loopsKernels: Kernels = {
  ...referenceKernels,
  add: binary((a, b) => a + b),
  sub: binary((a, b) => a - b),
  mul: binary((a, b) => a * b),
  div: binary((a, b) => a / b),
  reduceMean: reduction(0, (total, x) => total + x, referenceKernels.reduceMean, true),
  reduceSum: reduction(0, (total, x) => total + x, referenceKernels.reduceSum),
  reduceSumSquare: reduction(0, (total, x) => total + x * x, referenceKernels.reduceSumSquare),
  pad,
  averagePool: averagePool(referenceKernels.averagePool),
  relu: ({ inputs: [x] }) => [x.map(value => (value < 0 ? 0 : value))],
  convolution: call =>
    (call.shapes[0].length === 4 ? imageConvolution : referenceKernels.convolution)(call),
}

/** Answers at once: in a page, ONNX Runtime takes seconds to its first answer. */
export const loopsEngine = interpreter('loops', loopsKernels)
