/**
 * Shows on a small network and all its gradients whether a library computes as the reference does;
 * runs in a process of its own, which an unfit library may take down.
 */

import { gradients } from '../../autodiff/index.ts'
import { type Graph, graph, input, sizeOf, type Value } from '../../graph/index.ts'
import {
  add,
  averagePool,
  batchNormalization,
  convolution,
  logSoftmax,
  matmul,
  maxPool,
  mul,
  reduceMean,
  relu,
  reshape,
  sigmoid,
  sub,
} from '../../ops/index.ts'
import { random } from '../../random/index.ts'
import type { Tensors } from '../engine.ts'
import { referenceEngine } from '../reference/engine.ts'
import { onednnEngine } from './engine.ts'
import { useLibrary } from './library.ts'
import type { ProbeResult } from './probeLibrary.ts'

/** The error of float32 beside float64, as a share of the largest number of a tensor. */
const TOLERANCE = 1e-4
/** Two threads are a team. */
const THREADS = 2

/** Odd channel counts and sizes, so that blocks of channels have a rest. */
export const network = (): Graph => {
  const x = input('x', [2, 5, 11, 11])
  const [w, wide] = [input('w', [11, 5, 3, 3]), input('wide', [17, 11, 1, 1])]
  const [scale, bias] = [input('scale', [11]), input('bias', [11])]
  const [gate, head] = [input('gate', [17, 17]), input('head', [17, 7])]
  const { output, mean, variance } = batchNormalization(
    convolution(x, w, undefined, { padding: 1 }),
    scale,
    bias,
  )
  const window = { kernel: 3, stride: 2, padding: 1 }
  const features = relu(convolution(maxPool(relu(output), window), wide))
  const squeezed = (y: Value): Value => reshape(reduceMean(y, [2, 3]), [2, 17])
  const excited = mul(features, reshape(sigmoid(matmul(squeezed(features), gate)), [2, 17, 1, 1]))
  const mixed = relu(add(mul(sub(features, excited), excited), features))
  const logits = matmul(squeezed(averagePool(mixed, window)), head)
  const loss = reduceMean(mul(logSoftmax(logits), input('target', [2, 7])))
  const slopes = gradients(loss, [x, w, wide, scale, bias, gate, head])
  const update = sub(head, mul(add(mul(head, 0.9), slopes[6]), input('rate', [])))
  return graph({ loss, logits, update, mean, variance, ...Object.fromEntries(slopes.entries()) })
}

const feedsOf = ({ inputs }: Graph): Tensors =>
  Object.fromEntries(
    inputs.map(({ name = '', shape }) => {
      const draw = random(0).fork(name)
      const data = Float32Array.from({ length: sizeOf(shape) }, (_, i) => draw.normal(i) / 2)
      return [name, { shape, data }]
    }),
  )

/** The largest difference of any tensor, as a share of its largest number. */
const worstOf = (got: Tensors, wanted: Tensors): number =>
  Math.max(
    ...Object.entries(wanted).map(([name, { data }]) => {
      let [most, worst] = [Number.MIN_VALUE, 0]
      for (const [i, value] of data.entries()) {
        most = Math.max(most, Math.abs(value))
        worst = Math.max(worst, Math.abs(value - got[name].data[i]))
      }
      return worst / most
    }),
  )

const compare = async (): Promise<string | undefined> => {
  const tested = network()
  const feeds = feedsOf(tested)
  const wanted = await (await referenceEngine.compile(tested)).run(feeds)
  const compiled = await onednnEngine.compile(tested, { threads: THREADS })
  const [first, second] = [await compiled.run(feeds), await compiled.run(feeds)]
  await compiled.dispose()
  const worst = worstOf(first, wanted)
  if (!(worst <= TOLERANCE))
    return `its results differ from the reference by ${worst.toExponential(1)} of their size`
  if (worstOf(second, first) !== 0) return 'it gives other bits the second time'
  return undefined
}

/** Tests a library. */
export const selfTest = async (path: string): Promise<ProbeResult> => {
  const { version, threads } = await useLibrary(path)
  const known = { path, version, threads: threads() }
  const problem = await compare()
  return problem === undefined ? known : { ...known, problem }
}
