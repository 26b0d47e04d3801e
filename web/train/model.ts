/** A training without a page: what it has come to, and what one can do with it. */

import { batch, type ReadonlySignal, signal } from '@preact/signals'
import type { PageImage } from '../../src/page/image.ts'
import type { EpochRow } from '../../src/train/epochRow.ts'
import type { Channel } from '../frame/channel.ts'
import { thinned } from './thinned.ts'
import type { Epoch, Step } from './training.ts'
import type { Opened, TrainingRequest, TrainWorker } from './worker.ts'

export type Status = 'preparing' | 'training' | 'paused' | 'done' | 'failed'

export interface Point {
  readonly step: number
  readonly loss: number
}

export interface TrainModel {
  readonly request: TrainingRequest
  readonly status: ReadonlySignal<Status>
  readonly opened: ReadonlySignal<Opened | undefined>
  readonly step: ReadonlySignal<number>
  readonly curve: ReadonlySignal<readonly Point[]>
  readonly rows: ReadonlySignal<readonly EpochRow[]>
  /** Images a second, over the last steps. */
  readonly speed: ReadonlySignal<number | undefined>
  readonly failure: ReadonlySignal<unknown>
  pause(): void
  goOn(): void
  classify(image: PageImage): Promise<readonly number[]>
  save(kind: 'onnx' | 'safetensors'): Promise<Uint8Array>
  /** Ends it, and gives its memory back. */
  close(): void
}

/** How much a new step's time counts against those before. */
const SMOOTHING = 0.1

export const trainModel = (channel: Channel<TrainWorker>, request: TrainingRequest): TrainModel => {
  const status = signal<Status>('preparing')
  const opened = signal<Opened | undefined>(undefined)
  const step = signal(0)
  const curve = signal<readonly Point[]>([])
  const rows = signal<readonly EpochRow[]>([])
  const speed = signal<number | undefined>(undefined)
  const failure = signal<unknown>(undefined)
  let stopping = new AbortController()
  let secondsPerStep: number | undefined

  const hear = (events: readonly (Step | Epoch)[]): void =>
    batch(() => {
      const steps = events.filter(event => event.kind === 'step')
      for (const { seconds } of steps)
        secondsPerStep =
          secondsPerStep === undefined || !Number.isFinite(secondsPerStep)
            ? seconds
            : secondsPerStep + SMOOTHING * (seconds - secondsPerStep)
      if (steps.length > 0) {
        step.value = steps[steps.length - 1].step
        curve.value = thinned([...curve.value, ...steps])
        if (secondsPerStep) speed.value = request.settings.batch / secondsPerStep
      }
      const ended = events.flatMap(event => (event.kind === 'epoch' ? [event.row] : []))
      if (ended.length > 0) rows.value = [...rows.value, ...ended]
    })
  const fail = (error: unknown): void => {
    failure.value = error
    status.value = 'failed'
  }
  const run = async (): Promise<void> => {
    stopping = new AbortController()
    status.value = 'training'
    try {
      const { isDone } = await channel.call('run', undefined, {
        signal: stopping.signal,
        onProgress: hear,
      })
      status.value = isDone ? 'done' : 'paused'
    } catch (error) {
      fail(error)
    }
  }
  channel.call('open', request).then(found => {
    opened.value = found
    return run()
  }, fail)

  return {
    ...{ request, status, opened, step, curve, rows, speed, failure },
    pause: () => stopping.abort(),
    goOn: () => void run(),
    classify: image => channel.call('classify', { image }),
    save: kind => channel.call('save', { kind }),
    close: channel.close,
  }
}
