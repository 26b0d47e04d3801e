/** From a graph to kernels: formulas, groups, memory, and the steps in their order. */

import { type Graph, type Node, sizeOf, type Value } from '../../graph/index.ts'
import type { ConstantAttributes } from '../../ops/constant.ts'
import { type BuildContext, buildKernel, type MemoryOf } from './build.ts'
import { collapse } from './collapse.ts'
import { decompose } from './decompose.ts'
import { type Grouped, groupNodes } from './groups.ts'
import { sharedBuffer } from './joining.ts'
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
const newMemory = (inputs: readonly Value[], { homes, reads: { results } }: Grouped): Memory => {
  const buffers: { -readonly [Key in keyof KernelBuffer]: KernelBuffer[Key] }[] = []
  const places = new Map<Value, ReturnType<MemoryOf>>()
  const shared = new Map<string, (typeof buffers)[number]>()
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
  const { steps, homes, returned, reads } = grouped
  const stored = new Set<Value>([...returned.values()].map(layouts.rootOf))
  for (const [step, planned] of steps.entries())
    for (const node of planned.kind === 'library' ? [planned.node] : planned.nodes)
      for (const { value } of reads.leavesOfNode(node))
        if (homes.get(value)?.step !== step) stored.add(value)
  for (const value of homes.keys()) if (layouts.layoutOf(value)?.home !== value) stored.add(value)
  return stored
}

/** Has gradients of weights follow what they are computed of, which then need not be kept for them. */
const withEarlyGradients = (graph: Graph, { rootOf }: Layouts): Graph => {
  const isEarly = ({ op }: Node): boolean => op === 'convolutionWeightGradient'
  const waiting = graph.nodes.filter(isEarly)
  const done = new Set<Value>(graph.inputs)
  const nodes: Node[] = []
  for (const node of graph.nodes) {
    if (isEarly(node)) continue
    nodes.push(node)
    for (const output of node.outputs) done.add(output)
    for (const late of waiting)
      if (!done.has(late.outputs[0]) && late.inputs.every(input => done.has(rootOf(input)))) {
        nodes.push(late)
        done.add(late.outputs[0])
      }
  }
  return { ...graph, nodes: [...nodes, ...waiting.filter(({ outputs }) => !done.has(outputs[0]))] }
}

export const group = (given: Graph, options: GroupOptions = {}): KernelProgram => {
  const simple = decompose(given)
  const layouts = newLayouts(simple, options.channelsLast ?? false)
  const graph = withEarlyGradients(simple, layouts)
  const grouped = groupNodes(graph, layouts, options.maxBuffers ?? LEAST_BUFFERS)
  const { buffers, memoryOf, newBuffer } = newMemory(graph.inputs, grouped)
  const stored = storedValues(grouped, layouts)
  const placementOf = (value: Value): Placement => {
    const layout = layouts.layoutOf(value) as NonNullable<ReturnType<Layouts['layoutOf']>>
    const { buffer, offset } = memoryOf(layout.home)
    return { buffer, shape: value.shape, offset: offset + layout.offset, strides: layout.strides }
  }
  const order = new Map(graph.nodes.map((node, i) => [node, i]))
  const context: BuildContext = {
    grouped,
    layouts,
    memoryOf,
    orderOf: node => order.get(node) ?? graph.nodes.length,
    isStored: value => stored.has(value),
  }
  const steps = grouped.steps.flatMap((planned): readonly Step[] => {
    if (planned.kind === 'group') {
      const { kernel, nodes } = buildKernel(planned, context)
      const wanted = options.groupsWanted ?? GROUPS_WANTED
      const passes = inTwoPasses(collapse(kernel), wanted, newBuffer)
      return passes.map(pass => ({ kind: 'kernel', kernel: pass, nodes }))
    }
    const { node } = planned
    const inputs = grouped.reads.inputsOf(node).map(placementOf)
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
