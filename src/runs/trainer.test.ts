/** Training is a function of its configuration: repeated, interrupted or resumed, the same bytes. */

import { renameSync, rmSync, writeFileSync } from 'node:fs'
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, expect, it } from 'vitest'
import { openShapes } from '../data/shapes/shapes.ts'
import { onnxEngine } from '../engines/onnxruntime/engine.ts'
import { DivergenceError, FileError, UsageError } from '../errors/index.ts'
import { model } from '../models/registry.ts'
import { initialize } from '../nn/index.ts'
import type { Config, Recipe } from '../train/config.ts'
import { RECIPES } from '../train/recipes.ts'
import { readSafetensors } from '../weights/safetensors.ts'
import { extendRun } from './extendRun.ts'
import { createRun, loadTrained, RUN_FILES, readRun } from './runFolder.ts'
import { train } from './trainer.ts'
import type { TrainOptions, TrainResult } from './trainOptions.ts'

const STEPS = 4
const BATCH = 10
const size = 12
const trainSet = openShapes({ split: 'train', count: STEPS * BATCH + 3, size })
const testSet = openShapes({ split: 'test', count: 25, size })
const normalization = { mean: [0.5, 0.5, 0.5], std: [0.25, 0.25, 0.25] }

const folders: string[] = []
const newFolder = async (): Promise<string> => {
  const folder = await mkdtemp(join(tmpdir(), 'excite-'))
  folders.push(folder)
  return folder
}
afterEach(async () => {
  for (const folder of folders.splice(0)) await rm(folder, { recursive: true })
})

const configOf = (name: string, recipe: Partial<Recipe>, seed = 0): Config => ({
  model: name,
  data: 'shapes',
  seed,
  engine: 'onnxruntime',
  threads: 1,
  recipe: { ...RECIPES.short, epochs: 3, batch: BATCH, ...recipe },
})

const run = (
  folder: string,
  config: Config,
  more: Partial<TrainOptions> = {},
): Promise<TrainResult> =>
  train({
    config,
    model: model(config.model, { classes: 10 }),
    train: trainSet,
    validation: testSet,
    normalization,
    engine: onnxEngine,
    conditions: { threads: '1' },
    folder,
    ...more,
  })

/** Trains until `steps` steps are done, as Ctrl-C would stop it. */
const runUntil = (
  folder: string,
  config: Config,
  steps: number,
  more: Partial<TrainOptions> = {},
): Promise<TrainResult> => {
  const controller = new AbortController()
  let left = steps
  return run(folder, config, {
    ...more,
    signal: controller.signal,
    onStep: () => {
      if (--left === 0) controller.abort()
    },
  })
}

const equal = (a: ArrayLike<number>, b: ArrayLike<number> = []): boolean =>
  a.length === b.length && Array.from(a).every((value, i) => value === b[i])

const bytesOf = async (folder: string): Promise<string> => {
  const names = [RUN_FILES.last, RUN_FILES.best]
  const contents = await Promise.all(names.map(name => readFile(join(folder, name), 'base64')))
  const lines = await Promise.all(
    [RUN_FILES.lines, RUN_FILES.steps].map(name => readFile(join(folder, name), 'utf8')),
  )
  const withoutTimes = lines.map(text => text.replace(/"(seconds|waiting)":[\d.e-]+/g, ''))
  return [...contents, ...withoutTimes].join('\n')
}

const trained = async (config: Config): Promise<string> => {
  const folder = await newFolder()
  await run(folder, config)
  return bytesOf(folder)
}

