/**
 * The process in which a foreign model runs. ONNX Runtime is native code that trusts its models;
 * whatever becomes of this process, its parent lives. It ends with its parent, and when it takes
 * more memory than it may: a thread of its own watches, since a run keeps this one busy.
 */

import { Worker } from 'node:worker_threads'
import type { InferenceSession, Tensor } from 'onnxruntime-node'
import { loadRuntime } from '../engines/onnxruntime/engine.ts'
import { EngineError, messageOf } from '../errors/index.ts'
import { readable } from '../text/visible.ts'
import type { InputTensor } from './inputs.ts'
import type { Found } from './perImage.ts'

export type Request =
  | {
      readonly kind: 'open'
      readonly bytes: Uint8Array
      readonly outputs: readonly string[]
      readonly threads: number | undefined
      readonly memory: number
    }
  | {
      readonly kind: 'run'
      readonly inputs: Readonly<Record<string, InputTensor>>
    }

export type Answer =
  | { readonly values: Readonly<Record<string, Found>> }
  | { readonly opened: true }
  | { readonly failed: string }

/** What a watcher says on standard error before it ends the process. */
export const OUT_OF_MEMORY = 'excite: more memory than a foreign model may take'

const WATCHER = `
const { workerData: { memory, parent, text } } = require('node:worker_threads')
const { writeSync } = require('node:fs')
setInterval(() => {
  const large = process.memoryUsage.rss() > memory
  if (large) writeSync(2, text + '\\n')
  if (large || process.ppid !== parent) process.kill(process.pid, 'SIGKILL')
}, 100)
`

let session: InferenceSession | undefined
let outputs: readonly string[] = []

const open = async (request: Request & { kind: 'open' }): Promise<Answer> => {
  const { bytes, threads, memory } = request
  new Worker(WATCHER, {
    eval: true,
    workerData: { memory, parent: process.ppid, text: OUT_OF_MEMORY },
  }).unref()
  outputs = request.outputs
  const { InferenceSession } = await loadRuntime()
  session = await InferenceSession.create(bytes, {
    executionMode: 'sequential',
    interOpNumThreads: 1,
    ...(threads === undefined ? {} : { intraOpNumThreads: threads }),
    logSeverityLevel: 4,
  })
  return { opened: true }
}

const run = async ({ inputs }: Request & { kind: 'run' }): Promise<Answer> => {
  if (session === undefined)
    throw new EngineError({
      where: 'foreign model',
      expected: 'an opened model',
      got: 'a run before it',
    })
  const { Tensor } = await loadRuntime()
  const fed = Object.entries(inputs).map(([name, { dtype, data, shape }]) => [
    name,
    new Tensor(dtype as Tensor.Type, data, shape),
  ])
  const results = await session.run(Object.fromEntries(fed), outputs)
  const values = outputs.map((name): [string, Found] => {
    const { dims, data, type } = results[name] as Tensor
    // A newer Node has an array for halves, which older ones do not know what to do with.
    if (type === 'float16' && ArrayBuffer.isView(data))
      return [
        name,
        { shape: dims, data: new Uint16Array(data.buffer, data.byteOffset, data.length) },
      ]
    if (data instanceof Float32Array || data instanceof Float64Array || data instanceof Uint16Array)
      return [name, { shape: dims, data }]
    throw new EngineError({
      where: readable(name),
      expected: 'numbers of a gate',
      got: data.constructor.name,
    })
  })
  return { values: Object.fromEntries(values) }
}

process.on('message', async (request: Request) => {
  let answer: Answer
  try {
    answer = request.kind === 'open' ? await open(request) : await run(request)
  } catch (error) {
    answer = { failed: messageOf(error) }
  }
  process.send?.(answer)
})
process.on('disconnect', () => process.exit())
