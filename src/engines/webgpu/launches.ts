/** Launches of kernels, bound to memory once: afterwards a run of them is one command buffer. */

import { type Block, rootOf, type Swaps } from '../arena.ts'
import type { Device } from './device.ts'
import { type Memory, USAGE } from './memory.ts'
import type { Pipelines } from './pipelines.ts'

/** A kernel and the blocks that it works on. */
export interface Launch {
  /** The node or kernel, for people. */
  readonly label: string
  readonly source: string
  readonly blocks: readonly Block[]
  /** Where its operands begin: the uniform after its buffers; none if empty. */
  readonly offsets: readonly number[]
  readonly groups: readonly [number, number, number]
  readonly hasBarriers: boolean
}

interface Bound {
  readonly launch: Launch
  readonly pipeline: GPUComputePipeline
  /** For even and for odd runs, in which blocks of state change places. */
  readonly bindings: readonly [GPUBindGroup, GPUBindGroup]
}

export interface Launches {
  /** Encodes all of them, and what comes after. */
  run(turn: 0 | 1, after: (encoder: GPUCommandEncoder) => void): Promise<void> | undefined
  dispose(): void
}

/** Uniforms lie in one buffer, at places that every adapter can bind. */
const UNIFORM_BYTES = 256

const uniforms = ({ gpu }: Device, launches: readonly Launch[]): GPUBuffer => {
  const all = new Int32Array((launches.length * UNIFORM_BYTES) / 4)
  for (const [i, { offsets }] of launches.entries()) all.set(offsets, (i * UNIFORM_BYTES) / 4)
  const buffer = gpu.createBuffer({
    size: Math.max(all.byteLength, UNIFORM_BYTES),
    usage: USAGE.uniform | USAGE.copyTarget,
  })
  gpu.queue.writeBuffer(buffer, 0, all)
  return buffer
}

const dispatch = (pass: GPUComputePassEncoder, bound: Bound, turn: 0 | 1): void => {
  pass.setPipeline(bound.pipeline)
  pass.setBindGroup(0, bound.bindings[turn])
  pass.dispatchWorkgroups(...bound.launch.groups)
}

/** @throws EngineError where the device refuses a kernel */
export const bindLaunches = async (
  launches: readonly Launch[],
  device: Device,
  pipelines: Pipelines,
  memory: Memory,
  swaps: Swaps,
): Promise<Launches> => {
  const { gpu } = device
  const offsets = uniforms(device, launches)
  const bind = async (launch: Launch, i: number): Promise<Bound> => {
    const layout = pipelines.layout(launch.blocks.length, launch.offsets.length > 0)
    const group = (swapped: Swaps): GPUBindGroup =>
      gpu.createBindGroup({
        layout,
        entries: [
          ...launch.blocks.map(block => memory.at(swapped.get(block) ?? block)),
          ...(launch.offsets.length === 0
            ? []
            : [{ buffer: offsets, offset: i * UNIFORM_BYTES, size: UNIFORM_BYTES }]),
        ].map((resource, binding) => ({ binding, resource })),
      })
    const even = group(new Map())
    const differs = launch.blocks.some(block => swaps.has(rootOf(block)))
    return {
      launch,
      pipeline: await pipelines.get(launch.source, layout),
      bindings: [even, differs ? group(swaps) : even],
    }
  }
  const bound = await Promise.all(launches.map(bind))

  /** SwiftShader crashes with two kernels with barriers in flight: there each is waited for. */
  const runOneByOne = async (
    turn: 0 | 1,
    after: (encoder: GPUCommandEncoder) => void,
  ): Promise<void> => {
    const submit = async (work: (encoder: GPUCommandEncoder) => void): Promise<void> => {
      const encoder = gpu.createCommandEncoder()
      work(encoder)
      gpu.queue.submit([encoder.finish()])
      await gpu.queue.onSubmittedWorkDone()
    }
    const inPass = (some: readonly Bound[]) => (encoder: GPUCommandEncoder) => {
      const pass = encoder.beginComputePass()
      for (const one of some) dispatch(pass, one, turn)
      pass.end()
    }
    let waiting: Bound[] = []
    for (const one of bound) {
      if (one.launch.hasBarriers && waiting.length > 0) {
        await submit(inPass(waiting))
        waiting = []
      }
      if (one.launch.hasBarriers) await submit(inPass([one]))
      else waiting.push(one)
    }
    await submit(encoder => {
      inPass(waiting)(encoder)
      after(encoder)
    })
  }
  return {
    run: (turn, after) => {
      if (device.isSoftware) return runOneByOne(turn, after)
      const encoder = gpu.createCommandEncoder()
      const pass = encoder.beginComputePass()
      for (const one of bound) dispatch(pass, one, turn)
      pass.end()
      after(encoder)
      gpu.queue.submit([encoder.finish()])
      return undefined
    },
    dispose: () => offsets.destroy(),
  }
}
