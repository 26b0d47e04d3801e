/**
 * Whether memory grows with the steps of a training: resident memory over a thousand of them, and
 * the line through it.
 * Usage: npx tsx bench/memory.ts [NETWORK] [BATCH] [SIZE] [STEPS] [DEVICE…]
 */

import { availableParallelism } from 'node:os'
import { WORKLOADS } from '../src/bench/workloads.ts'
import { openEngine } from '../src/engines/registry.ts'
import { model } from '../src/models/registry.ts'

const [network = 'se-resnet8', batch = '32', size = '32', steps = '1000', ...engines] =
  process.argv.slice(2)
/** Of the steps, before the line begins: heaps grow to their size in them. */
const SETTLING = 0.3
const SAMPLES = 50
const MIB = 2 ** 20

/** The slope of the least-squares line, in bytes a step. */
const slope = (points: readonly (readonly [step: number, bytes: number])[]): number => {
  const mean = (of: (point: readonly [number, number]) => number): number =>
    points.reduce((sum, point) => sum + of(point), 0) / points.length
  const [x, y] = [mean(([step]) => step), mean(([, bytes]) => bytes)]
  return (
    mean(([step, bytes]) => (step - x) * (bytes - y)) / mean(([step]) => (step - x) * (step - x))
  )
}

for (const engine of engines.length > 0 ? engines : ['onednn', 'onnxruntime']) {
  const { step: runStep, dispose } = await WORKLOADS.train({
    model: model(network),
    size: Number(size),
    batch: Number(batch),
    engine: (await openEngine(engine)).engine,
    threads: availableParallelism(),
  })
  const points: [number, number][] = []
  const total = Number(steps)
  for (let step = 0; step < total; step++) {
    await runStep(step)
    // As the training loop does: what is freed is freed between steps.
    await new Promise(resolve => setImmediate(resolve))
    if (step >= SETTLING * total && step % Math.ceil(total / SAMPLES) === 0)
      points.push([step, process.memoryUsage.rss()])
  }
  await dispose()
  const held = points.map(([, bytes]) => bytes / MIB)
  console.log(
    `${engine}, ${network}, batch ${batch}, ${size}²: ${Math.min(...held).toFixed(0)} to ${Math.max(...held).toFixed(0)} MiB from step ${points[0][0]} to ${points.at(-1)?.[0]}, ${((slope(points) * 1000) / MIB).toFixed(2)} MiB a thousand steps`,
  )
}
