/** The oneDNN engine: graphs as a list of primitives, planned once, run over one arena. */

import { EngineError } from '../../errors.ts'
import type { Graph } from '../../graph/index.ts'
import {
  type Compiled,
  type CompileOptions,
  checkInputs,
  type Engine,
  type Tensor,
  type TensorData,
} from '../engine.ts'
import { placeOf, planArena, touch } from './arena.ts'
import { type Library, openLibrary } from './library.ts'
import { lower } from './lower/index.ts'
import { newPlan, type Plan, type Step, type Stored } from './plan.ts'
import { type Device, openDevice, type Workshop, workshop } from './primitives.ts'

const PAGE = 4096
const FLOAT = 4
const ARGUMENT = 16

let device: Device | undefined
const openedDevice = (library: Library): Device => {
  device ??= openDevice(library)
  return device
}

interface Arena {
  readonly buffer: ArrayBuffer
  /** Where the first block lies in the buffer, and in the address space. */
  readonly start: number
  readonly address: bigint
}

const allocateArena = (library: Library, bytes: number): Arena => {
  let buffer: ArrayBuffer
  try {
    buffer = new ArrayBuffer(bytes + PAGE)
  } catch (cause) {
    throw new EngineError(
      {
        where: 'onednn: memory',
        expected: `${Math.ceil(bytes / 2 ** 20)} MiB for the graph`,
        got: cause instanceof Error ? cause.message : String(cause),
        hint: 'A smaller batch needs less',
      },
      { cause },
    )
  }
  const address = library.addressOf(new Uint8Array(buffer))
  const start = (PAGE - Number(address % BigInt(PAGE))) % PAGE
  return { buffer, start, address: address + BigInt(start) }
}

/** A step as a call without arguments: everything that it needs is bound. */
const bind = (
  step: Step,
  { library, stream }: Device,
  { memory }: Workshop,
  arena: Arena,
): (() => void) => {
  const floats = ({ desc, block }: Stored): Float32Array =>
    new Float32Array(arena.buffer, arena.start + placeOf(block), desc.size / FLOAT)
  if ('loop' in step) {
    const inputs = step.inputs.map(floats)
    const outputs = step.outputs.map(floats)
    return () => step.loop(inputs, outputs)
  }
  const { where, primitive } = step
  const count = step.arguments.length
  const table = new Uint8Array(count * ARGUMENT)
  const view = new DataView(table.buffer)
  for (const [i, [argument, { desc, block }]] of step.arguments.entries()) {
    const handle = memory(where, desc, arena.address + BigInt(placeOf(block)))
    view.setInt32(i * ARGUMENT, argument, true)
    view.setBigUint64(i * ARGUMENT + 8, BigInt(handle), true)
  }
  return () =>
    library.check(where, 'dnnl_primitive_execute', primitive.handle, stream, count, table)
}

/** Lowers the nodes; inputs live from before the first step, outputs until after the last. */
const planGraph = (graph: Graph, shop: Workshop) => {
  const plan: Plan = newPlan(graph, shop)
  const inputs = graph.inputs.map(value => {
    const stored = plan.plainly(value.shape, value.dtype)
    touch(stored.block, -1)
    plan.define(value, stored)
    return { value, stored }
  })
  for (const node of graph.nodes) {
    plan.at(`onednn: ${node.path === '' ? node.op : `${node.path}/${node.op}`}`)
    lower(plan, node)
  }
  plan.at('onednn: output')
  const outputs = Object.entries(graph.outputs).map(([name, value]) => {
    const stored = plan.plain(value)
    touch(stored.block, Number.POSITIVE_INFINITY)
    return { name, value, stored }
  })
  return { plan, inputs, outputs }
}

const compile = async (graph: Graph, { threads }: CompileOptions = {}): Promise<Compiled> => {
  const library = await openLibrary()
  const device = openedDevice(library)
  if (threads !== undefined) library.setThreads(threads)
  const shop = workshop(device)
  try {
    const { plan, inputs, outputs } = planGraph(graph, shop)
    let arena: Arena | undefined = allocateArena(library, planArena(plan.blocks))
    const { buffer, start } = arena
    const view = ({ value, stored }: (typeof inputs)[number]): Float32Array | Int32Array =>
      new (value.dtype === 'int' ? Int32Array : Float32Array)(
        buffer,
        start + placeOf(stored.block),
        stored.desc.size / FLOAT,
      )
    const feeds = inputs.map(input => ({ name: input.value.name ?? '', to: view(input) }))
    const results = outputs.map(output => ({ ...output, from: view(output) }))
    for (const { stored, data, dtype } of plan.constants)
      new (dtype === 'int' ? Int32Array : Float32Array)(
        buffer,
        start + placeOf(stored.block),
        data.length,
      ).set(data)
    const steps = plan.steps.map(step => bind(step, device, shop, arena as Arena))
    return {
      run: async tensors => {
        if (arena === undefined)
          throw new EngineError({ where: 'run', expected: 'a graph in use', got: 'a disposed one' })
        checkInputs(graph, tensors)
        for (const { name, to } of feeds) to.set(tensors[name].data)
        if (threads !== undefined) library.setThreads(threads)
        for (const step of steps) step()
        library.check('run', 'dnnl_stream_wait', device.stream)
        return Object.fromEntries(
          results.map(({ name, value: { shape, dtype }, from }): [string, Tensor] => {
            const data: TensorData = dtype === 'bool' ? Uint8Array.from(from) : from.slice()
            return [name, { shape, data }]
          }),
        )
      },
      dispose: async () => {
        arena = undefined
        shop.dispose()
        steps.length = 0
        feeds.length = 0
        results.length = 0
      },
    }
  } catch (cause) {
    shop.dispose()
    throw cause
  }
}

/** The fast engine of CPUs where the library is installed. */
export const onednnEngine: Engine = {
  name: 'onednn',
  version: async () => (await openLibrary()).version,
  compile,
}
