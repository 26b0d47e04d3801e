/**
 * What the machine can do at most: multiply-adds a second of an engine's own product of two square
 * matrices, the densest work there is. A network's rate over it says how much is left to gain.
 */

import type { CompileOptions, Engine } from '../engines/engine.ts'
import { graph, input } from '../graph/index.ts'
import { matmul, reduceMean } from '../ops/index.ts'
import { random } from '../random/index.ts'
import { repeat, spreadOf } from '../stats/clock.ts'

/** Sides of matrices: the first whose run takes so long, in seconds, hides what surrounds a product. */
const SIDES = [192, 384, 768, 1536, 3072, 6144]
const LONG_ENOUGH = 0.03
/** In one run, so that what goes in and comes out counts little. */
const PRODUCTS = 4

/** Multiply-adds a second, of the best run. */
export const measurePeak = async (
  engine: Engine,
  options: CompileOptions,
  [side, ...larger]: readonly number[] = SIDES,
): Promise<number> => {
  const x = input('x', [side, side])
  let product = x
  for (let i = 0; i < PRODUCTS; i++) product = matmul(product, x)
  const compiled = await engine.compile(graph({ mean: reduceMean(product) }), options)
  // Of this std products neither grow nor vanish.
  const draw = random(0)
  const data = Float32Array.from(
    { length: side * side },
    (_, i) => draw.normal(i) / Math.sqrt(side),
  )
  try {
    const run = () => compiled.run({ x: { shape: [side, side], data } })
    const [once] = await repeat(run, { warmUp: 1, seconds: 0, least: 1 })
    if (once >= LONG_ENOUGH || larger.length === 0) {
      const { best } = spreadOf(await repeat(run, { warmUp: 1, seconds: 1, least: 5 }))
      return (PRODUCTS * side ** 3) / best
    }
  } finally {
    await compiled.dispose()
  }
  return measurePeak(engine, options, larger)
}
