/** A task of one's own: trained, evaluated, saved and resumed by the code that knows no classes. */

import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import type { Dataset } from '../data/dataset.ts'
import { openShapes } from '../data/shapes/shapes.ts'
import { onnxEngine } from '../engines/onnxruntime/engine.ts'
import { input, type Value } from '../graph/index.ts'
import { costOf } from '../inspect/cost.ts'
import { customModel, type Model, model, recordOf } from '../models/registry.ts'
import { globalMean, layer, linear } from '../nn/index.ts'
import { readOnnx } from '../onnx/read/index.ts'
import { abs, add, reduceMean, sub } from '../ops/index.ts'
import { means } from '../tasks/means.ts'
import { registerTask } from '../tasks/registry.ts'
import type { Task } from '../tasks/task.ts'
import { evaluate } from '../train/evaluate.ts'
import { RECIPES } from '../train/recipes.ts'
import { checkExport } from '../weights/checkExport.ts'
import { exportOnnx } from '../weights/export.ts'
import { openPredictor } from '../weights/predictor.ts'
import { openClassifier } from './classifier.ts'
import { loadTrained, RUN_FILES, readMetrics } from './runFolder.ts'
import { train } from './trainer.ts'
import type { TrainResult } from './trainOptions.ts'

/** Images whose brightness is known: the mean of all pixels, from 0 to 1. */
interface Rated extends Dataset {
  readonly brightness: Float32Array
}

const EPOCHS = 4
const STEPS = 5
const BATCH = 10

const rated = async (split: 'train' | 'test', count: number): Promise<Rated> => {
  const shapes = openShapes({ split, count, size: 12 })
  const brightness = new Float32Array(count)
  for (let i = 0; i < count; i++) {
    const pixels = await shapes.read(i)
    brightness[i] = pixels.reduce((sum, pixel) => sum + pixel, 0) / pixels.length / 255
  }
  return { ...shapes, classes: ['brightness'], labels: new Int32Array(count), brightness }
}

/** Regression of one number, by its mean absolute error. */
const regression: Task<Rated> = {
  name: 'brightness',
  output: 'value',
  targets: batch => ({ wanted: input('wanted', [batch, 1]) }),
  encode: ({ brightness }, { indices }) => ({
    wanted: {
      shape: [indices.length, 1],
      data: Float32Array.from(indices, index => brightness[index]),
    },
  }),
  loss: ({ value }, { wanted }) => reduceMean(abs(sub(value, wanted))),
  accumulator: ({ brightness }) =>
    means(['loss', 'close'], ({ value }, row, index) => {
      const loss = Math.abs(value.data[row] - brightness[index])
      return { loss, close: Number(loss < 0.1) }
    }),
  best: { metric: 'loss', higher: false },
}

const folders: string[] = []
afterEach(async () => {
  for (const folder of folders.splice(0)) await rm(folder, { recursive: true })
})

const seen = await rated('train', STEPS * BATCH)
const unseen = await rated('test', 25)
const normalization = { mean: [0.5, 0.5, 0.5], std: [0.25, 0.25, 0.25] }

/** Trains in a new folder; where `stop` is given, as Ctrl-C after so many steps and `--resume` would. */
const trained = async (
  stop?: number,
  network: Model = model('se-resnet8', { classes: 1 }),
  task: Task<Rated> = regression,
): Promise<{ folder: string; result: TrainResult }> => {
  const folder = await mkdtemp(join(tmpdir(), 'excite-task-'))
  folders.push(folder)
  const options = {
    config: {
      ...recordOf(network),
      data: 'brightness',
      task: task.name,
      seed: 0,
      engine: 'onnxruntime',
      threads: 1,
      recipe: { ...RECIPES.short, epochs: EPOCHS, batch: BATCH },
    },
    model: network,
    task,
    train: seen,
    validation: unseen,
    normalization,
    engine: onnxEngine,
    conditions: {},
    folder,
  }
  if (stop === undefined) return { folder, result: await train(options) }
  const controller = new AbortController()
  let left = stop
  const stopped = await train({
    ...options,
    signal: controller.signal,
    onStep: () => {
      if (--left === 0) controller.abort()
    },
  })
  expect(stopped.finished).toBe(false)
  return { folder, result: await train({ ...options, resume: 'exact' }) }
}

