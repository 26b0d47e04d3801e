/** Operands that stretch along some axes meet maps in blocks of channels, as convolutions give them. */

import { describe, expect, it } from 'vitest'
import { graph, input, sizeOf } from '../../../graph/index.ts'
import { add, convolution, mul } from '../../../ops/index.ts'
import { random } from '../../../random/index.ts'
import { referenceEngine } from '../../reference/engine.ts'
import { onednnEngine } from '../engine.ts'
import { probeAll } from '../probeLibrary.ts'

const usable = (await probeAll()).some(({ problem }) => problem === undefined)
const draw = random(5)

describe.skipIf(!usable)('a convolution of 64 channels meets an operand of shape', () => {
  it.each(
    [2, 3, 8].flatMap(size =>
      [
        [4, 64, size, 1],
        [4, 64, 1, size],
        [1, 64, size, 1],
        [1, 64, size, size],
        [4, 1, size, 1],
        [4, 64, 1, 1],
        [1, 64, 1, 1],
      ].map(narrow => ({ size, narrow })),
    ),
  )('$narrow', async ({ size, narrow }) => {
    const [u, w] = [input('u', [4, 64, size, size]), input('w', [64, 64, 3, 3])]
    const n = input('n', narrow)
    const y = convolution(u, w, undefined, { padding: 1 })
    const both = graph({ product: mul(y, n), sum: add(n, y) })
    const feeds = Object.fromEntries(
      both.inputs.map(({ name = '', shape }) => {
        const own = draw.fork(name)
        return [
          name,
          { shape, data: Float32Array.from({ length: sizeOf(shape) }, (_, i) => own.normal(i)) },
        ]
      }),
    )
    const [expected, found] = await Promise.all(
      [referenceEngine, onednnEngine].map(async engine => (await engine.compile(both)).run(feeds)),
    )
    for (const [name, { data }] of Object.entries(expected)) {
      const largest = Math.max(...Array.from(data, Math.abs))
      const apart = Array.from(data, (value, i) => Math.abs(value - found[name].data[i]) / largest)
      expect(Math.max(...apart), name).toBeLessThan(1e-5)
    }
  })
})
