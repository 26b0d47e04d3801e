/** Excite on WebGPU, in a page. */

import { WORKLOADS } from '../../src/bench/workloads.ts'
import { webgpuWebEngine as engine } from '../../src/engines/webgpu/web.ts'
import { model } from '../../src/models/registry.ts'
import { measure, told } from './measure.ts'

const { work, network, batch, size } = told
const { step } = await WORKLOADS[work]({ model: model(network), size, batch, engine, threads: 1 })
await measure(step, { version: await engine.version() })
