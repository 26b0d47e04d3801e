/** Shake-shake networks compile and run, whatever the parity of their maps. */

import { expect, it } from 'vitest'
import { onnxEngine } from '../engines/onnxruntime/engine.ts'
import { sizeOf } from '../graph/index.ts'
import { inferenceGraph } from './inferenceGraph.ts'
import { model } from './registry.ts'

it.each([
  ['shake26_2x96d', 8],
  ['shake26_2x96d', 9],
  ['shake29_2x4x64d', 8],
])('%s runs on images of %d²', async (name, size) => {
  const found = model(name, { classes: 3 })
  const made = inferenceGraph(found, 1, [size, size])
  const compiled = await onnxEngine.compile(made, { threads: 1 })
  try {
    const feeds = Object.fromEntries(
      made.inputs.map(({ name = '', shape }) => [
        name,
        { shape, data: new Float32Array(sizeOf(shape)).fill(name === 'fc.bias' ? 2 : 0.01) },
      ]),
    )
    const { logits } = await compiled.run(feeds)
    expect(logits.shape).toEqual([1, 3])
    expect([...logits.data].every(value => Number.isFinite(value) && value !== 2)).toBe(true)
  } finally {
    await compiled.dispose()
  }
})
