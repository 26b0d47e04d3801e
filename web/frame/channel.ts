/** A typed channel to a worker: calls with results, progress and an end; whatever fails rejects all. */

import { messageOf } from '../../src/errors/index.ts'

/** What a call may do besides returning. */
export interface Call<Progress = unknown> {
  /** Aborted when the page has lost interest. */
  readonly signal: AbortSignal
  /** Tells the page what happens in between. */
  progress(value: Progress): void
}

/** What a worker can be asked, by name. */
export type Methods = Readonly<
  Record<string, (input: never, call: Call<never>) => unknown | Promise<unknown>>
>

type InputOf<Method> = Method extends (input: infer Input, ...rest: never[]) => unknown
  ? Input
  : never
type ResultOf<Method> = Method extends (...all: never[]) => infer Result ? Awaited<Result> : never
type ProgressOf<Method> = Method extends (input: never, call: Call<infer Progress>) => unknown
  ? Progress
  : never

interface Request {
  readonly id: number
  /** Without a method, the call of this id is to end. */
  readonly method?: string
  readonly input?: unknown
}

type Answer = { readonly id: number } & (
  | { readonly kind: 'progress'; readonly value: unknown }
  | { readonly kind: 'result'; readonly value: unknown }
  | { readonly kind: 'failure'; readonly message: string }
)

/** A call that a worker refused, in its words. */
export class WorkerFailure extends Error {}

export interface CallOptions<Progress> {
  readonly signal?: AbortSignal | undefined
  readonly onProgress?: ((value: Progress) => void) | undefined
  /** Memory that goes over instead of being copied. */
  readonly transfer?: readonly Transferable[] | undefined
}

/** The page's end. */
export interface Channel<Own extends Methods> {
  call<Name extends keyof Own & string>(
    method: Name,
    input: InputOf<Own[Name]>,
    options?: CallOptions<ProgressOf<Own[Name]>>,
  ): Promise<ResultOf<Own[Name]>>
  /** Ends the worker; calls under way fail. */
  close(): void
}

interface Pending {
  resolve(value: unknown): void
  reject(error: Error): void
  onProgress?: ((value: never) => void) | undefined
}

export const openChannel = <Own extends Methods>(worker: Worker): Channel<Own> => {
  const pending = new Map<number, Pending>()
  let next = 0
  const failAll = (message: string): void => {
    for (const { reject } of pending.values()) reject(new WorkerFailure(message))
    pending.clear()
  }
  worker.onmessage = ({ data }: MessageEvent<Answer>) => {
    const call = pending.get(data.id)
    if (call === undefined) return
    if (data.kind === 'progress') return call.onProgress?.(data.value as never)
    pending.delete(data.id)
    if (data.kind === 'result') call.resolve(data.value)
    else call.reject(new WorkerFailure(data.message))
  }
  worker.onerror = ({ message }) => failAll(message || 'the worker could not start')
  worker.onmessageerror = () => failAll('a message could not be read')
  return {
    call: (method, input, { signal, onProgress, transfer = [] } = {}) => {
      const id = next++
      const promise = new Promise<unknown>((resolve, reject) => {
        pending.set(id, { resolve, reject, onProgress })
        worker.postMessage({ id, method, input } satisfies Request, [...transfer])
        signal?.addEventListener('abort', () => worker.postMessage({ id } satisfies Request))
      })
      return promise as Promise<never>
    },
    close: () => {
      worker.terminate()
      failAll('the worker was ended')
    },
  }
}

/** What a worker has of the browser, as much as is needed. */
interface WorkerScope {
  onmessage: (event: MessageEvent<Request>) => void
  postMessage(answer: Answer, transfer: Transferable[]): void
}

/** What of a result goes over instead of being copied. */
const buffersOf = (value: unknown): Transferable[] =>
  ArrayBuffer.isView(value) ? [value.buffer as ArrayBuffer] : []

/** The worker's end: answers calls by its methods. */
export const answerCalls = (methods: Methods): void => {
  const own = globalThis as unknown as WorkerScope
  const running = new Map<number, AbortController>()
  const send = (answer: Answer, transfer: Transferable[] = []): void =>
    own.postMessage(answer, transfer)
  own.onmessage = async ({ data: { id, method, input } }) => {
    if (method === undefined) return running.get(id)?.abort()
    const control = new AbortController()
    running.set(id, control)
    try {
      const value = await methods[method](input as never, {
        signal: control.signal,
        progress: value => send({ id, kind: 'progress', value }),
      })
      send({ id, kind: 'result', value }, buffersOf(value))
    } catch (error) {
      send({ id, kind: 'failure', message: messageOf(error) })
    } finally {
      running.delete(id)
    }
  }
}
