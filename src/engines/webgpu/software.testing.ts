/** SwiftShader, which comes with Chromium, as the device of tests: a GPU in software, where there is none. */

import { existsSync } from 'node:fs'
import koffi from 'koffi'
import type { ConformanceOptions } from '../conformance.suite.ts'
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

/** A GPU may take numbers below 2⁻¹²⁶ for 0, and SwiftShader does. */
const SUBNORMAL = 'numbers below 2⁻¹²⁶ are 0'

/** Refused with a typed error: detectors run on processors. */
const REFUSED = 'not for kernels'

/** Where the engine does not conform on SwiftShader, with the reasons. */
export const DIFFERENCES: ConformanceOptions = {
  skip: { topK: REFUSED, nonMaximumSuppression: REFUSED },
  differs: Object.fromEntries(
    ['div', 'mul', 'sign of a sum', 'sqrt', 'sqrt of few', 'sqrt of a sum'].map(name => [
      name,
      SUBNORMAL,
    ]),
  ),
}
