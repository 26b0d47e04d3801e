/**
 * What a GPU does by the WebGPU engine: the adapter, the matrix product's rate, and images a second of
 * training. Prints Markdown. `bench/gpu.sh` runs it beside PyTorch.
 *
 *     npx tsx bench/gpu.ts [small]     (small: seconds on a GPU in software, to see that it works)
 */

import { WORKLOADS } from '../src/bench/workloads.ts'
import { webgpuNodeEngine as engine } from '../src/engines/webgpu/engine.ts'
import { graph, input } from '../src/graph/index.ts'
import { model } from '../src/models/registry.ts'
import { matmul, reduceSum } from '../src/ops/index.ts'
import { repeat, spreadOf } from '../src/stats/clock.ts'

const isSmall = process.argv[2] === 'small'
const protocol = isSmall
  ? { warmUp: 1, seconds: 0, least: 1 }
  : { warmUp: 3, seconds: 10, least: 5 }

const device = await engine.open()
console.log(`${device.description}\n`)
for (const name of ['maxBufferSize', 'maxStorageBufferBindingSize'] as const)
  console.log(`- ${name}: ${device.limits[name] / 2 ** 20} MiB`)

/** Products one after the other, so that waiting for the last costs little beside them. */
const CHAIN = 16

const product = async (n: number): Promise<void> => {
  const [a, b] = [input('a', [n, n]), input('b', [n, n])]
  let y = a
  for (let i = 0; i < CHAIN; i++) y = matmul(y, b)
  const compiled = await engine.compile(graph({ sum: reduceSum(y) }), { state: ['a', 'b'] })
  for (const name of ['a', 'b']) await compiled.state.initialize(name, values => values.fill(1 / n))
  const { best } = spreadOf(await repeat(() => compiled.run({}), protocol))
  const rate = (2 * n ** 3 * CHAIN) / best / 1e12
  console.log(`- matrix product of ${n}³: ${rate.toPrecision(3)} TFLOP/s`)
  await compiled.dispose()
}
for (const n of isSmall ? [64] : [1024, 4096]) await product(n)

const TRAININGS = isSmall
  ? [{ name: 'se-resnet8', batch: 2, size: 16 }]
  : [
      { name: 'se-resnet50', batch: 64, size: 224 },
      { name: 'se-resnet20', batch: 128, size: 32 },
      { name: 'se-resnet20', batch: 32, size: 32 },
    ]
console.log('\n| training | ms a step | images/s |\n|---|--:|--:|')
for (const { name, batch, size } of TRAININGS) {
  const work = await WORKLOADS.train({ model: model(name), size, batch, engine, threads: 1 })
  const { best } = spreadOf(await repeat(work.step, protocol))
  await work.dispose()
  const rate = (batch / best).toFixed(0)
  console.log(`| ${name}, batch ${batch}, ${size}² | ${(best * 1000).toFixed(1)} | ${rate} |`)
}
process.exit(0)
