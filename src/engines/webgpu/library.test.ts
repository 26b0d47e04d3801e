/** The templates against the reference engine, over random shapes, strides and offsets. */

import { beforeAll, describe, expect, it } from 'vitest'
import { gradients } from '../../autodiff/index.ts'
import { type Graph, graph, input, sizeOf } from '../../graph/index.ts'
import { convolution } from '../../ops/index.ts'
import { apply, type Operation } from '../../ops/operation.ts'
import { type OperationName, operations } from '../../ops/table.ts'
import { random } from '../../random/index.ts'
import { touch } from '../arena.ts'
import { drawCase } from '../cases.testing.ts'
import type { LibraryStep } from '../kernels/kernel.ts'
import { channelsLast, type KernelBuffer, type Placement, rowMajor } from '../kernels/placement.ts'
import { referenceEngine } from '../reference/engine.ts'
import { type Device, openDevice } from './device.ts'
import { bindLaunches } from './launches.ts'
import { blockFor, newLibrary } from './library.ts'
import { allocate, USAGE } from './memory.ts'
import { Pipelines } from './pipelines.ts'
import { missingSoftware, softwareGpu } from './software.testing.ts'

/** Runs one operation by its template, with operands that lie as `place` says. */
const runTemplate = async (
  device: Device,
  pipelines: Pipelines,
  { nodes: [node], inputs }: Graph,
  feeds: readonly Float32Array[],
  last: boolean,
  offset: number,
) => {
  const place = (shape: readonly number[], id: number): Placement => {
    const buffer: KernelBuffer = { id, element: 'float32', size: sizeOf(shape) + offset }
    const isImage = last && shape.length === 4 && node.op !== 'matmul'
    return { buffer, shape, offset, strides: isImage ? channelsLast(shape) : rowMajor(shape) }
  }
  // Kernels lie row-major always.
  const isKernel = (i: number): boolean =>
    (node.op === 'convolution' && i === 1) || (node.op === 'convolutionInputGradient' && i === 0)
  const places = node.inputs.map(({ shape }, i) =>
    isKernel(i) ? { ...place(shape, i), strides: rowMajor(shape) } : place(shape, i),
  )
  const own = place(node.outputs[0].shape, node.inputs.length)
  const output =
    node.op === 'convolutionWeightGradient' ? { ...own, strides: rowMajor(own.shape) } : own
  const blocks = [...places, output].map(({ buffer }) => blockFor(buffer))
  const library = newLibrary(device, buffer => blocks[buffer.id])
  const step: LibraryStep = { kind: 'library', node, inputs: places, output }
  const launches = library.lower(step)
  const all = new Set([...blocks, ...launches.flatMap(({ blocks }) => blocks)])
  for (const one of all) {
    touch(one, 0)
    touch(one, launches.length)
  }
  const memory = await allocate([...all], device)
  const bound = await bindLaunches(launches, device, pipelines, memory, new Map())
  const walk = ({ shape, strides, offset }: Placement, each: (at: number, i: number) => void) => {
    for (let i = 0; i < sizeOf(shape); i++) {
      let rest = i
      let at = offset
      for (let axis = shape.length - 1; axis >= 0; axis--) {
        at += (rest % shape[axis]) * strides[axis]
        rest = Math.floor(rest / shape[axis])
      }
      each(at, i)
    }
  }
  for (const [i, at] of places.entries()) {
    const data = new Float32Array(at.buffer.size).fill(Number.NaN)
    const from = feeds[inputs.indexOf(node.inputs[i])]
    walk(at, (to, j) => {
      data[to] = from[j]
    })
    const { buffer, offset } = memory.at(blocks[i])
    device.gpu.queue.writeBuffer(buffer, offset, data)
  }
  const { buffer, offset: start, size } = memory.at(blocks[places.length])
  const staging = device.gpu.createBuffer({ size, usage: USAGE.mapRead | USAGE.copyTarget })
  await device.guarded('test', 'a run', () =>
    bound.run(0, encoder => encoder.copyBufferToBuffer(buffer, start, staging, 0, size)),
  )
  await staging.mapAsync(1)
  const found = new Float32Array(staging.getMappedRange().slice(0))
  staging.destroy()
  memory.dispose()
  bound.dispose()
  const result = new Float32Array(sizeOf(output.shape))
  walk(output, (at, i) => {
    result[i] = found[at]
  })
  return { result, launches }
}

