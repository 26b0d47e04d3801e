/** The live stream: a line of JSON for every run that has changed, over one answer that does not end. */

import type { ServerResponse } from 'node:http'
import type { LiveMessage } from './protocol.ts'
import type { RunIndex } from './runIndex.ts'
import { watchRuns } from './watch.ts'

/** Milliseconds after which a silent stream shows that it is there. */
const BEAT = 5000

/** Streams to pages, and watches the runs while there is one. */
export class LiveStreams {
  readonly #index: RunIndex
  #open = 0
  #stopWatching: (() => void) | undefined

  constructor(index: RunIndex) {
    this.#index = index
  }

  /** @param since - the version up to which the page knows all */
  add(response: ServerResponse, since: number): void {
    const index = this.#index
    let sent = since
    const write = (message: LiveMessage): boolean => response.write(`${JSON.stringify(message)}\n`)
    const send = (): void => {
      // What waits for a slow reader is not heaped up: the newest state is sent when it has read.
      if (response.writableNeedDrain) return
      const { version, runs } = index
      for (const id of index.goneSince(sent)) write({ kind: 'gone', id, version })
      for (const { summary } of runs)
        if (summary.version > sent) write({ kind: 'run', run: summary })
      sent = version
    }
    const beat = setInterval(() => write({ kind: 'beat', version: index.version }), BEAT)
    const unlisten = index.listen(send)
    response.on('drain', send)
    response.on('close', () => {
      clearInterval(beat)
      unlisten()
      if (--this.#open > 0) return
      this.#stopWatching?.()
      this.#stopWatching = undefined
    })
    this.#open++
    this.#stopWatching ??= watchRuns(index)
    response.setHeader('content-type', 'application/x-ndjson')
    write({ kind: 'hello', version: index.version, ids: index.runs.map(({ id }) => id) })
    send()
  }
}
