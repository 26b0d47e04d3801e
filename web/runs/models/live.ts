/** All runs, as they are now: one tab of the browser follows the server's stream and tells the others. */

import { signal } from '@preact/signals'
import type { LiveMessage, RunSummary } from '../../../src/ui/protocol.ts'
import { ask, listRuns, ServerFailure } from './server.ts'

/** The runs by id; undefined until they were first told. */
export const runs = signal<ReadonlyMap<string, RunSummary> | undefined>(undefined)
/** The folder that they are in. */
export const folder = signal('runs')
/** Since when nothing was heard, and why; undefined while all is well. */
export const silence = signal<{ readonly since: Date; readonly error: unknown } | undefined>(
  undefined,
)

const NAME = 'excite-live'
/** The server says something every five seconds. */
const LONGEST_SILENCE = 12_000
const LONGEST_WAIT = 10_000

type Told =
  | LiveMessage
  | { readonly kind: 'lost'; readonly since: number; readonly message: string }

let version = 0

const apply = (message: Told): void => {
  if (message.kind === 'lost') {
    silence.value ??= { since: new Date(message.since), error: new Error(message.message) }
    return
  }
  silence.value = undefined
  const next = new Map(runs.peek())
  if (message.kind === 'hello') {
    const there = new Set(message.ids)
    for (const id of next.keys()) if (!there.has(id)) next.delete(id)
  } else if (message.kind === 'run') {
    next.set(message.run.id, message.run)
    version = Math.max(version, message.run.version)
  } else if (message.kind === 'gone') next.delete(message.id)
  else return
  runs.value = next
}

const sleep = (milliseconds: number): Promise<void> =>
  new Promise(resolve => setTimeout(resolve, milliseconds))

/** Reads the stream until it ends. */
const follow = async (tell: (message: Told) => void): Promise<void> => {
  const control = new AbortController()
  let timer = setTimeout(() => control.abort(), LONGEST_SILENCE)
  try {
    const response = await ask(`live?since=${version}`, { signal: control.signal })
    const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader()
    for (let rest = ''; reader !== undefined; ) {
      const { value, done } = await reader.read()
      if (done) break
      clearTimeout(timer)
      timer = setTimeout(() => control.abort(), LONGEST_SILENCE)
      const lines = (rest + value).split('\n')
      rest = lines.pop() ?? ''
      for (const line of lines) tell(JSON.parse(line) as LiveMessage)
    }
    throw new ServerFailure('the stream of changes has ended', 0)
  } finally {
    clearTimeout(timer)
    control.abort()
  }
}

let isFollowing = false

/** Begins to follow the runs, once for all views. */
export const followRuns = async (): Promise<void> => {
  if (isFollowing) return
  isFollowing = true
  const others = new BroadcastChannel(NAME)
  others.onmessage = ({ data }: MessageEvent<Told>) => apply(data)
  const tell = (message: Told): void => {
    apply(message)
    others.postMessage(message)
  }
  await listRuns().then(
    list => {
      folder.value = list.folder
      const known = list.runs.map((run): [string, RunSummary] => [run.id, run])
      version = Math.max(0, ...list.runs.map(run => run.version))
      runs.value = new Map(known)
    },
    error => {
      silence.value = { since: new Date(), error }
    },
  )
  // A browser has six connections to a host: seven tabs that each held one would stand still.
  await navigator.locks.request(NAME, async () => {
    for (let wait = 1000; ; wait = Math.min(2 * wait, LONGEST_WAIT)) {
      const error = await follow(message => {
        wait = 500
        tell(message)
      }).catch((cause: unknown) => cause)
      tell({ kind: 'lost', since: Date.now(), message: `${(error as Error).message}` })
      await sleep(wait)
    }
  })
}
