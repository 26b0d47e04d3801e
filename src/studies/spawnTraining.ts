/** A training as a process of its own: `excite train --resume` on a run folder made for it. */

import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import type { Readable } from 'node:stream'
import { EngineError } from '../errors/index.ts'
import { createRun, RUN_FILES } from '../runs/runFolder.ts'
import type { PlannedRun } from './plan.ts'
import type { Trainer } from './runner.ts'

export interface SpawnOptions {
  readonly cacheDir?: string | undefined
  readonly saveEvery: number
  /** Where relative paths begin; this process's folder unless given. */
  readonly cwd?: string | undefined
  /** Ends the training at once, saved or not. */
  readonly kill?: AbortSignal | undefined
}

/** How much of what a run last wrote is kept, to be told if it fails. */
const KEPT_LINES = 20

/** Its own error where it wrote one, else the last line up to its bar: a crash has no words of ours. */
const lastWords = (lines: readonly string[]): string => {
  const own = lines.findLast(text => text.startsWith('excite: '))
  return (own?.replace(/^excite: /, '') ?? lines.at(-1)?.split(/[━╸]/)[0] ?? '')
    .replaceAll(/\s+/g, ' ')
    .trim()
}

/**
 * Makes the folder of a run, where it has not begun: `excite train --resume` then trains it, anywhere
 * that the folder is seen.
 */
export const beginRun = async ({
  folder,
  config,
}: Pick<PlannedRun, 'folder' | 'config'>): Promise<void> => {
  if (!existsSync(join(folder, RUN_FILES.config))) await createRun(folder, config)
}

/**
 * A run that has not begun starts, one that has goes on from its newest checkpoint. It has a channel
 * to this process: should this one vanish, the channel closes, and the run saves and stops.
 */
export const spawnTraining =
  ({ cacheDir, saveEvery, cwd, kill }: SpawnOptions): Trainer =>
  async ({ folder, config }, { signal, onLine }) => {
    await beginRun({ folder, config })
    const args = ['train', '--resume', folder, '--save-every', `${saveEvery}`]
    if (cacheDir !== undefined) args.push('--cache-dir', cacheDir)
    const child = spawn(process.execPath, [...process.execArgv, process.argv[1], ...args], {
      // A group of its own: Ctrl-C reaches it once, through us.
      detached: true,
      cwd,
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    })
    const last: string[] = []
    createInterface({ input: child.stderr as Readable }).on('line', text => {
      last.push(text)
      if (last.length > KEPT_LINES) last.shift()
      onLine(text)
    })
    const stop = (): void => {
      child.kill('SIGINT')
    }
    const end = (): void => {
      child.kill('SIGKILL')
    }
    signal.addEventListener('abort', stop)
    kill?.addEventListener('abort', end)
    try {
      const ending = await new Promise<string | undefined>((resolve, reject) => {
        child.on('error', reject)
        child.on('close', (code, signal) =>
          resolve(code === 0 ? undefined : (signal ?? `exit code ${code}`)),
        )
      })
      if (ending === undefined || signal.aborted) return undefined
      throw new EngineError({
        where: folder,
        expected: 'a training to its end',
        got: [ending, lastWords(last)].filter(text => text !== '').join(': '),
      })
    } finally {
      signal.removeEventListener('abort', stop)
      kill?.removeEventListener('abort', end)
    }
  }
