/** ONNX Runtime alone on the file that `excite export` writes: what a service with that file gets. */

import { env, InferenceSession, Tensor } from 'onnxruntime-node'
import { untrained } from '../../src/bench/workloads.ts'
import { model } from '../../src/models/registry.ts'
import { exportOnnx } from '../../src/weights/export.ts'
import { measure, told } from './measure.ts'

const { network, batch, size, threads } = told
const described = model(network)
const trained = untrained(described, size)
const session = await InferenceSession.create(exportOnnx(trained), {
  intraOpNumThreads: threads,
  interOpNumThreads: 1,
})
const shape = [batch, described.channels, size, size]
const data = Float32Array.from(
  { length: shape.reduce((product, dimension) => product * dimension) },
  (_, i) => ((i * 7919) % 1009) / 1009 - 0.5,
)
const images = new Tensor('float32', data, shape)
await measure(() => session.run({ images }), { version: env.versions.node ?? 'unknown' })