/** Every part of the state that a checkpoint must hold. */
const CASES: Readonly<Record<string, Config>> = {
  'SGD with momentum': configOf('resnet8', {}),
  'AdamW with an average of the weights': configOf('se-resnet8', {
    optimizer: { kind: 'adamw', beta1: 0.9, beta2: 0.999, epsilon: 1e-8 },
    learningRate: 1e-3,
    emaDecay: 0.9,
    clipNorm: 1,
  }),
  'a plateau, cutout and frozen statistics': configOf('gct-resnet8', {
    schedule: { kind: 'plateau', factor: 0.5, patience: 0, maxDrops: 3 },
    augment: { crop: { padding: 2 }, flip: true, cutout: { size: 4 } },
    freezeBatchNormEpochs: 1,
  }),
  'everything that happens to images, in balanced order': configOf('resnet8', {
    sampling: 'balanced',
    mixing: { mixup: 0.4, cutmix: 1 },
    augment: {
      resizedCrop: { scale: 0.4 },
      flip: true,
      rotate: { degrees: 10 },
      colorJitter: { strength: 0.3 },
      randAugment: { operations: 2, magnitude: 9 },
      erase: { probability: 0.5 },
    },
  }),
  'a frozen backbone, thawed at the second epoch': {
    ...configOf('gct-resnet8', { emaDecay: 0.9 }),
    freeze: 'backbone',
    unfreezeAt: 2,
  },
}

it('gives the same bytes twice, and others for another seed', async () => {
  const config = configOf('se-resnet8', { epochs: 1 })
  const first = await trained(config)
  expect(await trained(config)).toBe(first)
  expect(await trained({ ...config, seed: 1 })).not.toBe(first)
})

for (const [name, config] of Object.entries(CASES))
  it(`resumes bit for bit from any step: ${name}`, async () => {
    const whole = await trained(config)
    for (const steps of [1, STEPS, STEPS + 2, 3 * STEPS]) {
      const folder = await newFolder()
      const stopped = await runUntil(folder, config, steps)
      expect(stopped.finished).toBe(steps === 3 * STEPS)
      const resumed = await run(folder, config, { resume: 'exact' })
      expect(resumed.finished).toBe(true)
      expect(await bytesOf(folder), `stopped after ${steps} steps`).toBe(whole)
    }
  })

it('resumes bit for bit through many interruptions', async () => {
  const config = CASES['SGD with momentum']
  const whole = await trained(config)
  const folder = await newFolder()
  let result = await runUntil(folder, config, 1)
  while (!result.finished) result = await runUntil(folder, config, 1, { resume: 'exact' })
  expect(await bytesOf(folder)).toBe(whole)
})

it('refuses to resume under other conditions, unless exactness is given up', async () => {
  const folder = await newFolder()
  const config = configOf('resnet8', { epochs: 1 })
  await runUntil(folder, config, 1)
  const elsewhere = { conditions: { threads: '2' } }
  await expect(run(folder, config, { ...elsewhere, resume: 'exact' })).rejects.toThrow(
    new UsageError({
      where: 'resume',
      expected: 'the environment that the run was saved in',
      got: 'threads 1 then, 2 now',
      hint: 'Restore it for a bit-exact resume, or resume with `compatible`',
    }),
  )
  const result = await run(folder, config, { ...elsewhere, resume: 'compatible' })
  expect(result.finished).toBe(true)
})

it('applies no update that is not finite, and keeps the last good checkpoint', async () => {
  const folder = await newFolder()
  const config = configOf('resnet8', {
    learningRate: 1e30,
    schedule: { kind: 'constant' },
    warmUp: undefined,
  })
  await runUntil(folder, { ...config, recipe: { ...config.recipe, learningRate: 0.1 } }, STEPS)
  const before = await readdir(join(folder, RUN_FILES.checkpoints))
  const failure = await run(folder, config, { resume: 'exact' }).catch((error: unknown) => error)
  expect(failure).toBeInstanceOf(DivergenceError)
  expect((failure as Error).message).toMatch(
    /^step \d+: expected a finite loss, gradient and next state, got loss \S+, gradient norm \S+ \(images [\d, ]+, …; first not finite: [\w. ]+\)\. The update was not applied/,
  )
  expect(await readdir(join(folder, RUN_FILES.checkpoints))).toEqual(before)
  const { tensors } = await loadTrained(folder, 'last')
  for (const [name, data] of tensors) expect(data.every(Number.isFinite), name).toBe(true)
})

