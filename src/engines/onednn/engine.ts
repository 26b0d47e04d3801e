/** The oneDNN engine: graphs as a list of primitives, planned once, run over one arena. */

import type { Graph, Value, ValueType } from '../../graph/index.ts'
import { conditionalState } from '../../passes/conditionalState.ts'
import { CPU_DTYPES } from '../../tensor/tensor.ts'
import { type Block, keep, planArena, rootOf, type Swaps, touch } from '../arena.ts'
import {
  type AllReduce,
  type Compiled,
  type CompileOptions,
  checkDTypes,
  checkInputs,
  type Engine,
  type Tensor,
  type TensorData,
  type Tensors,
} from '../engine.ts'
import { withLifetime } from '../lifetime.ts'
import { checkState, constantTensors, splitInputs, stateInput, unwritten } from '../state.ts'
import { hoistConstants } from './hoistConstants.ts'
import { type Library, openLibrary } from './library.ts'
import { lower } from './lower/index.ts'
import { allocate, bind, type Memory, view } from './memory.ts'
import { newPlan, type Plan, type Stored } from './plan.ts'
import { type Device, openDevice, type PrimitiveCache, primitiveCache } from './primitives.ts'

let device: Device | undefined
const openedDevice = (library: Library): Device => {
  device ??= openDevice(library)
  return device
}

interface Place {
  readonly value: Value
  readonly stored: Stored
}

/** What is planned of a graph, before there is memory. */
interface Planned {
  readonly plan: Plan
  readonly fed: readonly Place[]
  readonly state: readonly Place[]
  /** Outputs that come back, by name. */
  readonly outputs: readonly (Place & { readonly name: string })[]
  /** The blocks of state and of its next values, which take turns. */
  readonly swaps: Swaps
  /** For each step whether it need not run again until state is written. */
  readonly hoisted: readonly boolean[]
}

/** Lowers the nodes; inputs live from before the first step, outputs until after the last. */
const planGraph = (graph: Graph, names: readonly string[], cache: PrimitiveCache): Planned => {
  const parts = splitInputs(graph, names)
  const still = parts.state.filter(({ name = '' }) => !(name in graph.outputs))
  const plan = newPlan(graph, cache, new Set(still))
  const placed = (value: Value): Place => {
    const stored = plan.allocateRowMajor(value.shape, value.dtype)
    touch(stored.block, -1)
    plan.define(value, stored)
    return { value, stored }
  }
  const [fed, state] = [parts.fed.map(placed), parts.state.map(placed)]
  for (const { stored } of state) keep(stored.block)
  for (const node of graph.nodes) {
    plan.section(`onednn: ${node.path === '' ? node.op : `${node.path}/${node.op}`}`)
    lower(plan, node)
  }
  plan.section('onednn: output')
  const swaps = new Map<Block, Block>()
  const outputs: Planned['outputs'][number][] = []
  for (const [name, value] of Object.entries(graph.outputs)) {
    const input = state.find(place => place.value.name === name)
    if (input === undefined) {
      const stored = plan.rowMajor(value)
      touch(stored.block, Number.POSITIVE_INFINITY)
      outputs.push({ name, value, stored })
      continue
    }
    const { block } = plan.exclusiveCopy(value)
    keep(block)
    swaps.set(block, input.stored.block).set(input.stored.block, block)
  }
  const roots = (places: readonly Place[]): Block[] =>
    places.map(({ stored }) => rootOf(stored.block))
  const exchanged = plan.steps.flatMap(step => ('exchanged' in step ? step.exchanged : []))
  const hoisted = hoistConstants(plan.steps, roots([...fed, ...state]), [
    ...roots(fed),
    ...exchanged.map(({ block }) => rootOf(block)),
    ...swaps.keys(),
  ])
  return { plan, fed, state, outputs, swaps, hoisted }
}

