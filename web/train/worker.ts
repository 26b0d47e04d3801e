/** The worker of a training: one training, by WebGPU or WebAssembly. */

import type { Engine } from '../../src/engines/engine.ts'
import { UsageError } from '../../src/errors/index.ts'
import type { PageImage } from '../../src/page/image.ts'
import { exportOnnx } from '../../src/weights/export.ts'
import { writeTrained } from '../../src/weights/trained.ts'
import { answerCalls, type Call } from '../frame/channel.ts'
import {
  datasetOf,
  type Epoch,
  openTraining,
  type Samples,
  type Settings,
  type ShapesCount,
  type Step,
  shapesOf,
  type Training,
} from './training.ts'

/** `auto` is WebGPU where the browser has a GPU; one in software is slower than WebAssembly. */
export type EngineChoice = 'auto' | 'webgpu' | 'wasm'

export interface TrainingRequest {
  readonly settings: Settings
  readonly data: { readonly shapes: ShapesCount } | { readonly samples: Samples }
  readonly engine: EngineChoice
}

/** What was opened. */
export interface Opened {
  readonly classes: readonly string[]
  readonly engine: string
  readonly steps: number
}

/** The rest of the events come together, at most so often, in milliseconds. */
const INTERVAL = 120

const hasGpu = async (): Promise<boolean> => {
  const adapter = await navigator.gpu?.requestAdapter().catch(() => null)
  return adapter !== null && adapter !== undefined && !adapter.info.isFallbackAdapter
}

const openEngine = async (
  choice: EngineChoice,
): Promise<{ engine: Engine; name: string; threads?: number }> => {
  if (choice === 'webgpu' || (choice === 'auto' && (await hasGpu()))) {
    const { webgpuWebEngine } = await import('../../src/engines/webgpu/web.ts')
    return { engine: webgpuWebEngine, name: `WebGPU (${await webgpuWebEngine.version()})` }
  }
  const { env } = await import('onnxruntime-web/wasm')
  const threads = crossOriginIsolated ? Math.max(1, navigator.hardwareConcurrency - 1) : 1
  env.wasm.numThreads = threads
  const { onnxWebEngine } = await import('../../src/engines/onnxruntime/web.ts')
  const name = `WebAssembly (ONNX Runtime ${await onnxWebEngine.version()}, ${threads} ${threads === 1 ? 'thread' : 'threads'})`
  return { engine: onnxWebEngine, name }
}

let training: Training | undefined

const opened = (): Training => {
  if (training === undefined)
    throw new UsageError({ where: 'training', expected: 'one that was begun', got: 'none' })
  return training
}

const methods = {
  open: async ({ settings, data, engine: choice }: TrainingRequest): Promise<Opened> => {
    const images =
      'shapes' in data
        ? shapesOf(data.shapes, settings.size)
        : await datasetOf(data.samples, settings.size)
    const { engine, name } = await openEngine(choice)
    training = await openTraining(settings, images, engine)
    return { classes: images.train.classes, engine: name, steps: training.steps }
  },
  run: async (_: undefined, { signal, progress }: Call<readonly (Step | Epoch)[]>) => {
    let waiting: (Step | Epoch)[] = []
    let last = 0
    const flush = (): void => {
      progress(waiting)
      waiting = []
      last = performance.now()
    }
    // Between two steps the worker must hear that it is to stop.
    const { port1, port2 } = new MessageChannel()
    const turn = (): Promise<void> =>
      new Promise(resolve => {
        port1.onmessage = () => resolve()
        port2.postMessage(undefined)
      })
    const done = await opened().run(signal, event => {
      waiting.push(event)
      if (performance.now() - last > INTERVAL || event.kind === 'epoch') flush()
      return turn()
    })
    flush()
    port1.close()
    return done
  },
  classify: ({ image }: { image: PageImage }) => opened().classify(image),
  save: async ({ kind }: { kind: 'onnx' | 'safetensors' }): Promise<Uint8Array> => {
    const trained = await opened().trained()
    return kind === 'onnx' ? exportOnnx(trained) : writeTrained(trained)
  },
}
export type TrainWorker = typeof methods

answerCalls(methods)
