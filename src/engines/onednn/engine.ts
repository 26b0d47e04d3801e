/** The oneDNN engine: graphs as a list of primitives, planned once, run over one arena. */

import { EngineError } from '../../errors/index.ts'
import type { Graph, Value } from '../../graph/index.ts'
import {
  type Compiled,
  type CompileOptions,
  checkInputs,
  type Engine,
  type Tensor,
  type TensorData,
} from '../engine.ts'
import { checkHeld, fixedTensors, heldInput, notHeld, partInputs } from '../state.ts'
import { type Block, keep, planArena, rootOf, type Swaps, touch } from './arena.ts'
import { settle } from './hoistConstants.ts'
import { type Library, openLibrary } from './library.ts'
import { lower } from './lower/index.ts'
import { allocate, bind, type Memory, view } from './memory.ts'
import { newPlan, type Plan, type Stored } from './plan.ts'
import { type Device, openDevice, type Workshop, workshop } from './primitives.ts'

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
  readonly held: readonly Place[]
  /** Outputs that come back, by name. */
  readonly outputs: readonly (Place & { readonly name: string })[]
  /** The blocks of held inputs and of their next values, which take turns. */
  readonly swaps: Swaps
  /** For each step whether it need not run again until something is held anew. */
  readonly settled: readonly boolean[]
}

/** Lowers the nodes; inputs live from before the first step, outputs until after the last. */
const planGraph = (graph: Graph, names: readonly string[], shop: Workshop): Planned => {
  const parts = partInputs(graph, names)
  const still = parts.held.filter(({ name = '' }) => !(name in graph.outputs))
  const plan = newPlan(graph, shop, new Set(still))
  const placed = (value: Value): Place => {
    const stored = plan.plainly(value.shape, value.dtype)
    touch(stored.block, -1)
    plan.define(value, stored)
    return { value, stored }
  }
  const [fed, held] = [parts.fed.map(placed), parts.held.map(placed)]
  for (const { stored } of held) keep(stored.block)
  for (const node of graph.nodes) {
    plan.at(`onednn: ${node.path === '' ? node.op : `${node.path}/${node.op}`}`)
    lower(plan, node)
  }
  plan.at('onednn: output')
  const swaps = new Map<Block, Block>()
  const outputs: Planned['outputs'][number][] = []
  for (const [name, value] of Object.entries(graph.outputs)) {
    const input = held.find(place => place.value.name === name)
    if (input === undefined) {
      const stored = plan.plain(value)
      touch(stored.block, Number.POSITIVE_INFINITY)
      outputs.push({ name, value, stored })
      continue
    }
    const { block } = plan.apart(value)
    keep(block)
    swaps.set(block, input.stored.block).set(input.stored.block, block)
  }
  const roots = (places: readonly Place[]): Block[] =>
    places.map(({ stored }) => rootOf(stored.block))
  const settled = settle(plan.steps, roots([...fed, ...held]), [...roots(fed), ...swaps.keys()])
  return { plan, fed, held, outputs, swaps, settled }
}

/** A plan in memory: the calls of an even and of an odd run, in which held blocks change places. */
const bindPlan = (planned: Planned, device: Device, shop: Workshop, memory: Memory) => {
  const { plan, swaps, settled } = planned
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
        'loop' in step ? [...step.inputs, ...step.outputs] : step.arguments.map(([, at]) => at)
      const calls = both(turn => bind(step, device, shop, memory, turn), touched.some(swapped))
      return { calls, settled: settled[i] }
    }),
    fed: planned.fed.map(place => ({ name: place.value.name ?? '', views: views(place) })),
    held: new Map(
      planned.held.map(place => [place.value.name ?? '', { ...place, views: views(place) }]),
    ),
    outputs: planned.outputs.map(place => ({ ...place, views: views(place) })),
  }
}

const copyOut = ({ shape, dtype }: Value, from: Float32Array | Int32Array): Tensor => {
  const data: TensorData = dtype === 'bool' ? Uint8Array.from(from) : from.slice()
  return { shape, data }
}

const compile = async (
  graph: Graph,
  { threads, held = [], fixed }: CompileOptions = {},
): Promise<Compiled> => {
  const library = await openLibrary()
  const device = openedDevice(library)
  const useThreads = (): void => {
    if (threads !== undefined) library.setThreads(threads)
  }
  useThreads()
  const still = fixedTensors(graph, fixed)
  const names = [...held, ...Object.keys(still)]
  const shop = workshop(device)
  try {
    const planned = planGraph(graph, names, shop)
    const memory = allocate(library, planArena(planned.plan.blocks))
    let bound: ReturnType<typeof bindPlan> | undefined = bindPlan(planned, device, shop, memory)
    const inUse = (): NonNullable<typeof bound> => {
      if (bound !== undefined) return bound
      throw new EngineError({ where: 'run', expected: 'a graph in use', got: 'a disposed one' })
    }
    const parts = partInputs(graph, names)
    const given = new Set<string>()
    let turn = 0
    let canUndo = false
    let settled = false
    const compiled: Compiled = {
      run: async tensors => {
        const { steps, fed, outputs } = inUse()
        checkInputs(parts.fed, tensors)
        for (const name of names) if (!given.has(name)) throw notHeld(name)
        for (const { name, views } of fed) views[0].set(tensors[name].data)
        useThreads()
        for (const step of steps) if (!(settled && step.settled)) step.calls[turn]()
        library.check('run', 'dnnl_stream_wait', device.stream)
        settled = true
        const results = outputs.map(({ name, value, views }): [string, Tensor] => [
          name,
          copyOut(value, views[turn]),
        ])
        turn = 1 - turn
        canUndo = true
        return Object.fromEntries(results)
      },
      hold: tensors => {
        for (const { name = '' } of checkHeld(parts, tensors)) {
          inUse().held.get(name)?.views[turn].set(tensors[name].data)
          given.add(name)
        }
        canUndo = false
        settled = false
      },
      fill: (name, write) => {
        heldInput(parts, name)
        write(inUse().held.get(name)?.views[turn] as Float32Array)
        given.add(name)
        canUndo = false
        settled = false
      },
      held: name => {
        const place = inUse().held.get(name)
        if (place === undefined || !given.has(name)) throw notHeld(name)
        return copyOut(place.value, place.views[turn])
      },
      undo: () => {
        if (canUndo) turn = 1 - turn
        canUndo = false
      },
      dispose: async () => {
        bound = undefined
        shop.dispose()
      },
    }
    compiled.hold(still)
    return compiled
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