describe('a regression of one number', () => {
  it('learns, with columns of its own, and the best epoch is that of the least error', async () => {
    const { folder, result } = await trained()
    const { history, best } = result
    expect(history).toHaveLength(EPOCHS)
    expect(history[EPOCHS - 1].trainLoss).toBeLessThan(history[0].trainLoss)
    const [header] = (await readFile(join(folder, RUN_FILES.table), 'utf8')).split('\n')
    expect(header).toBe(
      'epoch,learningRate,trainLoss,trainClose,testLoss,testClose,seconds,waiting,evaluated',
    )
    expect(await readMetrics(folder)).toEqual(history)
    expect(best?.card).toMatchObject({ task: 'brightness', classes: ['brightness'] })

    await expect(openClassifier(folder)).rejects.toMatchObject({ got: 'one for brightness' })
    const saved = await loadTrained(folder)
    const predictor = await openPredictor(saved, BATCH, onnxEngine, 1)
    const { loss } = await evaluate(unseen, {
      batch: BATCH,
      normalization,
      infer: predictor.infer,
      accumulator: regression.accumulator(unseen),
    })
    await predictor.dispose()
    expect(loss).toBeCloseTo(Math.min(...history.map(({ testLoss }) => testLoss)), 5)
  })

  it('resumes to the same bits, in the middle of an epoch and at its end', async () => {
    const timeless = ({ history }: TrainResult) =>
      history.map(({ seconds: _, waiting: __, ...row }) => row)
    const bytes = (folder: string) => readFile(join(folder, RUN_FILES.last))
    const whole = await trained()
    for (const steps of [2, STEPS + 3, 2 * STEPS]) {
      const resumed = await trained(steps)
      expect(timeless(resumed.result)).toEqual(timeless(whole.result))
      expect((await bytes(resumed.folder)).equals(await bytes(whole.folder))).toBe(true)
    }
  })
})

it('a task that is registered by its name is asked by the folder alone', async () => {
  registerTask('brightness', {
    describe: 'how bright an image is',
    build: () => ({
      ...regression,
      answers: {
        answer: ({ value: { data } }, row) => ({
          text: `${data[row]}`,
          fields: { brightness: data[row] },
          cells: { brightness: data[row] },
        }),
        truth: ({ brightness }: Rated, index) => `${brightness[index]}`,
        cells: ({ value: { data } }, row) => ({ brightness: data[row] }),
      },
    }),
  })
  const { folder, result } = await trained()
  const classifier = await openClassifier(folder)
  const prepared = await unseen.read(0)
  const { fields } = await classifier.answer({ prepared })
  await expect(classifier.classifyPrepared(prepared)).rejects.toMatchObject({
    expected: 'a network that tells classes apart',
  })
  const { metrics } = await classifier.evaluate(unseen)
  await classifier.close()
  expect(fields.brightness).toBeTypeOf('number')
  expect(metrics.loss).toBeCloseTo(Math.min(...result.history.map(row => row.testLoss)), 5)
})

/** A network of two outputs, and a task that judges both. */
describe('a network of several outputs', () => {
  const two = customModel(
    'two',
    layer({ mean: linear(3, 1), spread: linear(3, 2) }, ({ mean, spread }, images) => {
      const colors = globalMean(images)
      return { value: mean(colors), spread: spread(colors) }
    }),
    { classes: 1, size: 12 },
  )
  const both: Task<Rated> = {
    ...regression,
    name: 'both',
    loss: (outputs, targets) =>
      add(regression.loss(outputs, targets) as Value, reduceMean(abs(outputs.spread))),
  }

  it('is trained, saved, asked, exported and counted', async () => {
    const { folder } = await trained(undefined, two, both)
    const saved = await loadTrained(folder, 'best', two)
    const predictor = await openPredictor(saved, BATCH, onnxEngine, 1)
    const outputs = await predictor.infer(new Float32Array(BATCH * 3 * 12 * 12))
    await predictor.dispose()
    expect(Object.entries(outputs).map(([name, { shape }]) => [name, shape])).toEqual([
      ['value', [BATCH, 1]],
      ['spread', [BATCH, 2]],
    ])
    const bytes = exportOnnx(saved)
    expect(readOnnx(bytes, 'two.onnx').graph.outputs.map(({ name }) => name)).toEqual([
      'value',
      'spread',
    ])
    expect(await checkExport(bytes, saved)).toBeLessThan(1e-4)
    expect(costOf(two, [12, 12]).parameters).toBe(3 * 3 + 3)
  })
})
