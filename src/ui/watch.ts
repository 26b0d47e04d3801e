/** Keeps an index up to date while somebody looks on: the system's hints at once, a look at all files every second. */

import { type FSWatcher, watch } from 'node:fs'
import type { RunIndex } from './runIndex.ts'

/** Milliseconds between two looks at all runs. */
const EVERY = 1000
/** After a hint, since others follow it; a trainer writes its steps in groups. */
const SOON = 60

/**
 * Watches the folder and those of live runs, never what is within them: a checkpoint makes hundreds of
 * events. Hints may be missing, as on network disks; the look every second may not.
 * @returns what ends it
 */
export const watchRuns = (index: RunIndex): (() => void) => {
  const watchers = new Map<string, FSWatcher>()
  let soon: NodeJS.Timeout | undefined
  let isOver = false

  const hint = (): void => {
    soon ??= setTimeout(() => {
      soon = undefined
      void look()
    }, SOON)
  }
  const follow = (path: string): void => {
    if (watchers.has(path)) return
    try {
      const watcher = watch(path, hint)
      // A folder that goes away, or no room for more watches: the look every second stays.
      watcher.on('error', () => watcher.close())
      watchers.set(path, watcher)
    } catch {}
  }
  const followLive = (): void => {
    const live = index.runs.filter(({ summary }) => summary.state === 'running')
    const wanted = new Set([index.root, ...live.map(({ path }) => path)])
    for (const [path, watcher] of watchers)
      if (!wanted.has(path)) {
        watcher.close()
        watchers.delete(path)
      }
    for (const path of wanted) follow(path)
  }
  const look = async (): Promise<void> => {
    await index.refresh().catch(() => {})
    if (!isOver) followLive()
  }

  const timer = setInterval(look, EVERY)
  void look()
  return () => {
    isOver = true
    clearInterval(timer)
    clearTimeout(soon)
    for (const watcher of watchers.values()) watcher.close()
  }
}
