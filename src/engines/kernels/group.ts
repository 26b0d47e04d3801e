/** From a graph to kernels: formulas, groups, memory, and the steps in their order. */

import { type Graph, sizeOf, type Value } from '../../graph/index.ts'
import type { ConstantAttributes } from '../../ops/constant.ts'
import { type BuildContext, buildKernel, type MemoryOf } from './build.ts'
import { collapse } from './collapse.ts'
import { decompose } from './decompose.ts'
import { type Grouped, groupNodes, sharedBuffer } from './groups.ts'
import type { GroupOptions, KernelProgram, Step } from './kernel.ts'
import { type Layouts, newLayouts } from './layout.ts'
import { elementOf, type KernelBuffer, type Placement } from './placement.ts'
import { inTwoPasses } from './twoPasses.ts'

/** What every adapter of WebGPU has. */
const LEAST_BUFFERS = 8

/** Several for each of the units of a large device. */
const GROUPS_WANTED = 512

/** Results that share a buffer begin at multiples of this many elements. */
const ALIGNMENT = 64

interface Memory {
  readonly buffers: readonly KernelBuffer[]
  readonly memoryOf: MemoryOf
  newBuffer(size: number): KernelBuffer
}

/** Buffers as they are asked for: one a value, but small results of a kernel share one. */
const newMemory = (inputs: readonly Value[], { homes, returned }: Grouped): Memory => {
  const buffers: { -readonly [Key in keyof KernelBuffer]: KernelBuffer[Key] }[] = []
  const places = new Map<Value, ReturnType<MemoryOf>>()
  const shared = new Map<string, (typeof buffers)[number]>()
  const results = new Set(returned.values())
  const newBuffer = (size: number): KernelBuffer => {
    const buffer: KernelBuffer = { id: buffers.length, element: 'float32', size }
    buffers.push(buffer)
    return buffer
  }
  const add = ({ dtype, shape, name, node }: Value): (typeof buffers)[number] => {
    const buffer = {
      id: buffers.length,
      element: elementOf(dtype),
      size: sizeOf(shape),
      input: node === undefined ? name : undefined,
      constant: node?.op === 'constant' ? (node.attributes as ConstantAttributes).data : undefined,
    }
    buffers.push(buffer)
    return buffer
  }
  for (const input of inputs) places.set(input, { buffer: add(input), offset: 0 })
  const memoryOf: MemoryOf = home => {
    const before = places.get(home)
    if (before !== undefined) return before
    const key = sharedBuffer(home, homes.get(home), results)
    const buffer = key === undefined ? undefined : shared.get(key)
    const offset = buffer === undefined ? 0 : Math.ceil(buffer.size / ALIGNMENT) * ALIGNMENT
    const place = { buffer: buffer ?? add(home), offset }
    if (buffer !== undefined) buffer.size = offset + sizeOf(home.shape)
    else if (key !== undefined) shared.set(key, place.buffer as (typeof buffers)[number])
    places.set(home, place)
    return place
  }
  return { buffers, memoryOf, newBuffer }
}

/** The values that a step computes and others read: the rest never leaves its kernel. */
const storedValues = (grouped: Grouped, layouts: Layouts): ReadonlySet<Value> => {
  const { steps, homes, leavesOf, returned, copies } = grouped
  const stored = new Set<Value>([...returned.values()].map(layouts.rootOf))
  for (const [step, planned] of steps.entries())
    for (const node of planned.kind === 'library' ? [planned.node] : planned.nodes)
      for (const input of node.inputs) {
        const read = planned.kind === 'library' ? (copies.get(input) ?? input) : input
        for (const { value } of leavesOf(read))
          if (homes.get(value)?.step !== step) stored.add(value)
      }
  for (const value of homes.keys()) if (layouts.layoutOf(value)?.home !== value) stored.add(value)
  return stored
}

export const group = (given: Graph, options: GroupOptions = {}): KernelProgram => {
  const graph = decompose(given)
  const layouts = newLayouts(graph, options.channelsLast ?? false)
  const grouped = groupNodes(graph, layouts, options.maxBuffers ?? LEAST_BUFFERS)
  const { buffers, memoryOf, newBuffer } = newMemory(graph.inputs, grouped)
  const stored = storedValues(grouped, layouts)
  const placementOf = (value: Value): Placement => {
    const layout = layouts.layoutOf(value) as NonNullable<ReturnType<Layouts['layoutOf']>>
    const { buffer, offset } = memoryOf(layout.home)
    return { buffer, shape: value.shape, offset: offset + layout.offset, strides: layout.strides }
  }
  const context: BuildContext = { grouped, layouts, memoryOf, isStored: value => stored.has(value) }
  const steps = grouped.steps.flatMap((planned): readonly Step[] => {
    if (planned.kind === 'group') {
      const kernel = collapse(buildKernel(planned, context))
      const passes = inTwoPasses(kernel, options.groupsWanted ?? GROUPS_WANTED, newBuffer)
      return passes.map(pass => ({ kind: 'kernel', kernel: pass, nodes: planned.nodes }))
    }
    const { node } = planned
    const inputs = node.inputs.map(input => placementOf(grouped.copies.get(input) ?? input))
    return [{ kind: 'library', node, inputs, output: placementOf(node.outputs[0]) }]
  })
  return {
    steps,
    buffers,
    inputs: Object.fromEntries(graph.inputs.map(input => [input.name ?? '', placementOf(input)])),
    outputs: Object.fromEntries(
      [...grouped.returned].map(([name, value]) => [name, placementOf(value)]),
    ),
  }
}