const expectClose = (label: string, got: ArrayLike<number>, wanted: ArrayLike<number>): void => {
  let most = 1
  for (let i = 0; i < wanted.length; i++) most = Math.max(most, Math.abs(wanted[i]))
  for (let i = 0; i < wanted.length; i++)
    if (!(Math.abs(got[i] - wanted[i]) <= 2e-5 * most))
      expect.fail(`${label} [${i}]: got ${got[i]}, the reference has ${wanted[i]}`)
}

const suite = missingSoftware === undefined ? 'templates' : `templates (${missingSoftware})`
describe.skipIf(missingSoftware !== undefined)(suite, () => {
  let device: Device
  let pipelines: Pipelines
  beforeAll(async () => {
    device = await openDevice(await softwareGpu())
    pipelines = new Pipelines(device)
  })

  it.each([
    'convolution',
    'convolutionInputGradient',
    'convolutionWeightGradient',
    'matmul',
  ] as const)('%s', async name => {
    for (let seed = 0; seed < 12; seed++) {
      const { inputs, attributes } = drawCase(name as OperationName, seed)
      const values = inputs.slice(0, 2).map(({ shape, dtype }, i) => input(`x${i}`, shape, dtype))
      const [y] = apply(operations[name] as Operation, values, attributes)
      const one = graph({ y })
      const compiled = await referenceEngine.compile(one)
      const feeds = inputs.slice(0, 2).map(({ data }) => Float32Array.from(data))
      const wanted = await compiled.run(
        Object.fromEntries(values.map((v, i) => [`x${i}`, { shape: v.shape, data: feeds[i] }])),
      )
      const own = one.inputs.map(v => feeds[values.indexOf(v)])
      const { result } = await runTemplate(device, pipelines, one, own, seed % 2 === 0, seed % 3)
      expectClose(`${name} ${seed}`, result, wanted.y.data)
    }
  })

  it.each([
    [{ c: 32, o: 32, size: 9, k: 3, s: 1, p: 1, g: 1 }],
    [{ c: 32, o: 64, size: 10, k: 3, s: 2, p: 1, g: 1 }],
    [{ c: 64, o: 16, size: 7, k: 1, s: 1, p: 0, g: 1 }],
    [{ c: 64, o: 16, size: 7, k: 1, s: 2, p: 0, g: 1 }],
    [{ c: 3, o: 64, size: 16, k: 7, s: 2, p: 3, g: 1 }],
    [{ c: 33, o: 40, size: 6, k: 3, s: 1, p: 1, g: 1 }],
    [{ c: 32, o: 32, size: 6, k: 3, s: 1, p: 1, g: 8 }],
    [{ c: 32, o: 64, size: 6, k: 3, s: 1, p: 1, g: 2 }],
    [{ c: 32, o: 32, size: 7, k: 3, s: 2, p: 1, g: 32 }],
  ])('convolutions of $c channels to $o, $size², kernel $k', async ({ c, o, size, k, s, p, g }) => {
    const x = input('x', [2, c, size, size])
    const w = input('w', [o, c / g, k, k])
    const y = convolution(x, w, undefined, { stride: s, padding: p, group: g })
    const dy = input('dy', y.shape)
    const numbers = (name: string, n: number) =>
      Float32Array.from({ length: n }, (_, i) => random(3).fork(name).normal(i) / 4)
    const [dx, dw] = gradients(y, [x, w], dy)
    for (const value of [y, dx, dw])
      for (const last of [true, false]) {
        const one = graph({ value })
        const feeds = one.inputs.map(({ name = '', shape }) => numbers(name, sizeOf(shape)))
        const compiled = await referenceEngine.compile(one)
        const wanted = await compiled.run(
          Object.fromEntries(
            one.inputs.map(({ name = '', shape }, i) => [name, { shape, data: feeds[i] }]),
          ),
        )
        const { result } = await runTemplate(device, pipelines, one, feeds, last, 0)
        expectClose(`${value.node?.op} ${last}`, result, wanted.value.data)
      }
  })
})
