/** Several processes by real MPI libraries: sums, failures, silence, and the wrong launcher. */

import { spawn, spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'

const PROGRAM = fileURLToPath(new URL('./exchange.ts', import.meta.url))

const LAUNCHERS = {
  'mpirun.openmpi': ['--oversubscribe', '--allow-run-as-root'],
  'mpirun.mpich': [],
}

interface Ended {
  readonly code: number | null
  readonly lines: readonly Record<string, unknown>[]
  readonly seconds: number
  readonly text: string
}

const start = (launcher: keyof typeof LAUNCHERS, mode: string, env = {}): Promise<Ended> =>
  new Promise(resolve => {
    const begun = performance.now()
    const node = [process.execPath, '--import', 'tsx', PROGRAM, mode]
    const child = spawn(launcher, [...LAUNCHERS[launcher], '-n', '3', ...node], {
      env: { ...process.env, ...env, NO_COLOR: '1' },
      timeout: 100_000,
    })
    let text = ''
    for (const stream of [child.stdout, child.stderr])
      stream.on('data', chunk => {
        text += chunk
      })
    child.on('close', code => {
      const lines = text
        .split(/\r?\n/)
        .filter(line => line.startsWith('{'))
        .map((line): Record<string, unknown> => JSON.parse(line))
      const seconds = (performance.now() - begun) / 1000
      resolve({ code, lines: lines.sort((a, b) => Number(a.rank) - Number(b.rank)), seconds, text })
    })
  })

for (const launcher of Object.keys(LAUNCHERS) as (keyof typeof LAUNCHERS)[]) {
  const missing = spawnSync(launcher, ['--version']).status !== 0
  describe.skipIf(missing)(`${launcher}${missing ? ' (not installed)' : ''}`, () => {
    it('adds up, broadcasts and gathers', async () => {
      const { code, lines, text } = await start(launcher, 'end')
      expect(code, text).toBe(0)
      expect(lines).toEqual(
        [0, 1, 2].map(rank => ({
          rank,
          size: 3,
          wrong: 0,
          small: [3, 0],
          texts: ['rank 0: é', 'rank 1: é', 'rank 2: é'],
          first: [5],
          ...(rank === 0 ? { work: 'done' } : {}),
        })),
      )
    })

    it('ends all ranks with the reason of the one that fails', async () => {
      const { code, lines, text } = await start(launcher, 'fail')
      expect(code, text).not.toBe(0)
      expect(lines.map(({ error }) => error).filter(Boolean)).toEqual([
        expect.stringContaining('rank 1 of 3: expected to go on, got bad image x.jpg'),
        'bad image x.jpg',
        expect.stringContaining('rank 1 of 3: expected to go on, got bad image x.jpg'),
      ])
    })

    it('ends all ranks where one hangs, and names it', async () => {
      const { code, lines, text } = await start(launcher, 'hang')
      expect(code, text).not.toBe(0)
      const errors = lines.map(({ error }) => error).filter(Boolean)
      expect(errors, text).toHaveLength(2)
      for (const error of errors) expect(error).toContain('rank 1 of 3: expected an answer within')
    })

    it('refuses ranks that do not find each other, each the first of one', () => {
      const env =
        launcher === 'mpirun.openmpi'
          ? { SLURM_PROCID: '1', SLURM_STEP_NUM_TASKS: '3', EXCITE_MPI: 'libmpi.so.40' }
          : { PMI_RANK: '1', PMI_SIZE: '3' }
      const { status, stderr } = spawnSync(process.execPath, ['--import', 'tsx', PROGRAM, 'end'], {
        env: { ...process.env, ...env },
        encoding: 'utf8',
      })
      expect(status).not.toBe(0)
      expect(stderr).toMatch(/expected rank 1 of 3, as .* says, got rank 0 of 1/)
    })

    it('refuses the library of another MPI', async () => {
      const other = launcher === 'mpirun.openmpi' ? 'libmpich.so.12' : 'libmpi.so.40'
      const { code, text } = await start(launcher, 'end', { EXCITE_MPI: other })
      expect(code).not.toBe(0)
      expect(text).toMatch(/expected the library of .*mpirun, got|expected one of the libraries/)
    })
  })
}
