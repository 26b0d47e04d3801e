/**
 * What it takes to build and run each network once: one image of its own size through the ONNX
 * engine, every network in a fresh process. Times are of the processor, over all threads: other work
 * on the machine changes them little. Prints Markdown.
 *
 *     npx tsx bench/networks.ts [part of a name ...]
 */

import { execFile } from 'node:child_process'
import { availableParallelism, cpus } from 'node:os'
import { promisify } from 'node:util'
import { onnxEngine } from '../src/engines/onnxruntime/engine.ts'
import { model, modelNames } from '../src/models/registry.ts'
import { summarize } from '../src/models/summary.ts'
import { initialize } from '../src/nn/index.ts'
import { openPredictor } from '../src/weights/predictor.ts'

const MARK = '--one'

/** Seconds of the processor since it was last asked. */
const clock = (): (() => number) => {
  let before = process.cpuUsage()
  return () => {
    const { user, system } = process.cpuUsage(before)
    before = process.cpuUsage()
    return (user + system) / 1e6
  }
}

/** Builds and runs one network, and says what it took. */
const measure = async (name: string): Promise<string> => {
  const lap = clock()
  const network = model(name)
  const { parameters, multiplyAdds } = summarize(network)
  const built = lap()
  const tensors = initialize(network.network, 0)
  const drawn = lap()
  const { channels, size } = network
  const shape = { channels, height: size, width: size }
  const card = { model: name, classes: [], ...shape, mean: [], std: [] }
  const predictor = await openPredictor({ card, model: network, tensors }, 1, onnxEngine)
  const compiled = lap()
  const { logits } = await predictor.infer(new Float32Array(channels * size * size).fill(0.5))
  const run = lap()
  await predictor.dispose()
  if (!logits.data.every(Number.isFinite)) throw new Error('logits that are not finite')
  const peak = process.resourceUsage().maxRSS / 1024
  return [
    name,
    parameters.toLocaleString('en-US'),
    `${(multiplyAdds / 1e9).toFixed(3)} G`,
    ...[built, drawn, compiled, run].map(seconds => seconds.toFixed(2)),
    peak.toFixed(0),
  ].join(' | ')
}

const others = async (wanted: readonly string[]): Promise<void> => {
  const threads = availableParallelism()
  console.log(`${cpus()[0].model}, ${threads} threads, Node ${process.versions.node}, ONNX Runtime ${await onnxEngine.version()}

| network | parameters | multiply-adds | build, s | first weights, s | compile, s | run, s | peak, MiB |
|---|--:|--:|--:|--:|--:|--:|--:|`)
  const names = modelNames.filter(name => wanted.length === 0 || wanted.some(p => name.includes(p)))
  for (const name of names) {
    const own = [...process.execArgv, import.meta.filename, MARK, name]
    const { stdout } = await promisify(execFile)(process.execPath, own)
    console.log(`| ${stdout.trim()} |`)
  }
}

const [first, ...rest] = process.argv.slice(2)
if (first === MARK) console.log(await measure(rest[0]))
else await others(process.argv.slice(2))
