/** Devices: the engines by name, which one computes unless another is asked for, and what is missing. */

import { EngineError, UsageError } from '../errors/index.ts'
import { suggestion } from '../errors/suggest.ts'
import type { Engine } from './engine.ts'
import { INSTALL, survey } from './onednn/probeLibrary.ts'

/** A library that an engine stands on, and why it cannot be used, if it cannot. */
export interface Found {
  readonly path?: string
  readonly version?: string
  readonly threads?: number
  readonly problem?: string
}

interface Entry {
  readonly describe: string
  /** How to get it, where it is missing. */
  readonly install: string
  open(): Promise<Engine>
  /** Looks afresh at what is here, the best first. */
  examine(): Promise<readonly Found[]>
}

/** ONNX Runtime comes as one package. */
const examineOnnx = async (): Promise<readonly Found[]> => {
  try {
    return [{ version: await (await openOnnx()).version() }]
  } catch (error) {
    if (!(error instanceof EngineError)) throw error
    return [{ problem: error.got }]
  }
}

const openOnnx = async (): Promise<Engine> => (await import('./onnxruntime/engine.ts')).onnxEngine

/** The fastest first: the first that is here computes by default. */
export const DEVICES = {
  onednn: {
    describe: "oneDNN's kernels on the CPU: the default where the library is installed",
    install: INSTALL,
    open: async () => (await import('./onednn/engine.ts')).onednnEngine,
    examine: () => survey(true),
  },
  onnx: {
    describe: 'ONNX Runtime on the CPU: everywhere, the default elsewhere',
    install: 'npm install onnxruntime-node',
    open: openOnnx,
    examine: examineOnnx,
  },
} as const satisfies Record<string, Entry>

export type DeviceName = keyof typeof DEVICES
export const deviceNames = Object.keys(DEVICES) as readonly DeviceName[]

/** An engine that is ready to compile. */
export interface Device {
  readonly name: DeviceName
  readonly version: string
  readonly engine: Engine
  /** Why not a faster one, where nobody asked for this one. */
  readonly note?: string
}

const opened = async (name: DeviceName): Promise<Device> => {
  const engine = await DEVICES[name].open()
  return { name, engine, version: await engine.version() }
}

const openDefault = async (): Promise<Device> => {
  const [fastest, next] = deviceNames
  try {
    return await opened(fastest)
  } catch (error) {
    if (!(error instanceof EngineError)) throw error
    const note = `computing with ${next}; ${fastest} would be faster: ${error.got === 'none' ? 'it is not installed' : error.got} (excite devices)`
    return { ...(await opened(next)), note }
  }
}

/**
 * A device by its name, or the fastest that is here.
 * @throws UsageError for an unknown name, with the nearest known one
 * @throws EngineError where the device asked for is missing: it is never replaced
 */
export const openDevice = async (name?: string): Promise<Device> => {
  if (name === undefined) return openDefault()
  if (!Object.hasOwn(DEVICES, name))
    throw new UsageError({
      where: `device ${name}`,
      expected: `one of ${deviceNames.join(', ')}`,
      got: name,
      hint: suggestion(name, deviceNames) ?? `Use --device ${deviceNames[0]}`,
    })
  return opened(name as DeviceName)
}