it.each([1e3, 1e5, 1e38])(
  'saves nothing that is not finite, running statistics and test losses included: learning rate %d',
  async learningRate => {
    for (const steps of [1, STEPS]) {
      const folder = await newFolder()
      const some = openShapes({ split: 'train', count: steps * BATCH, size })
      const config = configOf('resnet8', { learningRate, warmUp: undefined, epochs: 8 })
      const failure = await run(folder, config, { train: some }).catch((error: unknown) => error)
      expect(failure).toBeInstanceOf(DivergenceError)
      const checkpoints = join(folder, RUN_FILES.checkpoints)
      for (const name of await readdir(checkpoints).catch(() => []))
        for (const file of ['model', 'optimizer']) {
          const path = join(checkpoints, name, `${file}.safetensors`)
          const { tensors } = readSafetensors(await readFile(path), path)
          for (const [tensor, { data }] of tensors)
            expect((data as Float32Array).every(Number.isFinite), `${path} ${tensor}`).toBe(true)
        }
      // What was saved can be gone on from: to the same error.
      const again = { train: some, resume: 'exact' } as const
      await expect(run(folder, config, again)).rejects.toThrow((failure as Error).message)
    }
  },
)

/** Puts a file in the place of the checkpoints, so that every save fails, and takes it away. */
const breakable = (folder: string) => {
  const [path, aside] = [RUN_FILES.checkpoints, 'aside'].map(name => join(folder, name))
  return {
    fail: () => {
      renameSync(path, aside)
      writeFileSync(path, '')
    },
    mend: () => {
      rmSync(path)
      renameSync(aside, path)
    },
  }
}

it('goes on where a save fails, and tries again', async () => {
  const config = configOf('resnet8', { epochs: 2 })
  const whole = await trained(config)
  const folder = await newFolder()
  const disk = breakable(folder)
  const warnings: string[] = []
  let steps = 0
  await run(folder, config, {
    saveEvery: 0,
    onWarning: message => warnings.push(message),
    onStep: () => {
      steps++
      // The save after the last step of an epoch writes the weights of the best one too.
      if (steps === STEPS) disk.fail()
      if (steps === STEPS + 1) disk.mend()
    },
  })
  expect(warnings).toEqual(
    [1, 2].map(n =>
      expect.stringMatching(`^checkpoint not saved, will retry .*attempt ${n} of 3.*${folder}`),
    ),
  )
  expect(await bytesOf(folder)).toBe(whole)
})

it('stops after the third save that fails, and has lost nothing from before', async () => {
  const config = configOf('resnet8', { epochs: 2 })
  const folder = await newFolder()
  const disk = breakable(folder)
  let steps = 0
  const failure = await run(folder, config, {
    saveEvery: 0,
    onStep: () => {
      if (++steps === 2) disk.fail()
    },
  }).catch((error: unknown) => error)
  expect(failure).toBeInstanceOf(FileError)
  expect((failure as Error).message).toMatch(
    /failed attempt 3 of 3.*Earlier checkpoints are intact/,
  )
  expect(steps).toBe(4)
  disk.mend()
  await run(folder, config, { resume: 'exact' })
  expect(await bytesOf(folder)).toBe(await trained(config))
})

it('does not end well where the last save fails', async () => {
  const folder = await newFolder()
  const disk = breakable(folder)
  let steps = 0
  const running = run(folder, configOf('resnet8', { epochs: 1 }), {
    onStep: () => {
      if (++steps === STEPS) disk.fail()
    },
  })
  await expect(running).rejects.toThrow(FileError)
})

