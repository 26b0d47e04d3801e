/** WebGPU in Node: the package webgpu, loaded when first needed. */

import { EngineError, messageOf } from '../../errors/index.ts'
import { webgpuEngine } from './compile.ts'

/**
 * Kernels here write what they read of workgroup memory: clearing it first costs time, and on
 * SwiftShader a second of compiling for each kernel.
 */
const TOGGLES = ['enable-dawn-features=disable_workgroup_init']

/** Kept for the life of the process: when Dawn's instance is collected, its devices crash. */
let instance: GPU | undefined

/**
 * Loads WebGPU.
 * @throws EngineError when the package is missing or cannot be loaded
 */
export const loadGpu = async (): Promise<GPU> => {
  try {
    const { create } = await import('webgpu')
    instance ??= create(TOGGLES)
    return instance
  } catch (cause) {
    throw new EngineError(
      {
        where: 'engine webgpu',
        expected: 'the package webgpu',
        got: messageOf(cause).startsWith('Cannot find package') ? 'none' : messageOf(cause),
        hint: 'Run: npm install webgpu',
      },
      { cause },
    )
  }
}

/** Any GPU, through the package webgpu. */
export const webgpuNodeEngine = webgpuEngine(loadGpu)
