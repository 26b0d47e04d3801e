/**
 * Images a second of training steps, nothing else in the loop.
 * Usage: npx tsx bench/step.ts MODEL BATCH SIZE [STEPS] [THREADS] [DEVICE]
 */

import { availableParallelism, cpus } from 'node:os'
import { openDevice } from '../src/engines/registry.ts'
import { model, RECIPES, random } from '../src/index.ts'
import { openSession } from '../src/train/session.ts'

const [name = 'se-resnet20', ...rest] = process.argv.slice(2)
const { engine } = await openDevice(rest[4])
const numbers = rest.slice(0, 4)
const [batch = 128, size = 32, steps = 12, threads = availableParallelism()] = numbers.map(Number)
const WARM_UP = 3

const network = model(name)
const before = performance.now()
const session = await openSession({
  model: network,
  size: [size, size],
  recipe: { ...RECIPES.short, batch },
  seed: 0,
  engine,
  threads,
})
const compiled = (performance.now() - before) / 1000

const draw = random(0)
const images = Float32Array.from({ length: batch * network.channels * size * size }, (_, i) =>
  draw.normal(i),
)
const labels = Int32Array.from({ length: batch }, (_, i) => i % network.classes)
const indices = Uint32Array.from(labels.keys())
const seconds: number[] = []
for (let step = 0; step < WARM_UP + steps; step++) {
  const start = performance.now()
  const at = { step, learningRate: 1e-3, frozen: false }
  await session.step({ images, labels, indices, count: batch }, at)
  if (step >= WARM_UP) seconds.push((performance.now() - start) / 1000)
}
await session.dispose()

const sorted = seconds.sort((a, b) => a - b)
const speed = (time: number): string => (batch / time).toFixed(1)
console.log(`${cpus()[0].model}, ${threads} threads, Node ${process.versions.node}, ${engine.name} ${await engine.version()}
${name}, batch ${batch}, ${network.channels}×${size}×${size}: compiled in ${compiled.toFixed(1)} s
training: ${speed(sorted[Math.floor(steps / 2)])} images/s median, ${speed(sorted[0])} best of ${steps} steps
peak memory: ${(process.resourceUsage().maxRSS / 1024).toFixed(0)} MiB`)
