/** SwiftShader, which comes with Chromium, as the device of tests: a GPU in software, where there is none. */

import { existsSync } from 'node:fs'
import koffi from 'koffi'
import { loadGpu } from './engine.ts'

const CHROMIUM = '/usr/lib/chromium'

/** The reason why there is no such device, or undefined. */
export const missingSoftware = existsSync(`${CHROMIUM}/vk_swiftshader_icd.json`)
  ? undefined
  : 'no SwiftShader: install chromium'

/** Loaded by its path, the loader of Vulkan is found by its name from then on. */
const loaded: unknown[] = []

/** WebGPU on SwiftShader. */
export const softwareGpu = async (): Promise<GPU> => {
  process.env.VK_DRIVER_FILES = `${CHROMIUM}/vk_swiftshader_icd.json`
  process.env.XDG_RUNTIME_DIR ??= '/tmp'
  if (loaded.length === 0) loaded.push(koffi.load(`${CHROMIUM}/libvulkan.so.1`))
  return loadGpu()
}
