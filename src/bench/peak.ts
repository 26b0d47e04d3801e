/**
 * What the machine can do at most: multiply-adds a second of an engine's own product of two square
 * matrices, the densest work there is. A network's rate over it says how much is left to gain.
 */

import type { CompileOptions, Engine } from '../engines/engine.ts'
import { graph, input } from '../graph/index.ts'
import { matmul, reduceMean } from '../ops/index.ts'
import { random } from '../random/index.ts'
import { repeat, spreadOf } from '../stats/clock.ts'

/** Large enough to hide what surrounds a product, small enough for a tenth of a second. */
const SIDE = 1536
/** In one run, so that what goes in and comes out counts little. */
const PRODUCTS = 4

/** Multiply-adds a second, of the best run. */
export const measurePeak = async (engine: Engine, options: CompileOptions): Promise<number> => {
  const x = input('x', [SIDE, SIDE])
  let product = x
  for (let i = 0; i < PRODUCTS; i++) product = matmul(product, x)
  const compiled = await engine.compile(graph({ mean: reduceMean(product) }), options)
  // Of this std products neither grow nor vanish.
  const draw = random(0)
  const data = Float32Array.from(
    { length: SIDE * SIDE },
    (_, i) => draw.normal(i) / Math.sqrt(SIDE),
  )
  try {
    const run = () => compiled.run({ x: { shape: [SIDE, SIDE], data } })
    const { best } = spreadOf(await repeat(run, { warmUp: 2, seconds: 1, least: 5 }))
    return (PRODUCTS * SIDE ** 3) / best
  } finally {
    await compiled.dispose()
  }
}
