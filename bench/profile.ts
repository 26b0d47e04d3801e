/**
 * Where the time of an ONNX training step goes: by operator, and by the operation it was lowered from.
 * Usage: npx tsx bench/profile.ts MODEL BATCH SIZE [STEPS] [THREADS]
 */

import { readFileSync, rmSync } from 'node:fs'
import { availableParallelism, tmpdir } from 'node:os'
import { join } from 'node:path'
import { InferenceSession, Tensor } from 'onnxruntime-node'
import { model } from '../src/models/registry.ts'
import { initialize } from '../src/nn/index.ts'
import { emit } from '../src/onnx/emit.ts'
import { encodeModel } from '../src/onnx/encode.ts'
import { random } from '../src/random/index.ts'
import { pack } from '../src/train/layout.ts'
import { sgd } from '../src/train/optimizers.ts'
import { trainingStep } from '../src/train/step.ts'

const [name = 'se-resnet20', ...numbers] = process.argv.slice(2)
const [batch = 128, size = 32, steps = 5, threads = availableParallelism()] = numbers.map(Number)
const WARM_UP = 2
const ROWS = Number(process.env.ROWS ?? 30)

interface Event {
  readonly cat: string
  readonly name: string
  readonly dur: number
  readonly args: { readonly op_name?: string }
}

const timed = async <Result>(label: string, work: () => Result | Promise<Result>) => {
  const start = performance.now()
  const result = await work()
  console.log(`${label}: ${((performance.now() - start) / 1000).toFixed(2)} s`)
  return result
}

const network = model(name)
const step = await timed('graph', () =>
  trainingStep({
    network: network.network,
    images: [batch, network.channels, size, size],
    optimizer: sgd(),
    weightDecay: 1e-4,
  }),
)
const emitted = await timed('emit', () => emit(step.graph))
const bytes = await timed('encode', () => encodeModel(emitted))
console.log(`${emitted.graph.nodes.length} nodes, ${(bytes.length / 1e6).toFixed(1)} MB`)
const session = await timed('session', () =>
  InferenceSession.create(bytes, {
    executionMode: 'sequential',
    interOpNumThreads: 1,
    intraOpNumThreads: threads,
    logSeverityLevel: 3,
    enableMemPattern: false,
    enableProfiling: true,
    profileFilePrefix: join(tmpdir(), 'excite-profile'),
    extra: { session: { set_denormal_as_zero: '1' } },
  }),
)
const draw = random(0)
const first = initialize(network.network, 0)
const feeds: Record<string, Tensor> = {
  images: new Tensor(
    Float32Array.from({ length: batch * network.channels * size * size }, (_, i) => draw.normal(i)),
    [batch, network.channels, size, size],
  ),
  labels: new Tensor(
    Int32Array.from({ length: batch }, (_, i) => i % network.classes),
    [batch],
  ),
  learningRate: new Tensor(Float32Array.of(1e-3), []),
  step: new Tensor(Float32Array.of(1), []),
}
for (const state of step.state) {
  const table = state === 'buffers' ? step.buffers : step.parameters
  const data = state === 'momentum' ? new Float32Array(table.size) : pack(table, first)
  feeds[state] = new Tensor(data, [table.size])
}
const known = new Set(session.inputNames)
for (const input of Object.keys(feeds)) if (!known.has(input)) delete feeds[input]
for (let i = 0; i < WARM_UP + steps; i++) await timed(`step ${i}`, () => session.run(feeds))
session.endProfiling()
const { readdirSync } = await import('node:fs')
const file = readdirSync(tmpdir())
  .filter(entry => entry.startsWith('excite-profile') && entry.endsWith('.json'))
  .map(entry => join(tmpdir(), entry))
  .at(-1) as string
const events = JSON.parse(readFileSync(file, 'utf8')) as Event[]
rmSync(file)

const runs = events.filter(event => event.cat === 'Node' && event.name.endsWith('_kernel_time'))
const perRun = runs.length / (WARM_UP + steps)
const measured = runs.slice(Math.round(perRun) * WARM_UP)
const sum = (keyOf: (event: Event) => string): void => {
  const totals = new Map<string, { time: number; count: number }>()
  for (const event of measured) {
    const key = keyOf(event)
    const { time, count } = totals.get(key) ?? { time: 0, count: 0 }
    totals.set(key, { time: time + event.dur, count: count + 1 })
  }
  const rows = [...totals].sort(([, a], [, b]) => b.time - a.time).slice(0, ROWS)
  for (const [key, { time, count }] of rows)
    console.log(
      `${(time / steps / 1000).toFixed(1).padStart(8)} ms ${String(Math.round(count / steps)).padStart(6)}  ${key}`,
    )
}
const operation = ({ name }: Event): string => {
  const parts = name.replace('_kernel_time', '').split('/')
  const own = parts.length > 1 ? parts[parts.length - 2] : '(fused)'
  return `${parts[0].startsWith('gradient') ? '∂' : ''}${own}`
}
const total = measured.reduce((all, { dur }) => all + dur, 0)
console.log(
  `\nkernels: ${(total / steps / 1000).toFixed(0)} ms a step, ${Math.round(perRun)} nodes\n`,
)
sum(({ args }) => args.op_name ?? '?')
console.log()
sum(event => `${operation(event)} ${event.args.op_name}`)
if (process.env.DETAIL) {
  console.log()
  sum(event => event.name.replace('_kernel_time', ''))
}
