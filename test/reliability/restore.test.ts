/** Runs that were damaged: they are gone on with to the same bits, or an error says what is to be done. */

import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { cp, mkdir, readdir, readFile, rm, truncate, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { UsageError } from '../../src/errors/index.ts'
import { model } from '../../src/models/registry.ts'
import { mendWeights } from '../../src/runs/restore.ts'
import { loadTrained, readRun } from '../../src/runs/runFolder.ts'
import { readSafetensors, writeSafetensors } from '../../src/weights/safetensors.ts'
import { folderInMemory } from '../support/memory.ts'
import { resultOf } from './faults.ts'
import { type Modules, modulesOf, trainOnce } from './trainings.ts'

const NAME = 'onnx/adamw/shapes'

let modules: Modules
let place: string
let expected: Readonly<Record<string, string>>
let warnings: string[]

const run = (): string => join(place, 'run')
const at = (...names: string[]): string => join(run(), ...names)

beforeAll(async () => {
  modules = await modulesOf('src')
  place = await folderInMemory()
  await trainOnce(modules, { name: NAME, place, folder: join(place, 'whole') })
  expected = await resultOf(join(place, 'whole'))
  // The same, stopped in its last epoch.
  const controller = new AbortController()
  let steps = 0
  const folder = join(place, 'stopped')
  const onStep = (): void => void (++steps === 12 && controller.abort())
  await trainOnce(modules, { name: NAME, place, folder, onStep, signal: controller.signal })
})
afterAll(() => rm(place, { recursive: true }))

const begin = async (from: 'whole' | 'stopped'): Promise<void> => {
  await rm(run(), { recursive: true, force: true })
  await cp(join(place, from), run(), { recursive: true })
  warnings = []
}

const resume = () =>
  trainOnce(modules, {
    name: NAME,
    place,
    folder: run(),
    onWarning: message => warnings.push(message),
  })

const steps = async (): Promise<string[]> => (await readdir(at('checkpoints'))).sort()

describe.each(['whole', 'stopped'] as const)('weights beside a %s training', from => {
  beforeEach(() => begin(from))

  it.each([
    ['missing', (path: string) => rm(path)],
    ['cut off', (path: string) => truncate(path, 1000)],
    ['empty', (path: string) => truncate(path, 0)],
  ])('are made again where they are %s', async (_, damage) => {
    for (const name of ['best', 'last']) await damage(at(`${name}.safetensors`))
    expect((await resume()).finished).toBe(true)
    expect(await resultOf(run())).toEqual(expected)
    expect(warnings).toContainEqual(
      expect.stringMatching(
        /best\.safetensors was missing or damaged: restored from the checkpoint of epoch \d$/,
      ),
    )
  })
})

it('says that the best weights are lost where no checkpoint has them', async () => {
  await begin('whole')
  await rm(at('best.safetensors'))
  const none = { save: () => {}, latest: () => {}, at: async () => undefined, prune: () => {} }
  const failure = mendWeights('best', 2, {
    folder: run(),
    model: model('resnet8', { classes: 10 }),
    card: {} as never,
    stepsPerEpoch: 5,
    checkpoints: none as never,
  })
  await expect(failure).rejects.toThrow(
    `${at('best.safetensors')}: no such file; expected the weights of epoch 2 (the checkpoint`,
  )
})

describe('checkpoints that were taken away', () => {
  it.each([
    ['with their folder', () => rm(at('checkpoints'), { recursive: true })],
    [
      'out of their folder',
      async () => {
        await rm(at('checkpoints'), { recursive: true })
        await mkdir(at('checkpoints'))
      },
    ],
  ])('%s are said, and nothing is trained anew', async (_, damage) => {
    await begin('stopped')
    await damage()
    const before = await resultOf(run())
    await expect(resume()).rejects.toThrow(
      `${at('checkpoints')}: expected the checkpoints of a run with 2 finished epochs, got none. Restore the folder`,
    )
    expect(await resultOf(run())).toEqual(before)
  })

  it('are no matter before the first one was saved', async () => {
    await begin('stopped')
    for (const name of await readdir(run()))
      if (name !== 'config.json') await rm(at(name), { recursive: true })
    await resume()
    expect(await resultOf(run())).toEqual(expected)
  })

  it('by damage of each are said too', async () => {
    await begin('stopped')
    const all = await steps()
    for (const step of all) await rm(at('checkpoints', step, 'MANIFEST.json'))
    await expect(resume()).rejects.toThrow(`got ${all.length} that cannot be used`)
    expect(await steps()).toEqual(all)
  })
})

/** Changes a file of the newest checkpoint, and its hash in the manifest with it. */
const forge = async (
  name: string,
  change: (bytes: Buffer) => Uint8Array | string,
): Promise<void> => {
  const newest = (await steps()).at(-1) as string
  const [path, manifestPath] = [name, 'MANIFEST.json'].map(file => at('checkpoints', newest, file))
  const content = Buffer.from(change(await readFile(path)))
  await writeFile(path, content)
  const manifest = JSON.parse(await readFile(manifestPath, 'utf8'))
  const sha256 = createHash('sha256').update(content).digest('hex')
  manifest.files[name] = { bytes: content.length, sha256 }
  await writeFile(manifestPath, JSON.stringify(manifest))
}

const inState = (change: (state: Record<string, unknown>) => void) => (bytes: Buffer) => {
  const state = JSON.parse(bytes.toString())
  change(state)
  return JSON.stringify(state)
}

describe('a checkpoint with whole hashes and unfit content', () => {
  const asIntegers = (bytes: Buffer): Uint8Array => {
    const { tensors } = readSafetensors(bytes, 'file')
    const integers = [...tensors].map(([name, { shape, data }]) => {
      const values = BigInt64Array.from({ length: data.length }, () => 1n)
      return [name, { dtype: 'I64', shape, data: values }] as const
    })
    return writeSafetensors(new Map(integers))
  }

  it.each([
    ['an optimizer of integers', 'optimizer.safetensors', asIntegers],
    ['an optimizer of nothing', 'optimizer.safetensors', () => writeSafetensors(new Map())],
    ['a damaged optimizer', 'optimizer.safetensors', (bytes: Buffer) => bytes.subarray(0, 500)],
    ['weights of nothing', 'model.safetensors', () => writeSafetensors(new Map())],
    ['a state that is no JSON', 'state.json', () => '{'],
    ['a state of another step', 'state.json', inState(state => (state.step = 3))],
    ['a state of a negative step', 'state.json', inState(state => (state.step = -3.5))],
    ['a state without epochs', 'state.json', inState(state => (state.history = []))],
    [
      'a loss that is no number',
      'state.json',
      inState(state => ((state.history as { testLoss: null }[])[0].testLoss = null)),
    ],
  ])('is passed over: %s', async (_, name, change) => {
    await begin('stopped')
    await forge(name, change)
    await resume()
    expect(warnings).toHaveLength(1)
    expect(warnings[0]).toMatch(/^checkpoint ignored: .*(step|weights)/)
    expect(await resultOf(run())).toEqual(expected)
  })

  it('is passed over: a manifest without the state', async () => {
    await begin('stopped')
    const path = at('checkpoints', (await steps()).at(-1) as string, 'MANIFEST.json')
    const manifest = JSON.parse(await readFile(path, 'utf8'))
    delete manifest.files['state.json']
    await writeFile(path, JSON.stringify(manifest))
    await resume()
    expect(warnings).toEqual([expect.stringContaining('state.json')])
    expect(await resultOf(run())).toEqual(expected)
  })
})

it('lets one of two trainings have a new folder', async () => {
  await rm(run(), { recursive: true, force: true })
  const both = await Promise.allSettled([1, 2].map(() => resume()))
  const failed = both.filter(({ status }) => status === 'rejected') as PromiseRejectedResult[]
  expect(failed).toHaveLength(1)
  expect(failed[0].reason).toBeInstanceOf(UsageError)
  expect(await resultOf(run())).toEqual(expected)
})

it.each([
  ['config.json', readRun],
  ['best.safetensors', loadTrained],
])('does not wait for a pipe called %s', async (name, read) => {
  await begin('whole')
  await rm(at(name))
  execFileSync('mkfifo', [at(name)])
  await expect(read(run())).rejects.toThrow(`${at(name)}: expected a file, got a pipe or a device`)
})
