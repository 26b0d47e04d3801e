/** A training as a process of its own: `excite train --resume` on a run folder made for it. */

import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { EngineError } from '../errors/index.ts'
import { createRun, RUN_FILES } from '../runs/runFolder.ts'
import type { PlannedRun } from './plan.ts'
import type { Trainer } from './runner.ts'

export interface SpawnOptions {
  readonly cacheDir?: string
  readonly saveEvery: number
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
 * A run that has not begun starts, one that has goes on from its newest checkpoint. Its standard
 * error is our pipe: should this process vanish, the run ends at the next line that it writes.
 */
export const spawnTraining =
  ({ cacheDir, saveEvery }: SpawnOptions): Trainer =>
  async ({ folder, config }, { signal, onLine }) => {
    await beginRun({ folder, config })
    const args = ['train', '--resume', folder, '--save-every', `${saveEvery}`]
    if (cacheDir !== undefined) args.push('--cache-dir', cacheDir)
    const child = spawn(process.execPath, [...process.execArgv, process.argv[1], ...args], {
      // A group of its own: Ctrl-C reaches it once, through us.
      detached: true,
      stdio: ['ignore', 'ignore', 'pipe'],
    })
    const last: string[] = []
    createInterface({ input: child.stderr }).on('line', text => {
      last.push(text)
      if (last.length > KEPT_LINES) last.shift()
      onLine(text)
    })
    const stop = (): void => {
      child.kill('SIGINT')
    }
    signal.addEventListener('abort', stop)
    try {
      const ending = await new Promise<string | undefined>((resolve, reject) => {
        child.on('error', reject)
        child.on('close', (code, signal) =>
          resolve(code === 0 ? undefined : (signal ?? `exit code ${code}`)),
        )
      })
      if (ending === undefined || signal.aborted) return
      throw new EngineError({
        where: folder,
        expected: 'a training to its end',
        got: [ending, lastWords(last)].filter(text => text !== '').join(': '),
      })
    } finally {
      signal.removeEventListener('abort', stop)
    }
  }
