/** A device of WebGPU: an adapter with as much of its limits as it has, and errors that are typed. */

import { EngineError } from '../../errors/index.ts'

/** What the limits of an adapter are asked for; all else is by default enough. */
const LIMITS = [
  'maxBufferSize',
  'maxStorageBufferBindingSize',
  'maxStorageBuffersPerShaderStage',
  'maxComputeWorkgroupStorageSize',
  'maxComputeInvocationsPerWorkgroup',
  'maxComputeWorkgroupSizeX',
] as const

export type Limits = Pick<GPUSupportedLimits, (typeof LIMITS)[number]>

export interface DeviceOptions {
  /** Asks for no more than every adapter of WebGPU has, as phones do. */
  readonly defaultLimits?: boolean | undefined
}

export interface Device {
  readonly gpu: GPUDevice
  /** Vendor, architecture and driver, as the adapter tells them. */
  readonly description: string
  /** Whether a processor does the work, for tests: orders slower than an engine of CPUs. */
  readonly isSoftware: boolean
  readonly limits: Limits
  /** Whether it will never compute again. */
  isLost(): boolean
  /**
   * Does what is asked of the device at once.
   * @param needed - what is asked for, in words
   * @throws EngineError where the device is lost, out of memory, or refuses
   */
  guarded<Result>(
    where: string,
    needed: string,
    work: () => Result | Promise<Result>,
  ): Promise<Result>
}

/** Milliseconds in which a loss is told, once it shows. */
const LOSS_TOLD = 1000

/** Emulations of a GPU on the processor. */
const SOFTWARE = /swiftshader|llvmpipe|lavapipe|basic render/i

const failure = (where: string, expected: string, got: string, hint: string): EngineError =>
  new EngineError({ where, expected, got, hint })

/** The adapter that a page or a package has, the fastest if there are several. */
const requestAdapter = async (gpu: GPU | undefined): Promise<GPUAdapter> => {
  const adapter = await gpu?.requestAdapter({ powerPreference: 'high-performance' })
  if (adapter) return adapter
  throw failure(
    'engine webgpu',
    'an adapter of WebGPU',
    gpu === undefined ? 'none: WebGPU is not here' : 'none',
    'Install a driver of the GPU (on Linux: one of Vulkan, and libvulkan1), or use another `engine`',
  )
}

/**
 * Opens a device.
 * @throws EngineError where there is no adapter
 */
export const openDevice = async (
  gpu: GPU | undefined,
  { defaultLimits = false }: DeviceOptions = {},
): Promise<Device> => {
  const adapter = await requestAdapter(gpu)
  const { vendor, architecture, device: model, description, isFallbackAdapter } = adapter.info
  const facts = [vendor, architecture, model, description].filter(fact => fact !== '').join(' ')
  const isSoftware = isFallbackAdapter || SOFTWARE.test(facts)
  const device = await adapter.requestDevice(
    defaultLimits
      ? {}
      : { requiredLimits: Object.fromEntries(LIMITS.map(name => [name, adapter.limits[name]])) },
  )
  let lost: string | undefined
  void device.lost.then(({ reason, message }) => {
    lost = [reason, message].filter(text => text !== undefined && text !== '').join(': ')
  })
  const expectPresent = (where: string): void => {
    if (lost !== undefined)
      throw failure(
        where,
        'a device that computes',
        `a lost one (${lost})`,
        'A run is saved as of its last checkpoint: `resume` it, with another `engine` and `compatible` where this device stays lost',
      )
  }
  return {
    gpu: device,
    description: isSoftware ? `${facts} (in software: for tests)` : facts,
    isSoftware,
    limits: device.limits,
    isLost: () => lost !== undefined,
    guarded: async (where, needed, work) => {
      expectPresent(where)
      device.pushErrorScope('out-of-memory')
      device.pushErrorScope('internal')
      device.pushErrorScope('validation')
      // Scopes are a stack: all are left before anything is waited for.
      const leave = () => [1, 2, 3].map(() => device.popErrorScope())
      let working: ReturnType<typeof work>
      let scopes: ReturnType<typeof leave>
      try {
        working = work()
      } finally {
        scopes = leave()
      }
      const [result, [invalid, internal, memory]] = await Promise.all([
        working,
        Promise.all(scopes),
      ]).catch(async error => {
        // What a loss interrupts fails before the loss is told.
        await Promise.race([device.lost, new Promise(resolve => setTimeout(resolve, LOSS_TOLD))])
        expectPresent(where)
        throw error
      })
      expectPresent(where)
      if (memory !== null)
        throw failure(
          where,
          needed,
          'a device out of memory',
          'Lower `recipe.batch` or the `size` of the images, or use another `engine`',
        )
      const refused = invalid ?? internal
      if (refused !== null)
        throw failure(
          where,
          needed,
          refused.message,
          'This is a fault of Excite or of the driver, not yours: please report it',
        )
      return result
    },
  }
}
