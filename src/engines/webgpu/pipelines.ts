/** Pipelines by the text of their kernels: compiled once for a device, several at a time. */

import { EngineError } from '../../errors/index.ts'
import type { Device } from './device.ts'

const COMPUTE = 4

/** The pipelines of a device. */
export class Pipelines {
  readonly #device: Device
  readonly #compiled = new Map<string, Promise<GPUComputePipeline>>()
  readonly #layouts = new Map<string, GPUBindGroupLayout>()

  constructor(device: Device) {
    this.#device = device
  }

  /** The layout of so many buffers, all written or read, and a uniform after them if there is one. */
  layout(buffers: number, uniform: boolean): GPUBindGroupLayout {
    const key = `${buffers} ${uniform}`
    const known = this.#layouts.get(key)
    if (known !== undefined) return known
    const types = [
      ...new Array<GPUBufferBindingType>(buffers).fill('storage'),
      ...(uniform ? (['uniform'] as const) : []),
    ]
    const layout = this.#device.gpu.createBindGroupLayout({
      entries: types.map((type, binding) => ({ binding, visibility: COMPUTE, buffer: { type } })),
    })
    this.#layouts.set(key, layout)
    return layout
  }

  /** @throws EngineError where the device refuses the kernel, with what it says and the kernel's text */
  get(source: string, layout: GPUBindGroupLayout): Promise<GPUComputePipeline> {
    const known = this.#compiled.get(source)
    if (known !== undefined) return known
    const made = this.#compile(source, layout)
    this.#compiled.set(source, made)
    return made
  }

  async #compile(code: string, layout: GPUBindGroupLayout): Promise<GPUComputePipeline> {
    const { gpu } = this.#device
    try {
      return await gpu.createComputePipelineAsync({
        layout: gpu.createPipelineLayout({ bindGroupLayouts: [layout] }),
        compute: { module: gpu.createShaderModule({ code }), entryPoint: 'main' },
      })
    } catch (cause) {
      throw new EngineError(
        {
          where: 'engine webgpu',
          expected: 'a kernel that the device compiles',
          got: cause instanceof Error ? cause.message : String(cause),
          context: code,
          hint: 'This is a fault of Excite or of the driver, not yours: please report it',
        },
        { cause },
      )
    }
  }
}
