/** WebGPU in a page or its worker: `navigator.gpu`. */

import { webgpuEngine } from './compile.ts'

/** Any GPU that the browser offers; without one, the error says so. */
export const webgpuWebEngine = webgpuEngine(
  async () => (globalThis as { navigator?: NavigatorGPU }).navigator?.gpu,
)
