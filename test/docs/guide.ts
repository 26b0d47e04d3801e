/**
 * Guides as programs: their blocks of `sh` and `ts`, run in order in a folder of their own. A comment
 * before a block says what is run in its place, where a reader's command takes long or needs the
 * network, or why nothing is:
 *
 *     <!-- instead: npx excite train se-resnet8 --data ./images --epochs 1 -->
 *     <!-- not run: needs the network -->
 */

import { execFile } from 'node:child_process'
import { chmod, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { openHub } from './hub.ts'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))
const TSX = join(ROOT, 'node_modules/tsx/dist/cli.mjs')

export interface Block {
  /** Where it begins in the guide. */
  readonly line: number
  readonly language: string
  readonly text: string
  /** What is run in its place. */
  readonly instead?: string | undefined
  /** Why nothing is. */
  readonly notRun?: string | undefined
}

const FENCE =
  /^(?:<!-- (instead|not run):\s((?:(?!-->)[\s\S])+?)\s*-->\n)?```(\w+)\n([\s\S]*?)^```$/gm

/** The blocks of a guide that a reader runs: those of `sh` and `ts`. */
export const blocksOf = (guide: string): readonly Block[] =>
  [...guide.matchAll(FENCE)]
    .map(({ index, 1: mark, 2: marked, 3: language, 4: text }) => ({
      line: guide.slice(0, index).split('\n').length,
      language,
      text,
      instead: mark === 'instead' ? marked : undefined,
      notRun: mark === 'not run' ? marked : undefined,
    }))
    .filter(({ language }) => language === 'sh' || language === 'ts')

/**
 * A folder in which `npx excite`, `npx tsx` and `import 'excite'` are those of this checkout, and the
 * hub has what lies in `hub/`.
 */
export const workplace = async (): Promise<{
  run(block: Block): Promise<void>
  close(): Promise<void>
}> => {
  const folder = await mkdtemp(join(tmpdir(), 'excite-guide-'))
  const bin = join(folder, 'node_modules/.bin')
  await mkdir(bin, { recursive: true })
  await symlink(ROOT, join(folder, 'node_modules/excite'))
  for (const name of ['onnxruntime-node', 'tsx'])
    await symlink(join(ROOT, 'node_modules', name), join(folder, 'node_modules', name))
  const script = async (name: string, text: string) => {
    await writeFile(join(bin, name), `#!/bin/sh\n${text}\n`)
    await chmod(join(bin, name), 0o755)
  }
  await script('npx', 'name=$1; shift; exec "$(dirname "$0")/$name" "$@"')
  await script('excite', `exec '${process.execPath}' '${join(ROOT, 'bin/excite.js')}' "$@"`)
  await script('tsx', `exec '${process.execPath}' '${TSX}' "$@"`)
  await writeFile(join(folder, 'package.json'), '{ "type": "module" }')
  const hub = await openHub(join(folder, 'hub'))
  const env = {
    ...process.env,
    PATH: `${bin}${delimiter}${process.env.PATH}`,
    HF_ENDPOINT: hub.endpoint,
  }
  const shell = (text: string) =>
    promisify(execFile)('bash', ['-euc', text], { cwd: folder, env, timeout: 120_000 })
  return {
    run: async ({ language, text, instead, notRun }) => {
      if (notRun !== undefined) return
      if (instead !== undefined || language === 'sh') return void (await shell(instead ?? text))
      // A program may name its file in the first line, so that commands below can run it.
      const file = /^\/\/ ([\w.-]+\.ts)\n/.exec(text)?.[1] ?? 'program.ts'
      await writeFile(join(folder, file), text)
      await shell(`npx tsx ${file}`)
    },
    close: async () => {
      hub.close()
      await rm(folder, { recursive: true, force: true })
    },
  }
}
