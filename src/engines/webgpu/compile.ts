/** The WebGPU engine: graphs as launches of kernels, bound once; state stays on the device. */

import type { Graph } from '../../graph/index.ts'
import { CPU_DTYPES } from '../../tensor/tensor.ts'
import {
  type Compiled,
  type CompileOptions,
  checkDTypes,
  checkInputs,
  type Engine,
} from '../engine.ts'
import { compileExchanging, hasExchanges } from '../exchanges.ts'
import { withLifetime } from '../lifetime.ts'
import { checkState, constantTensors, splitInputs, stateInput, unwritten } from '../state.ts'
import { type Device, type DeviceOptions, openDevice } from './device.ts'
import { bindLaunches } from './launches.ts'
import { allocate } from './memory.ts'
import { Pipelines } from './pipelines.ts'
import { type Place, plan } from './plan.ts'
import { encode, inWords, Readback, type Source } from './transfer.ts'

interface Opened {
  readonly device: Device
  readonly pipelines: Pipelines
}

export interface WebGpuEngine extends Engine {
  /** @throws EngineError where there is no adapter */
  open(): Promise<Device>
}

const compile = async (
  graph: Graph,
  { state: own = [], constants }: CompileOptions,
  { device, pipelines }: Opened,
): Promise<Compiled> => {
  const constant = constantTensors(graph, constants)
  /** Constants are state that nobody writes again. */
  const names = [...own, ...Object.keys(constant)]
  const inputs = splitInputs(graph, names)
  const planned = plan(graph, names, device)
  const memory = await allocate(planned.blocks, device)
  const { gpu } = device
  const launches = await bindLaunches(planned.launches, device, pipelines, memory, planned.swaps)
  for (const { block, buffer } of planned.constants) {
    const { constant = [], element, size } = buffer
    const all = constant.length === 1 ? new Array<number>(size).fill(constant[0]) : constant
    const data = element === 'float32' ? Float32Array.from(all) : Int32Array.from(all)
    const at = memory.at(block)
    gpu.queue.writeBuffer(
      at.buffer,
      at.offset,
      element === 'uint8' ? encode(Uint8Array.from(all), 'uint8') : data,
    )
  }

  /** Whose turn it is: after every run, state lies in the other of its blocks. */
  let turn: 0 | 1 = 0
  const at = (place: Place, now = turn): Source => {
    const block = now === 1 ? (planned.swaps.get(place.block) ?? place.block) : place.block
    const { buffer, offset } = memory.at(block)
    return { type: place.value, buffer, offset: offset + place.offset }
  }
  const input = (name: string): Place => planned.inputs.find(one => one.name === name) as Place
  const upload = (name: string, data: Parameters<typeof encode>[0]): void => {
    const { type, buffer, offset } = at(input(name))
    gpu.queue.writeBuffer(buffer, offset, encode(data, type.dtype))
  }
  const results = new Readback(
    gpu,
    planned.outputs.map(({ value }) => value),
  )
  const written = new Set<string>()
  const copyNext = (encoder: GPUCommandEncoder, now: 0 | 1): void => {
    for (const { from, to } of planned.copies) {
      const source = at(from, now)
      const target = memory.at(now === 1 ? (planned.swaps.get(to) ?? to) : to)
      const bytes = inWords(Math.min(target.size, from.block.bytes - from.offset))
      encoder.copyBufferToBuffer(source.buffer, source.offset, target.buffer, target.offset, bytes)
    }
  }

  /** On SwiftShader a step is many submits, between which nothing else may come. */
  let before: Promise<unknown> = Promise.resolve()
  const inTurn = <Result>(work: () => Promise<Result>): Promise<Result> => {
    if (!device.isSoftware) return work()
    const result = before.then(work)
    before = result.catch(() => undefined)
    return result
  }
  const write: Compiled['state']['write'] = async tensors => {
    const given = checkState(inputs, tensors)
    await inTurn(async () => {
      for (const { name = '' } of given) {
        upload(name, tensors[name].data)
        written.add(name)
      }
    })
  }
  await write(constant)
  return withLifetime({
    run: async tensors => {
      checkInputs(inputs.fed, tensors)
      return inTurn(async () => {
        for (const name of names) if (!written.has(name)) throw unwritten(name)
        for (const { name = '' } of inputs.fed) upload(name, tensors[name].data)
        const now = turn
        if (planned.swaps.size > 0) turn = now === 0 ? 1 : 0
        const read = results.begin(planned.outputs.map(place => at(place, now)))
        const found = await device.guarded('run', 'a step', () => {
          const submitted = launches.run(now, encoder => {
            copyNext(encoder, now)
            read.copy(encoder)
          })
          return submitted === undefined ? read.finish() : submitted.then(read.finish)
        })
        return Object.fromEntries(planned.outputs.map(({ name }, i) => [name, found[i]]))
      })
    },
    state: {
      names: own,
      write,
      initialize: async (name, fill) => {
        const { shape } = stateInput(inputs, name)
        const data = new Float32Array(shape.reduce((size, dimension) => size * dimension, 1))
        fill(data)
        await write({ [name]: { shape, data } })
      },
      read: async name => {
        const value = stateInput(inputs, name)
        return inTurn(async () => {
          if (!written.has(name)) throw unwritten(name)
          const state = new Readback(gpu, [value])
          const read = state.begin([at(input(name))])
          const [tensor] = await device.guarded('state', `to read ${name}`, () => {
            const encoder = gpu.createCommandEncoder()
            read.copy(encoder)
            gpu.queue.submit([encoder.finish()])
            return read.finish()
          })
          state.dispose()
          return tensor
        })
      },
    },
    dispose: async () => {
      launches.dispose()
      results.dispose()
      memory.dispose()
    },
  })
}

/**
 * An engine of WebGPU.
 * @param load - brings WebGPU, when it is first needed
 */
export const webgpuEngine = (
  load: () => Promise<GPU | undefined>,
  options: DeviceOptions = {},
): WebGpuEngine => {
  let opened: Promise<Opened> | undefined
  const open = async (): Promise<Opened> => {
    const current = await opened?.catch(() => undefined)
    if (current !== undefined && !current.device.isLost()) return current
    opened = load()
      .then(gpu => openDevice(gpu, options))
      .then(device => ({ device, pipelines: new Pipelines(device) }))
    return opened
  }
  const engine: WebGpuEngine = {
    name: 'webgpu',
    open: async () => (await open()).device,
    version: async () => (await open()).device.description,
    compile: async (graph, options = {}) => {
      checkDTypes(engine.name, graph, CPU_DTYPES)
      const { allReduce, state = [] } = options
      if (allReduce !== undefined && hasExchanges(graph))
        return compileExchanging(graph, state, undefined, allReduce, part =>
          engine.compile(part, { ...options, state: [], allReduce: undefined }),
        )
      return compile(graph, options, await open())
    },
  }
  return engine
}
