/** The runner with a trainer that only pretends: what runs, how often, how many at a time, and what is read. */

import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { createRun, RUN_FILES, writeMetrics } from '../runs/runFolder.ts'
import { RECIPES } from '../train/recipes.ts'
import { type Plan, type PlannedRun, planStudy, type StudySettings } from './plan.ts'
import { type RunnerOptions, runStudy, type Trainer } from './runner.ts'

const EPOCHS = 2
const settings: StudySettings = {
  model: 'resnet8',
  data: 'shapes',
  engine: 'onnxruntime',
  threads: 1,
  seeds: 2,
  recipe: { ...RECIPES.short, epochs: EPOCHS },
}

let folder = ''
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'excite-'))
})
afterEach(() => rm(folder, { recursive: true }))

const plan = (more: Partial<StudySettings> = {}): Plan =>
  planStudy('se-squeeze', { ...settings, ...more }, folder)

const row = (epoch: number, testTop1 = 0.5) => ({
  epoch,
  learningRate: 0.1,
  trainLoss: 1,
  trainTop1: 0.5,
  testLoss: 1,
  testTop1,
  testTop5: 0.9,
  seconds: 1,
})

/** Leaves what a training would. */
const pretend = async ({ folder, config }: PlannedRun, epochs = EPOCHS): Promise<undefined> => {
  await createRun(folder, config).catch(() => {})
  await writeMetrics(
    folder,
    Array.from({ length: epochs }, (_, i) => row(i + 1)),
  )
  if (epochs === EPOCHS) await writeFile(join(folder, RUN_FILES.onnx), '')
}

const nameOf = ({ variant, seed }: PlannedRun): string => `${variant.id} ${seed}`

const idle: RunnerOptions = { jobs: 1, signal: new AbortController().signal }

/** A trainer that remembers what it was asked for. */
const recorded = (work: Trainer = run => pretend(run)) => {
  const asked: string[] = []
  const trainer: Trainer = (run, options) => {
    asked.push(nameOf(run))
    return work(run, options)
  }
  return { asked, trainer }
}

const states = (outcomes: Awaited<ReturnType<typeof runStudy>>): string[] =>
  outcomes.map(({ run, state, reused }) => `${nameOf(run)} ${state}${reused ? ' before' : ''}`)

describe('the runner', () => {
  it('runs all variants of a seed before those of the next', async () => {
    const { asked, trainer } = recorded()
    const outcomes = await runStudy(plan(), trainer, idle)
    expect(asked).toEqual(['mean 0', 'max 0', 'mean 1', 'max 1'])
    expect(states(outcomes)).toEqual(asked.map(name => `${name} finished`))
    expect(outcomes[0].history).toHaveLength(EPOCHS)
  })

  it('runs none that has finished, goes on with one that has not, and adds seeds', async () => {
    const first = plan()
    await pretend(first.runs[0])
    await pretend(first.runs[1], 1)
    const { asked, trainer } = recorded()
    const outcomes = await runStudy(plan({ seeds: 3 }), trainer, idle)
    expect(asked).toEqual(['max 0', 'mean 1', 'max 1', 'mean 2', 'max 2'])
    expect(states(outcomes)[0]).toBe('mean 0 finished before')
    expect(states(outcomes)[1]).toBe('max 0 finished')
  })

  it('takes a run without its exported network for unfinished', async () => {
    const first = plan()
    await pretend(first.runs[0])
    await rm(join(first.runs[0].folder, RUN_FILES.onnx))
    const { asked, trainer } = recorded()
    await runStudy(first, trainer, idle)
    expect(asked[0]).toBe('mean 0')
  })

  it('runs as many at a time as it is told, and no more', async () => {
    let [now, most] = [0, 0]
    const { trainer } = recorded(async run => {
      most = Math.max(most, ++now)
      await new Promise(resolve => setTimeout(resolve, 10))
      await pretend(run)
      now--
    })
    const outcomes = await runStudy(plan({ seeds: 3 }), trainer, { ...idle, jobs: 3 })
    expect(most).toBe(3)
    expect(outcomes).toHaveLength(6)
  })

  it('tells of runs one after the other, in the order of the plan so far', async () => {
    let telling = 0
    const told: number[] = []
    await runStudy(plan(), recorded().trainer, {
      ...idle,
      jobs: 4,
      onEnd: async (_, soFar) => {
        expect(++telling).toBe(1)
        await new Promise(resolve => setTimeout(resolve, 5))
        telling--
        told.push(soFar.length)
      },
    })
    expect(told).toHaveLength(4)
    expect(told.at(-1)).toBe(4)
  })
})

describe('a run that fails', () => {
  const failing = (times: number) => {
    let left = times
    return recorded(async run => {
      if (nameOf(run) === 'max 0' && left-- > 0) throw new Error('out of luck')
      await pretend(run)
    })
  }

  it('once, is tried again and told of', async () => {
    const { asked, trainer } = failing(1)
    const outcomes = await runStudy(plan(), trainer, idle)
    expect(asked).toEqual(['mean 0', 'max 0', 'max 0', 'mean 1', 'max 1'])
    expect(outcomes[1]).toMatchObject({ state: 'finished', failures: ['out of luck'] })
  })

  it('twice, is given up, and the others go on', async () => {
    const { asked, trainer } = failing(2)
    const outcomes = await runStudy(plan(), trainer, idle)
    expect(asked).toEqual(['mean 0', 'max 0', 'max 0', 'mean 1', 'max 1'])
    expect(outcomes[1]).toMatchObject({
      state: 'failed',
      failures: ['out of luck', 'out of luck'],
    })
    expect(outcomes[3].state).toBe('finished')
  })

  it('by ending early without a word, counts as failed too', async () => {
    const { trainer } = recorded(run => pretend(run, 1))
    const [first] = await runStudy(plan({ seeds: 1 }), trainer, idle)
    expect(first.state).toBe('failed')
    expect(first.failures[0]).toBe('it ended before it was finished')
  })
})

it('stops when told, and says which runs can go on', async () => {
  const controller = new AbortController()
  const { asked, trainer } = recorded(async run => {
    if (asked.length === 2) {
      controller.abort()
      return pretend(run, 1)
    }
    return pretend(run)
  })
  const outcomes = await runStudy(plan(), trainer, { ...idle, signal: controller.signal })
  expect(asked).toEqual(['mean 0', 'max 0'])
  expect(states(outcomes)).toEqual([
    'mean 0 finished',
    'max 0 stopped',
    'mean 1 stopped',
    'max 1 stopped',
  ])
})

describe('a folder with runs of other settings', () => {
  it('is refused before anything runs, with every difference', async () => {
    const [, , , last] = plan({
      recipe: { ...RECIPES.short, epochs: 3, learningRate: 0.2 },
    }).runs
    await pretend(last)
    const { asked, trainer } = recorded()
    await expect(runStudy(plan(), trainer, idle)).rejects.toThrow(
      'max-seed1: expected a run with the settings of this study, got recipe.epochs 3, not 2; recipe.learningRate 0.2, not 0.1',
    )
    expect(asked).toEqual([])
  })

  it('is fine where only threads differ', async () => {
    await pretend(plan({ threads: 2 }).runs[0])
    const outcomes = await runStudy(plan(), recorded().trainer, idle)
    expect(outcomes[0].reused).toBe(true)
    const config = await readFile(join(outcomes[0].run.folder, RUN_FILES.config), 'utf8')
    expect(JSON.parse(config).threads).toBe(2)
  })
})
