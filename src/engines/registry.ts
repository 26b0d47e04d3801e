/** The engines by name, in order of preference: which one computes, and what is missing. */

import { EngineError, UsageError } from '../errors/index.ts'
import { suggestion } from '../errors/suggest.ts'
import type { Engine } from './engine.ts'
import { INSTALL, probeAll } from './onednn/probeLibrary.ts'

/** A library that an engine stands on, and why it cannot be used, if it cannot. */
export interface Found {
  readonly path?: string
  readonly version?: string
  readonly threads?: number
  /** What it offers, where that differs from machine to machine. */
  readonly offers?: string
  /** Whether a processor emulates the device: orders slower than an engine of CPUs. */
  readonly isSoftware?: boolean
  readonly problem?: string
}

interface Entry {
  readonly describe: string
  /** The kind of hardware that it computes on. What computes on GPUs is never chosen by itself. */
  readonly device: 'cpu' | 'gpu'
  /** How to get it, where it is missing. */
  readonly install: string
  open(): Promise<Engine>
  /** Looks afresh at what is here, the best first. */
  examine(): Promise<readonly Found[]>
}

const openOnnxRuntime = async (): Promise<Engine> =>
  (await import('./onnxruntime/engine.ts')).onnxEngine

/** ONNX Runtime comes as one package. */
const examineOnnxRuntime = async (): Promise<readonly Found[]> => {
  try {
    return [{ version: await (await openOnnxRuntime()).version() }]
  } catch (error) {
    if (!(error instanceof EngineError)) throw error
    return [{ problem: error.got }]
  }
}

const openWebGpu = async () => (await import('./webgpu/engine.ts')).webgpuNodeEngine

/** The adapter that computes, with the limits that decide what fits. */
const examineWebGpu = async (): Promise<readonly Found[]> => {
  try {
    const { description, isSoftware, limits } = await (await openWebGpu()).open()
    const offers = [
      `tensors of ${Math.floor(limits.maxStorageBufferBindingSize / 2 ** 20)} MiB`,
      `${limits.maxStorageBuffersPerShaderStage} buffers a kernel`,
      `${Math.floor(limits.maxComputeWorkgroupStorageSize / 2 ** 10)} KiB a workgroup`,
    ].join(', ')
    return [{ version: description, offers, isSoftware }]
  } catch (error) {
    if (!(error instanceof EngineError)) throw error
    return [{ problem: `expected ${error.expected}, got ${error.got}` }]
  }
}

/** The fastest first: the first that is here computes by default. */
export const ENGINES = {
  onednn: {
    describe: "oneDNN's kernels on the CPU: the default where the library is installed",
    device: 'cpu',
    install: INSTALL,
    open: async () => (await import('./onednn/engine.ts')).onednnEngine,
    examine: () => probeAll(true),
  },
  onnxruntime: {
    describe: 'ONNX Runtime on the CPU: everywhere, the default elsewhere',
    device: 'cpu',
    install: 'npm install onnxruntime-node',
    open: openOnnxRuntime,
    examine: examineOnnxRuntime,
  },
  webgpu: {
    describe: 'WebGPU on any GPU: asked for by name; not yet measured on one',
    device: 'gpu',
    install:
      'npm install webgpu, and a driver of the GPU (on Linux: one of Vulkan, and libvulkan1)',
    open: openWebGpu,
    examine: examineWebGpu,
  },
} as const satisfies Record<string, Entry>

export type EngineName = keyof typeof ENGINES
export const engineNames = Object.keys(ENGINES) as readonly EngineName[]

/** The engines on a kind of hardware, the fastest first. */
const enginesOn = (device: string): readonly EngineName[] =>
  engineNames.filter(name => ENGINES[name].device === device)

/** What engines were called before; runs and scripts have these names. */
const OLD_NAMES: Readonly<Record<string, EngineName>> = { onnx: 'onnxruntime' }

/** An engine that is here, ready to compile. */
export interface AvailableEngine {
  /** The name to ask for it by. */
  readonly name: EngineName
  /** The version of the library that computes. */
  readonly version: string
  /** The engine, ready to compile. */
  readonly engine: Engine
  /** Why not a faster one, where nobody asked for this one. */
  readonly note?: string
}

const open = async (name: EngineName): Promise<AvailableEngine> => {
  const engine = await ENGINES[name].open()
  return { name, engine, version: await engine.version() }
}

/** The first that is here; the note says why not those before it. */
const openFirst = async (names: readonly EngineName[]): Promise<AvailableEngine> => {
  const missing: string[] = []
  for (const name of names)
    try {
      const found = await open(name)
      if (missing.length === 0) return found
      return { ...found, note: `computing with ${name}; ${missing.join('; ')} (excite devices)` }
    } catch (error) {
      if (!(error instanceof EngineError) || name === names.at(-1)) throw error
      const problem = error.got === 'none' ? 'it is not installed' : error.got
      missing.push(`${name} would be faster: ${problem}`)
    }
  throw new EngineError({ where: 'engine', expected: 'one to choose from', got: 'none' })
}

/**
 * An engine by its name, or the fastest that is here.
 * @param name - also a kind of device, such as `cpu`: the fastest on that
 * @throws UsageError for an unknown name, with the nearest known one
 * @throws EngineError where the engine asked for is missing: it is never replaced
 */
export const openEngine = async (name?: string): Promise<AvailableEngine> => {
  if (name === undefined) return openFirst(enginesOn('cpu'))
  const onDevice = enginesOn(name)
  if (onDevice.length > 0) return openFirst(onDevice)
  if (Object.hasOwn(OLD_NAMES, name)) return open(OLD_NAMES[name])
  if (!Object.hasOwn(ENGINES, name))
    throw new UsageError({
      where: 'engine',
      expected: `one of ${engineNames.join(', ')}`,
      got: name,
      hint: suggestion(name, [...engineNames, ...Object.keys(OLD_NAMES)]),
    })
  return open(name as EngineName)
}
