/**
 * What every parity test does: reads a recording, runs the same on an engine, and compares.
 *
 * A tensor's distance is relative to its largest element. In float32 a block may be 1e-5 away and a
 * whole network 1e-4; the float64 reference engine 1e-10, which is where an ε in the wrong place or
 * a biased variance would show.
 */

import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { gradients } from '../../src/autodiff/index.ts'
import type { Engine, Tensor, Tensors } from '../../src/engines/engine.ts'
import { referenceEngine } from '../../src/engines/reference/engine.ts'
import { openEngine } from '../../src/engines/registry.ts'
import { webgpuEngine } from '../../src/engines/webgpu/compile.ts'
import { missingSoftware, softwareGpu } from '../../src/engines/webgpu/software.testing.ts'
import { type Graph, graph, input, type Shape, type Value } from '../../src/graph/index.ts'
import { type Layer, type Mode, trace, variables } from '../../src/nn/index.ts'
import { mul, reduceSum } from '../../src/ops/index.ts'
import { crossEntropy } from '../../src/tasks/crossEntropy.ts'
import { readSafetensors } from '../../src/weights/safetensors.ts'
import { distance, labels, value } from './formula.ts'

export const FLOAT32_BLOCK = 1e-5
export const FLOAT32_NETWORK = 1e-4
export const FLOAT64 = 1e-10
export const CLASSES = 10

/** Those that compute in float32: oneDNN where it is installed. */
export const FLOAT32_ENGINES: readonly Engine[] = [
  (await openEngine('onnx')).engine,
  ...(await openEngine('onednn').then(
    ({ engine }) => [engine],
    () => [],
  )),
]

/** A GPU in software needs a second for every kernel: some cases, all with `EXCITE_PARITY=gpu`. */
const GPU = missingSoftware === undefined ? [webgpuEngine(softwareGpu)] : []

export type Numbers = Tensor['data']

/** What one file holds: for a case, its seed and its tensors. */
export const fixtures = (file: string) => {
  const path = new URL(`fixtures/${file}.safetensors`, import.meta.url)
  const { tensors, metadata } = readSafetensors(readFileSync(path), file)
  return (name: string): { seed: number; recorded: Map<string, Numbers> } => {
    const prefix = `${name}/`
    const own = [...tensors].filter(([key]) => key.startsWith(prefix))
    return {
      seed: Number(metadata[name]),
      recorded: new Map(own.map(([key, { data }]) => [key.slice(prefix.length), data as Numbers])),
    }
  }
}

const largest = (data: Numbers): number =>
  Array.from(data).reduce((most, number) => Math.max(most, Math.abs(number)), 0)

/** Zero but for rounding, such as the gradient of a bias before a batch normalization. */
const vanishes = (data: Numbers): boolean => largest(data) < 1e-12

/** Every recorded tensor must have come out, and be near; one that vanishes is all rounding errors: ten times as far. */
export const expectNear = (
  got: ReadonlyMap<string, Numbers>,
  recorded: ReadonlyMap<string, Numbers>,
  tolerance: number,
): void => {
  expect([...got.keys()].sort()).toEqual([...recorded.keys()].sort())
  const far = [...recorded]
    .map(([name, wanted]) => {
      const own = got.get(name) as Numbers
      return { name, distance: vanishes(wanted) ? largest(own) / 10 : distance(own, wanted) }
    })
    .filter(({ distance }) => !(distance <= tolerance))
  expect(far, `tensors further than ${tolerance} from PyTorch's`).toEqual([])
}

export const dataOf = (outputs: Tensors): Map<string, Numbers> =>
  new Map(Object.entries(outputs).map(([name, { data }]) => [name, data]))

export const runOnce = async (engine: Engine, graph: Graph, feeds: Tensors): Promise<Tensors> => {
  const compiled = await engine.compile(graph)
  try {
    return await compiled.run(feeds)
  } finally {
    await compiled.dispose()
  }
}

/** One pass in training: y, the loss, all its gradients, all running statistics after it. */
export const pass = (
  network: Layer,
  shape: Shape,
  objective: (y: Value) => Value,
  batchStatistics = true,
): Graph => {
  const all = variables(network)
  const values = new Map(all.map(({ name, tensor }) => [name, input(name, tensor.shape)]))
  const outputs: Record<string, Value> = {}
  const mode: Mode = {
    training: true,
    batchStatistics,
    update: (buffer, next) => {
      outputs[`next/${buffer.name}`] = next
    },
    mask: (shape, rate) => input(`mask of ${rate}`, shape),
    uniform: shape => input('uniform', shape),
  }
  const x = input('x', shape)
  const y = trace(network, name => values.get(name) as Value, x, mode)
  const loss = objective(y)
  const parameters = all
    .filter(({ tensor }) => tensor.kind === 'parameter')
    .map(({ name }) => values.get(name) as Value)
  const wanted = [x, ...parameters]
  for (const [i, gradient] of gradients(loss, wanted).entries())
    outputs[`gradient/${wanted[i].name}`] = gradient
  return graph({ y, loss, ...outputs })
}

/** Every input of a graph by the formula; integers are labels. */
export const feedsOf = ({ inputs }: Graph, seed: number, scale = 1): Tensors =>
  Object.fromEntries(
    inputs.map(({ name = '', shape, dtype }) => {
      if (dtype === 'int32') return [name, { shape, data: labels(shape[0], CLASSES) }]
      return [name, { shape, data: value(seed, { name, shape }, name === 'x' ? scale : 1) }]
    }),
  )

const objectives = {
  blocks: (y: Value): Value => reduceSum(mul(y, input('cotangent', y.shape))),
  networks: (y: Value): Value => crossEntropy(y, input('labels', [y.shape[0]], 'int32')),
}

/** What was recorded under a name, built here. */
export interface Case {
  readonly network: Layer
  readonly shape: Shape
  /** Of the input's spread. */
  readonly scale?: number
  /** Whether batch normalization uses the running statistics. */
  readonly frozen?: boolean
  /** Those of a processor unless given: the reference engine takes long for the larger. */
  readonly engines?: readonly Engine[]
  /** Whether it is small enough for a GPU in software, as the blocks of this project's papers are. */
  readonly isForGpu?: boolean
}

/** Blocks or networks of a recording: output, loss, all gradients and running statistics. */
export const describeParity = (
  what: keyof typeof objectives,
  file: string,
  cases: Readonly<Record<string, Case>>,
): void => {
  const fixture = fixtures(file)
  const float32 = what === 'blocks' ? FLOAT32_BLOCK : FLOAT32_NETWORK
  const all = process.env.EXCITE_PARITY === 'gpu'
  for (const engine of all ? GPU : [...FLOAT32_ENGINES, ...GPU, referenceEngine]) {
    const own = Object.entries(cases).filter(
      ([, { engines = [engine], isForGpu = file === 'blocks' }]) =>
        engine.name === 'webgpu' ? all || isForGpu : engines.includes(engine),
    )
    describe.skipIf(own.length === 0)(`${what} of ${file}, ${engine.name} engine`, () => {
      it.each(own)('%s', async (name, { network, shape, scale, frozen = false }) => {
        const { seed, recorded } = fixture(name)
        const made = pass(network, shape, objectives[what], !frozen)
        const outputs = await runOnce(engine, made, feedsOf(made, seed, scale))
        expectNear(dataOf(outputs), recorded, engine === referenceEngine ? FLOAT64 : float32)
      })
    })
  }
}
