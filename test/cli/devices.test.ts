/** What computes: chosen, named and said; and what oneDNN leaves behind when a process ends. */

import { spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { openEngine } from '../../src/engines/registry.ts'
import { excite, type Finished, inFolder, start } from '../support/command.ts'

const missing = await openEngine('onednn').then(
  () => undefined,
  (error: Error) => error.message,
)
const SMALL = '--samples 96,40 --size 16 --batch 16 --threads 1'.split(' ')

describe('without oneDNN', () => {
  beforeAll(() => {
    vi.stubEnv('EXCITE_ONEDNN', '/nowhere/libdnnl.so.3')
  })
  afterAll(() => {
    vi.unstubAllEnvs()
  })

  it('ONNX Runtime computes, which is said once, with the way to something faster', () =>
    inFolder(async folder => {
      const { code, stderr } = await excite(folder, 'train', 'resnet8', ...SMALL, '--epochs', '1')
      expect(code).toBe(0)
      expect(stderr.match(/onednn/g)).toHaveLength(1)
      expect(stderr).toMatch(
        /computing with onnxruntime; onednn would be faster: \/nowhere.*No such file/,
      )
      expect(stderr).toMatch(/onnxruntime 1\.\d+\.\d+, 1 thread /)
      const config = JSON.parse(
        await readFile(join(folder, 'runs/resnet8-shapes/config.json'), 'utf8'),
      )
      expect(config.engine).toBe('onnxruntime')
    }))

  it('it is not replaced where it was asked for', () =>
    inFolder(async folder => {
      const { code, stderr } = await excite(
        folder,
        'train',
        'resnet8',
        ...SMALL,
        '--engine',
        'onednn',
      )
      expect(code).toBe(1)
      expect(stderr).toMatch(/engine onednn: expected the library oneDNN, got .*nowhere/)
      expect(stderr).toMatch(/Install oneDNN 2\.6 or newer.*or use the engine onnxruntime/)
      expect(existsSync(join(folder, 'runs'))).toBe(false)
    }))

  it('the best of a kind of device computes, and the old names of engines go on, with a note', () =>
    inFolder(async folder => {
      const train = (device: string) =>
        excite(folder, 'train', 'resnet8', ...SMALL, '--epochs', '1', '--device', device)
      const cpu = await train('cpu')
      expect(cpu.code).toBe(0)
      expect(cpu.stderr).toMatch(/computing with onnxruntime; onednn would be faster/)
      const old = await train('onnx')
      expect(old.code).toBe(0)
      expect(old.stderr).toContain('excite: --device onnx is --engine onnxruntime now')
      const none = await train('tpu')
      expect(none.code).toBe(2)
      expect(none.stderr).toContain('--device: expected cpu or gpu, got tpu')
    }))

  it('devices says why, and how to get it', () =>
    inFolder(async folder => {
      const { code, stdout } = await excite(folder, 'devices')
      expect(code).toBe(0)
      expect(stdout).toMatch(/not usable: .*No such file/)
      expect(stdout).toContain('onnxruntime computes unless --engine says otherwise')
      expect(stdout).toContain('to get onednn: oneDNN 2.6 or newer')
    }))
})

/** A training, its run interrupted after a checkpoint. */
const interrupted = async (folder: string, engine: string, run: string): Promise<Finished> => {
  const args = ['resnet8', ...SMALL, '--epochs', '15', '--save-every', '1', '--engine', engine]
  const { child, finished } = start(folder, 'train', ...args, '--out', run)
  const checkpoints = join(folder, run, 'checkpoints')
  const saved = async (): Promise<boolean> =>
    existsSync(checkpoints) && (await readdir(checkpoints)).some(name => name.startsWith('step-'))
  while (child.exitCode === null && !(await saved())) await sleep(5)
  child.kill('SIGINT')
  return finished
}

describe.skipIf(missing !== undefined)(`with oneDNN${missing ? ` (${missing})` : ''}`, () => {
  it('it computes unless told otherwise, and devices lists it', () =>
    inFolder(async folder => {
      const { stdout } = await excite(folder, 'devices', '--json')
      const { default: chosen, engines } = JSON.parse(stdout)
      expect(chosen).toBe('onednn')
      expect(engines[0].found[0].version).toMatch(/^[23]\.\d+\.\d+$/)
      const args = ['train', 'resnet8', ...SMALL, '--epochs', '1', '--json']
      const trained = await excite(folder, ...args)
      expect(JSON.parse(trained.stdout).engine).toBe(`onednn ${engines[0].found[0].version}`)
    }))

  it('the same command gives the same weights', () =>
    inFolder(async folder => {
      const hash = async (run: string): Promise<string> => {
        const args = [
          'se-resnet8',
          ...SMALL,
          '--epochs',
          '2',
          '--threads',
          '2',
          '--engine',
          'onednn',
        ]
        expect((await excite(folder, 'train', ...args, '--out', run)).code).toBe(0)
        const weights = await readFile(join(folder, run, 'last.safetensors'))
        return createHash('sha256').update(weights).digest('hex')
      }
      expect(await hash('first')).toBe(await hash('second'))
    }))

  it.each([
    ['onnxruntime', 'onednn'],
    ['onednn', 'onnxruntime'],
  ])(
    'a run that %s began goes on with %s where that is allowed, and says what is lost',
    (from, to) =>
      inFolder(async folder => {
        expect((await interrupted(folder, from, 'run')).code).toBe(130)
        const args = ['train', '--resume', 'run', '--engine', to]
        const refused = await excite(folder, ...args)
        expect(refused.code).toBe(2)
        expect(refused.stderr).toMatch(
          new RegExp(`got engine ${from} [\\d.]+ then, ${to} [\\d.]+ now`),
        )
        const allowed = await excite(folder, ...args, '--resume-compatible')
        expect(allowed.stderr).toMatch(
          new RegExp(`no longer bit for bit: engine ${from} [\\d.]+ then, ${to} [\\d.]+ now`),
        )
        expect(allowed.code).toBe(0)
        const rows = (await readFile(join(folder, 'run/metrics.jsonl'), 'utf8')).trim().split('\n')
        expect(rows).toHaveLength(15)
        const [first, last] = [rows[0], rows[14]].map(row => JSON.parse(row).trainLoss)
        expect(last).toBeLessThan(first)
      }),
  )
})

const LIBRARY = new URL('../../dist/index.js', import.meta.url).href
const ROOT = fileURLToPath(new URL('../..', import.meta.url))

/** Ends of a process, each with what it should come to. */
const ENDS: readonly (readonly [string, string, number])[] = [
  ['after opening', '', 0],
  ['after compiling', 'await engine.compile(step)', 0],
  ['after running', 'await (await engine.compile(step)).run(feeds)', 0],
  [
    'after disposing',
    'const compiled = await engine.compile(step); await compiled.run(feeds); await compiled.dispose()',
    0,
  ],
  ['by exit amid a run', 'const c = await engine.compile(step); c.run(feeds); process.exit(3)', 3],
  [
    'by exit between runs',
    'const c = await engine.compile(step); setTimeout(() => process.exit(4), 30); for (;;) { await c.run(feeds); await new Promise(setImmediate) }',
    4,
  ],
  ['by an error', 'await (await engine.compile(step)).run(feeds); throw new Error("mine")', 1],
  [
    'by an error on running what is disposed',
    'const c = await engine.compile(step); await c.dispose(); await c.run(feeds)',
    1,
  ],
]

describe.skipIf(missing !== undefined)('a process ends as it should', () => {
  it.each(ENDS)('%s', async (_, ending, wanted) => {
    const code = `
      const { engines: { openEngine }, gradients, graph, input, ops } = await import(${JSON.stringify(LIBRARY)})
      const { engine } = await openEngine('onednn')
      const x = input('x', [8, 32, 28, 28])
      const w = input('w', [32, 32, 3, 3])
      const loss = ops.reduceMean(ops.relu(ops.convolution(x, w, undefined, { padding: 1 })))
      const step = graph({ loss, slope: gradients(loss, [w])[0] })
      const feeds = Object.fromEntries(step.inputs.map(({ name, shape }) => {
        const size = shape.reduce((a, b) => a * b, 1)
        return [name, { shape, data: Float32Array.from({ length: size }, (_, i) => Math.sin(i)) }]
      }))
      ${ending}`
    const args = ['--input-type=module', '--eval', code]
    const child = spawn(process.execPath, args, { cwd: ROOT, stdio: 'ignore' })
    const [status, signal] = await new Promise<[number | null, string | null]>(resolve =>
      child.on('close', (code, signal) => resolve([code, signal])),
    )
    expect({ status, signal }).toEqual({ status: wanted, signal: null })
  })
})