/** A plan in memory: the calls of an even and of an odd run, in which blocks of state change places. */
const bindPlan = (
  planned: Planned,
  device: Device,
  cache: PrimitiveCache,
  memory: Memory,
  allReduce?: AllReduce,
) => {
  const { plan, swaps, hoisted } = planned
  const swapped = ({ block }: Stored): boolean => swaps.has(rootOf(block))
  const both = <Result>(make: (swaps?: Swaps) => Result, differ: boolean): [Result, Result] => {
    const even = make()
    return [even, differ ? make(swaps) : even]
  }
  const views = ({ value: { dtype }, stored }: Place) =>
    both(turn => view(memory, stored, dtype, turn), swapped(stored))
  for (const { stored, data, dtype } of plan.constants) view(memory, stored, dtype).set(data)
  return {
    steps: plan.steps.map((step, i) => {
      const touched =
        'loop' in step
          ? [...step.inputs, ...step.outputs]
          : 'exchanged' in step
            ? step.exchanged
            : step.arguments.map(([, at]) => at)
      const calls = both(
        turn => bind(step, device, cache, memory, turn, allReduce),
        touched.some(swapped),
      )
      return { calls, hoisted: hoisted[i] }
    }),
    fed: planned.fed.map(place => ({ name: place.value.name ?? '', views: views(place) })),
    state: new Map(
      planned.state.map(place => [place.value.name ?? '', { ...place, views: views(place) }]),
    ),
    outputs: planned.outputs.map(place => ({ ...place, views: views(place) })),
  }
}

/** Bytes and bools are floats in the arena, whole numbers exactly. */
const copyOut = ({ shape, dtype }: ValueType, from: Float32Array | Int32Array): Tensor => {
  const bytes = dtype === 'bool' || dtype === 'uint8'
  const data: TensorData = bytes ? Uint8Array.from(from) : from.slice()
  return { dtype, shape, data }
}

const compile = async (
  given: Graph,
  { threads, state: own = [], constants, allReduce }: CompileOptions = {},
): Promise<Compiled> => {
  checkDTypes('onednn', given, CPU_DTYPES)
  const library = await openLibrary()
  const device = openedDevice(library)
  const useThreads = (): void => {
    if (threads !== undefined) library.setThreads(threads)
  }
  useThreads()
  const { graph, condition } = conditionalState(given, own)
  const constant = constantTensors(graph, constants)
  /** Constants are state that nobody writes again. */
  const names = [...own, ...Object.keys(constant)]
  const cache = primitiveCache(device)
  try {
    const planned = planGraph(graph, names, cache)
    const memory = allocate(library, planArena(planned.plan.blocks))
    const { steps, fed, state, outputs } = bindPlan(planned, device, cache, memory, allReduce)
    const inputs = splitInputs(graph, names)
    const written = new Set<string>()
    let turn = 0
    let hoisted = false
    const change = (name: string, make: (values: Float32Array | Int32Array) => void): void => {
      const place = state.get(name)
      if (place !== undefined) make(place.views[turn])
      written.add(name)
      hoisted = false
    }
    const write = async (tensors: Tensors): Promise<void> => {
      for (const { name = '' } of checkState(inputs, tensors))
        change(name, values => values.set(tensors[name].data))
    }
    await write(constant)
    return withLifetime({
      run: async tensors => {
        checkInputs(inputs.fed, tensors)
        for (const name of names) if (!written.has(name)) throw unwritten(name)
        for (const { name, views } of fed) views[0].set(tensors[name].data)
        useThreads()
        for (const step of steps) {
          if (hoisted && step.hoisted) continue
          const exchange = step.calls[turn]()
          if (exchange === undefined) continue
          await exchange
          useThreads()
        }
        library.check('run', 'dnnl_stream_wait', device.stream)
        hoisted = true
        const results = Object.fromEntries(
          outputs.map(({ name, value, views }) => [name, copyOut(value, views[turn])]),
        )
        if (condition === undefined || results[condition].data[0] !== 0) turn = 1 - turn
        return results
      },
      state: {
        names: own,
        write,
        initialize: async (name, fill) => {
          stateInput(inputs, name)
          change(name, values => fill(values as Float32Array))
        },
        read: async name => {
          const { shape, dtype } = stateInput(inputs, name)
          const place = state.get(name)
          if (place === undefined || !written.has(name)) throw unwritten(name)
          return copyOut({ shape, dtype }, place.views[turn])
        },
      },
      dispose: async () => cache.dispose(),
    })
  } catch (cause) {
    cache.dispose()
    throw cause
  }
}

/** The fast engine of CPUs where the library is installed. */
export const onednnEngine: Engine = {
  name: 'onednn',
  version: async () => (await openLibrary()).version,
  compile,
}
