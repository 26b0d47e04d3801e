/** Gradients of anything with respect to anything: here of a small loss, by both engines. */

import { engines, gradients, graph, input, ops } from '../src/index.ts'

const x = input('x', [2, 3])
const weight = input('weight', [3, 1])
const activation = ops.sigmoid(ops.matmul(x, weight))
const loss = ops.reduceMean(ops.power(ops.sub(activation, 1), 2))
const [dWeight, dActivation] = gradients(loss, [weight, activation])
const step = graph({ loss, dWeight, dActivation })

const feeds = {
  x: { shape: [2, 3], data: Float32Array.of(1, 2, 3, -1, 0.5, 2) },
  weight: { shape: [3, 1], data: Float32Array.of(0.1, -0.2, 0.3) },
}
for (const engine of [engines.referenceEngine, engines.onnxEngine]) {
  const compiled = await engine.compile(step)
  const results = await compiled.run(feeds)
  for (const [name, { data }] of Object.entries(results))
    console.log(
      engine.name.padEnd(10),
      name.padEnd(12),
      Array.from(data, v => v.toFixed(6)).join(' '),
    )
  await compiled.dispose()
}
