/** "Look inside" without a page: what is shown, what the network makes of it, and what one can do. */

import { batch, computed, type ReadonlySignal, signal } from '@preact/signals'
import type { Channel } from '../frame/channel.ts'
import type { InsideState } from './address.ts'
import type { Measured } from './measured.ts'
import type { NetworkInfo } from './network.ts'
import type { Answer, InsideWorker, Picture } from './worker.ts'

/** Where the files of the networks are read. */
export type Fetch = (path: string) => Promise<Uint8Array>

/** A network that is open, with what was measured of it, where that is known. */
export interface Opened {
  readonly info: NetworkInfo
  readonly measured?: Measured | undefined
  /** The file that was dropped, where it is none that comes with the page. */
  readonly file?: string | undefined
}

/** A pause as long as this is the end of a gesture. */
const PAUSE = 250

export interface InsideModel {
  readonly state: ReadonlySignal<InsideState>
  readonly network: ReadonlySignal<Opened | undefined>
  readonly answer: ReadonlySignal<Answer | undefined>
  /** As it was before the gesture under way, to compare with. */
  readonly before: ReadonlySignal<Answer | undefined>
  /** The average of each block at every scale of the present scene. */
  readonly sweep: ReadonlySignal<readonly (readonly number[])[] | undefined>
  /** A picture in place of the scene. */
  readonly image: ReadonlySignal<string | undefined>
  readonly failure: ReadonlySignal<unknown>
  /** The paths of blocks that are switched off. */
  readonly off: ReadonlySignal<readonly string[]>
  /** How many answers there have been: for whoever measures. */
  readonly answers: ReadonlySignal<number>
  open(name: string): Promise<void>
  openFile(file: Blob & { readonly name: string }): Promise<void>
  /** Changes what is shown. */
  change(part: Partial<InsideState>): void
  /** Keeps the present answer to compare with. */
  freeze(): void
  /** Shows what a canvas can draw; nothing goes back to the scene. */
  showImage(image: ImageBitmap | Blob | undefined, name?: string): void
  toggle(path: string): void
}

export const insideModel = (
  channel: Channel<InsideWorker>,
  fetchFile: Fetch,
  initial: InsideState,
): InsideModel => {
  const state = signal(initial)
  const network = signal<Opened | undefined>(undefined)
  const answer = signal<Answer | undefined>(undefined)
  const before = signal<Answer | undefined>(undefined)
  const sweep = signal<readonly (readonly number[])[] | undefined>(undefined)
  const image = signal<string | undefined>(undefined)
  const failure = signal<unknown>(undefined)
  const answers = signal(0)
  let shown: ImageBitmap | Blob | undefined
  let isAsking = false
  let isStale = false
  let pause: ReturnType<typeof setTimeout> | undefined
  let sweeping = new AbortController()

  const off = computed(() => {
    const names = state.value.off.split(',')
    const blocks = network.value?.info.blocks ?? []
    return blocks.filter(({ block }) => names.includes(block)).map(({ path }) => path)
  })

  const picture = (): Picture =>
    shown === undefined ? { kind: 'scene', scene: state.peek() } : { kind: 'image', image: shown }

  const measureSweep = async (): Promise<void> => {
    sweeping = new AbortController()
    const found = await channel
      .call('sweep', { scene: state.peek(), off: off.peek() }, { signal: sweeping.signal })
      .catch(() => undefined)
    if (found !== undefined) sweep.value = found
  }

  /** One question at a time; of those that come meanwhile the latest. */
  const ask = async (): Promise<void> => {
    clearTimeout(pause)
    sweeping.abort()
    if (network.peek() === undefined) return
    if (isAsking) {
      isStale = true
      return
    }
    isAsking = true
    try {
      const next = await channel.call('look', { picture: picture(), off: off.peek() })
      batch(() => {
        answer.value = next
        answers.value++
        failure.value = undefined
      })
    } catch (error) {
      failure.value = error
    }
    isAsking = false
    if (isStale) {
      isStale = false
      return ask()
    }
    if (shown === undefined) pause = setTimeout(measureSweep, PAUSE)
  }

  const openBytes = async (bytes: Uint8Array, file: string): Promise<NetworkInfo> => {
    sweeping.abort()
    return channel.call('open', { bytes, file })
  }
  const opened = (next: Opened): void => {
    batch(() => {
      network.value = next
      answer.value = undefined
      before.value = undefined
      sweep.value = undefined
    })
    void ask()
  }
  const attempt = async (work: () => Promise<void>): Promise<void> => {
    try {
      await work()
      failure.value = undefined
    } catch (error) {
      failure.value = error
    }
  }

  return {
    ...{ state, network, answer, before, sweep, image, failure, off, answers },
    open: name =>
      attempt(async () => {
        state.value = { ...state.peek(), net: name }
        const [bytes, text] = await Promise.all([
          fetchFile(`networks/${name}.safetensors`),
          fetchFile(`networks/${name}.json`).catch(() => undefined),
        ])
        const measured = text && (JSON.parse(new TextDecoder().decode(text)) as Measured)
        opened({ info: await openBytes(bytes, name), measured })
      }),
    openFile: file =>
      attempt(async () => {
        const bytes = new Uint8Array(await file.arrayBuffer())
        opened({ info: await openBytes(bytes, file.name), file: file.name })
      }),
    change: part => {
      state.value = { ...state.peek(), ...part }
      void ask()
    },
    freeze: () => {
      before.value = answer.peek()
    },
    showImage: (next, name) => {
      shown = next
      image.value = next === undefined ? undefined : (name ?? 'a picture')
      void ask()
    },
    toggle: path => {
      before.value = answer.peek()
      const now = off.peek().includes(path)
        ? off.peek().filter(other => other !== path)
        : [...off.peek(), path]
      const blocks = network.peek()?.info.blocks ?? []
      const names = blocks.filter(block => now.includes(block.path)).map(({ block }) => block)
      state.value = { ...state.peek(), off: names.join() }
      void ask()
    },
  }
}
