/** Commands leave nothing in the home or the temporary folder, and look nothing up. */

import { execFile, spawnSync } from 'node:child_process'
import { mkdir, readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import sharp from 'sharp'
import { expect, it } from 'vitest'
import { inFolder } from '../support/command.ts'

const MAIN = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url))
const FOREIGN = fileURLToPath(
  new URL('../parity/fixtures/exportedForms/hard-swish-by-gate.onnx', import.meta.url),
)

const TRAIN = ['train', 'resnet8', '--samples', '32,32', '--size', '16', '--epochs', '1', '--batch']
const ONNX = ['--engine', 'onnxruntime']

const COMMANDS: readonly (readonly string[])[] = [
  [...TRAIN, '32', '--out', 'run', ...ONNX],
  ['eval', 'run', ...ONNX],
  ['export', 'run', '--out', 'model.onnx'],
  ['inspect', 'run', '--out', 'report', '--samples', '20,20', ...ONNX],
  ['inspect', FOREIGN, 'red.png', '--out', 'foreign', '--trust-model'],
  ['devices'],
]

/** What a system call that asks the network looks like in a trace. */
const LOOK_UP = /connect\(.*(AF_INET|sin_port)|sendto\(.*AF_INET|\/etc\/(resolv\.conf|hosts)/

/** Without strace (not everywhere installed) look-ups go unseen, and files alone are checked. */
const traces = spawnSync('strace', ['-V']).status === 0

/**
 * Runs the commands one after the other in a home of their own. Of the environment they keep where
 * programs and libraries are, and nothing else: ONNX Runtime sends nothing where one of a dozen
 * variables says that it runs in a CI, and a test there would see a silence that is not ours.
 */
const run = async (folder: string, extra: NodeJS.ProcessEnv) => {
  const { PATH, LD_LIBRARY_PATH } = process.env
  const [home, temporary] = [join(folder, 'home'), join(folder, 'tmp')]
  for (const path of [home, temporary]) await mkdir(path)
  await sharp({ create: { width: 20, height: 12, channels: 3, background: 'red' } })
    .png()
    .toFile(join(folder, 'red.png'))
  const env = { PATH, LD_LIBRARY_PATH, HOME: home, USERPROFILE: home, TMPDIR: temporary, ...extra }
  const trace = join(folder, 'trace')
  for (const command of COMMANDS) {
    const node = [process.execPath, MAIN, ...command]
    const [program, ...rest] = traces
      ? ['strace', '-f', '-A', '-qq', '-e', 'trace=openat,connect,sendto', '-o', trace, ...node]
      : node
    await promisify(execFile)(program, rest, { cwd: folder, env })
  }
  const found = (path: string): Promise<string[]> => readdir(path, { recursive: true })
  const lines = traces ? (await readFile(trace, 'utf8')).split('\n') : []
  return {
    files: [...(await found(home)), ...(await found(temporary))],
    lookUps: lines.filter(line => LOOK_UP.test(line)),
  }
}

it('leaves no file but its own cache, in no process that it starts', () =>
  inFolder(async folder => {
    const { files, lookUps } = await run(folder, {})
    expect(files.filter(name => !/^\.cache(\/excite(\/.*)?)?$/.test(name))).toEqual([])
    expect(lookUps).toEqual([])
  }))

it('leaves ONNX Runtime as it is where the user wants so', () =>
  inFolder(async folder => {
    const { files } = await run(folder, { EXCITE_ORT_TELEMETRY: '1' })
    expect(files.join()).toContain('onnxruntime')
  }))
