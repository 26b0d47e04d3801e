/** What is planned of a graph before there is memory: launches, the blocks they work on, and how long each lives. */

import type { Graph, Value } from '../../graph/index.ts'
import { type Block, block, keep, type Swaps, touch } from '../arena.ts'
import { group } from '../kernels/group.ts'
import type { KernelStep } from '../kernels/kernel.ts'
import type { KernelBuffer, Placement } from '../kernels/placement.ts'
import { renderWgsl } from '../kernels/wgsl.ts'
import type { Device } from './device.ts'
import type { Launch } from './launches.ts'
import { blockFor, newLibrary } from './library.ts'
import { widthOf } from './transfer.ts'

/** A value of the graph's interface and where it lies. */
export interface Place {
  readonly name: string
  readonly value: Value
  readonly block: Block
  /** In bytes, within the block. */
  readonly offset: number
}

export interface Planned {
  readonly launches: readonly Launch[]
  readonly blocks: readonly Block[]
  readonly inputs: readonly Place[]
  /** Outputs that come back. */
  readonly outputs: readonly Place[]
  /** The blocks of state and of its next values, which take turns. */
  readonly swaps: Swaps
  /** Next values that lie where others do, and the blocks of their own. */
  readonly copies: readonly { readonly from: Place; readonly to: Block }[]
  readonly constants: readonly { readonly block: Block; readonly buffer: KernelBuffer }[]
}

/**
 * A kernel's text is made for one buffer a block; blocks may share a buffer of the device, which then
 * all bindings of a launch must be allowed to write.
 */
const writable = (source: string): string =>
  source.replaceAll('var<storage, read>', 'var<storage, read_write>')

/** @param state - the names of inputs that stay with the engine */
export const plan = (graph: Graph, state: readonly string[], device: Device): Planned => {
  const program = group(graph, {
    channelsLast: true,
    maxBuffers: device.limits.maxStorageBuffersPerShaderStage,
  })
  const known = new Map<KernelBuffer, Block>()
  const blockOf = (buffer: KernelBuffer): Block => {
    const made = known.get(buffer) ?? blockFor(buffer)
    known.set(buffer, made)
    return made
  }
  const generated = ({ kernel, nodes }: KernelStep): Launch => {
    const { source, bindings, offsets, groups, hasBarriers } = renderWgsl(kernel)
    const path = nodes.find(node => node.path !== '')?.path
    return {
      label: path === undefined ? kernel.name : `${path}, ${kernel.name}`,
      source: writable(source),
      blocks: bindings.map(({ buffer }) => blockOf(buffer)),
      offsets,
      groups,
      hasBarriers,
    }
  }
  const library = newLibrary(device, blockOf)
  const launches = program.steps.flatMap(step =>
    step.kind === 'kernel' ? [generated(step)] : library.lower(step),
  )
  const place = (name: string, value: Value, { buffer, offset }: Placement): Place => ({
    name,
    value,
    block: blockOf(buffer),
    offset: offset * widthOf(buffer.element),
  })
  const inputs = graph.inputs.map(value => {
    const { name = '' } = value
    return place(name, value, program.inputs[name])
  })
  const all = Object.entries(graph.outputs).map(([name, value]) =>
    place(name, value, program.outputs[name]),
  )
  const isState = ({ name }: Place): boolean => state.includes(name)

  const swaps = new Map<Block, Block>()
  const copies: Planned['copies'][number][] = []
  const readOnly = new Set(inputs.map(input => input.block))
  for (const next of all.filter(isState)) {
    const current = inputs.find(({ name }) => name === next.name) as Place
    const isOwn = next.offset === 0 && !readOnly.has(next.block) && !swaps.has(next.block)
    const home = isOwn ? next.block : block(current.block.bytes)
    if (!isOwn) copies.push({ from: next, to: home })
    swaps.set(home, current.block).set(current.block, home)
  }
  const constants = program.buffers
    .filter(({ constant }) => constant !== undefined)
    .map(buffer => ({ buffer, block: blockOf(buffer) }))
  for (const [i, { blocks }] of launches.entries()) for (const one of blocks) touch(one, i)
  for (const one of inputs) touch(one.block, -1)
  for (const one of all) touch(one.block, Number.POSITIVE_INFINITY)
  for (const { block } of [...constants, ...inputs.filter(isState)]) keep(block)
  for (const home of swaps.keys()) keep(home)
  const used = new Set([...known.values(), ...swaps.keys(), ...launches.flatMap(l => l.blocks)])
  return {
    launches,
    blocks: [...used].filter(({ last }) => last > Number.NEGATIVE_INFINITY),
    inputs,
    outputs: all.filter(one => !isState(one)),
    swaps,
    copies,
    constants,
  }
}