it('is alone in its folder', async () => {
  const folder = await newFolder()
  const config = configOf('resnet8', { epochs: 1 })
  // Whichever comes first has the folder.
  const both = await Promise.allSettled([run(folder, config), run(folder, config)])
  expect(both.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected'])
  expect(both.find(({ status }) => status === 'rejected')).toMatchObject({
    reason: {
      message: expect.stringContaining(
        'expected an unlocked run folder, got one locked by process',
      ),
    },
  })
})

it('keeps the newest checkpoints and that of the best epoch, no more', async () => {
  const folder = await newFolder()
  await run(folder, configOf('resnet8', { epochs: 6 }))
  const kept = await readdir(join(folder, RUN_FILES.checkpoints))
  expect(kept.length).toBeLessThanOrEqual(3)
  expect(kept).toContain(`step-${String(6 * STEPS).padStart(8, '0')}`)
})

it('refuses a batch that is larger than the training set', async () => {
  await expect(run(await newFolder(), configOf('resnet8', { batch: 999 }))).rejects.toThrow(
    'recipe.batch: expected at most 43, the number of training images, got 999',
  )
})

it('leaves what is frozen as it is, its statistics included, until it is thawed', async () => {
  const config = { ...configOf('gct-resnet8', { epochs: 2 }), freeze: '!gct' }
  const begun = initialize(model('gct-resnet8', { classes: 10 }).network, 0)
  const moved = async (more: Partial<Config>): Promise<string[]> => {
    const folder = await newFolder()
    await run(folder, { ...config, ...more })
    const { tensors } = await loadTrained(folder, 'last')
    return [...tensors]
      .filter(([name, data]) => !equal(data, begun.get(name)))
      .map(([name]) => name)
  }
  const gates = await moved({})
  expect(gates).toContain('layer1.0.conv1.0.gamma')
  expect(gates.filter(name => !/\.(alpha|beta|gamma)$/.test(name))).toEqual([])
  expect((await moved({ unfreezeAt: 2 })).length).toBe(begun.size)
})

it('begins with given weights where it begins, and not where it goes on', async () => {
  const config = configOf('resnet8', { epochs: 1 })
  const folder = await newFolder()
  await run(folder, config)
  const { tensors } = await loadTrained(folder, 'last')
  let asked = 0
  const firstWeights = async () => {
    asked++
    return tensors
  }
  const next = await newFolder()
  await runUntil(next, { ...config, freeze: 'backbone' }, 1, { firstWeights })
  await run(next, { ...config, freeze: 'backbone' }, { firstWeights, resume: 'exact' })
  expect(asked).toBe(1)
  const after = (await loadTrained(next, 'last')).tensors
  for (const [name, data] of after)
    expect(equal(data, tensors.get(name)), name).toBe(!name.startsWith('fc.'))
})

it('stops after epochs that bring nothing better, to the same bits when resumed', async () => {
  // No rate and frozen statistics: no epoch differs from the first.
  const still = { learningRate: 1e-12, freezeBatchNormEpochs: 9 }
  const config = configOf('resnet8', { epochs: 9, stopAfter: 2, ...still })
  const whole = await newFolder()
  const { finished, history } = await run(whole, config)
  expect([finished, history.length]).toEqual([true, 3])
  const folder = await newFolder()
  await runUntil(folder, config, STEPS + 1)
  const resumed = await run(folder, config, { resume: 'exact' })
  expect(resumed.history).toHaveLength(3)
  expect(await bytesOf(folder)).toBe(await bytesOf(whole))
})

it('a finished run goes on for more epochs, with a constant rate as if it had been begun so', async () => {
  const config = configOf('resnet8', { epochs: 2, schedule: { kind: 'constant' } })
  const whole = await trained({ ...config, recipe: { ...config.recipe, epochs: 3 } })
  const folder = await newFolder()
  await createRun(folder, config)
  await run(folder, config)
  await extendRun(folder, 3)
  const extended = await readRun(folder)
  expect(extended).toEqual({
    ...config,
    recipe: { ...config.recipe, epochs: 3 },
    extended: [{ after: 2, from: 2 }],
  })
  expect((await run(folder, extended, { resume: 'exact' })).finished).toBe(true)
  expect(await bytesOf(folder)).toBe(whole)
  await expect(extendRun(folder, 3)).rejects.toThrow(
    'recipe.epochs: expected more than the 3 that are finished, got 3',
  )
})
