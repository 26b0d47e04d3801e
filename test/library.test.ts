/** The library does the main job, with parts of Excite or of the user's own, and its runs are the command's. */

import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import sharp from 'sharp'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import {
  type Attention,
  attention,
  type Images,
  init,
  models,
  type Network,
  nn,
  openClassifier,
  openImages,
  ops,
  type ResumeOptions,
  register,
  resume,
  suggest,
  type TrainOptions,
  train,
  weights,
} from '../src/index.ts'
import { excite as command } from './support/command.ts'

let folder = ''
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'excite-library-'))
})
afterAll(() => rm(folder, { recursive: true, force: true }))

const place = (name: string): string => join(folder, name)
const SMALL = { samples: { train: 120, test: 40 }, size: 16 } as const
const SHORT = { epochs: 2, batch: 20, threads: 1, engine: 'onnxruntime' } satisfies TrainOptions
const STEPS = 6

const weightsOf = (name: string): Promise<Buffer> => readFile(place(`${name}/best.safetensors`))

/** Scales a channel by one number, which is learned. */
const scaling = (): Attention => ({
  kind: 'recalibration',
  name: 'scaling',
  at: 'standard',
  build: channels =>
    nn.layer({ scale: nn.parameter([1, channels, 1, 1], init.constant(1)) }, ({ scale }, x) =>
      ops.mul(x, scale),
    ),
})

/** Trains with a stop after some steps, and resumes. */
const stoppedAfter = async (
  network: Network,
  images: Images,
  name: string,
  steps: number,
  again: ResumeOptions,
) => {
  const stop = new AbortController()
  let done = 0
  const options = { ...SHORT, out: place(name), signal: stop.signal }
  const run = await train(network, images, {
    ...options,
    onStep: () => {
      if (++done === steps) stop.abort()
    },
  })
  expect(run.finished).toBe(false)
  return resume(place(name), again)
}

describe('the main job', () => {
  it('is a few calls, whose run is one of the command line', async () => {
    const images = await openImages('shapes', SMALL)
    const network = models.resnet8({
      classes: images.classes.length,
      attention: attention.se({ reduction: 8 }),
    })
    const epochs: number[] = []
    const run = await train(network, images, {
      ...SHORT,
      out: place('main'),
      onEpoch: ({ epoch, validation }) => {
        epochs.push(epoch)
        expect(validation.top1).toBeGreaterThanOrEqual(0)
      },
    })
    expect([run.finished, epochs, run.history.length]).toEqual([true, [1, 2], 2])

    const photo = await sharp({
      create: { width: 40, height: 30, channels: 3, background: '#4080c0' },
    })
      .png()
      .toBuffer()
    await writeFile(place('photo.png'), photo)
    const classifier = await openClassifier(place('main'))
    const guesses = await classifier.classify(place('photo.png'))
    expect(guesses.map(({ probability }) => probability)).toEqual(
      guesses.map(({ probability }) => probability).toSorted((a, b) => b - a),
    )
    expect(guesses.reduce((sum, { probability }) => sum + probability, 0)).toBeCloseTo(1, 5)
    expect(await classifier.classify(new Uint8Array(photo))).toEqual(guesses)
    const { data, info } = await sharp(photo).raw().toBuffer({ resolveWithObject: true })
    const pixels = { data: new Uint8Array(data), width: info.width, height: info.height }
    expect(await classifier.classify(pixels)).toEqual(guesses)
    const own = await classifier.evaluate(images.validation)

    await classifier.exportOnnx(place('main.onnx'))
    const shipped = await openClassifier(place('main.onnx'))
    expect(shipped.classes).toEqual(images.classes)
    const [best] = await shipped.classify(place('photo.png'), { top: 1 })
    expect(best.label).toBe(guesses[0].label)
    expect(best.probability).toBeCloseTo(guesses[0].probability, 4)
    await shipped.close()

    const predicted = await command(folder, 'predict', 'main', 'photo.png', '--top', '10', '--json')
    const [{ classes }] = JSON.parse(predicted.stdout).results
    const again = await openClassifier(place('main'))
    expect(classes.map((one: { probability: number }) => one.probability)).toEqual(
      (await again.classify(place('photo.png'))).map(({ probability }) => probability),
    )
    await again.close()
    const evaluated = await command(folder, 'eval', 'main', '--json')
    expect(JSON.parse(evaluated.stdout)).toMatchObject({ ...own.metrics })
    await classifier.close()
    await images.close()
  })

  it('gives the bits that the command line gives', async () => {
    const images = await openImages('shapes', SMALL)
    const network = models.resnet8({ classes: images.classes.length })
    await train(network, images, { ...SHORT, out: place('here'), initialize: 'pytorch' })
    const typed = `train resnet8 --samples 120,40 --size 16 --epochs 2 --batch 20 --threads 1
      --engine onnxruntime --initialize pytorch --out there`
    const { code } = await command(folder, ...typed.split(/\s+/))
    expect(code).toBe(0)
    expect((await weightsOf('here')).equals(await weightsOf('there'))).toBe(true)
    const [ours, theirs] = await Promise.all(
      ['here', 'there'].map(async name =>
        JSON.parse(await readFile(place(`${name}/config.json`), 'utf8')),
      ),
    )
    expect(ours).toEqual(theirs)
  })

  it('refuses to answer what is not a number', async () => {
    const images = await openImages('shapes', SMALL)
    const model = models.resnet8({ classes: images.classes.length })
    const tensors = nn.initialize(model.network, 0)
    tensors.get('fc.bias')?.fill(Number.NaN)
    const card = {
      ...{ model: 'resnet8', classes: [...images.classes], channels: 3, height: 16, width: 16 },
      ...{ mean: [0.5, 0.5, 0.5], std: [0.2, 0.2, 0.2] },
    }
    await writeFile(place('nan.safetensors'), weights.writeTrained({ card, model, tensors }))
    const classifier = await openClassifier(place('nan.safetensors'))
    const failure = { code: 'weights', where: place('nan.safetensors') }
    await expect(
      classifier.classifyPrepared(await images.validation.read(0)),
    ).rejects.toMatchObject(failure)
    await expect(classifier.evaluate(images.validation)).rejects.toMatchObject(failure)
    await classifier.close()
  })

  it('may be chosen: network, size and recipe by the images and the machine', async () => {
    const { network, images, options, seconds, reasons } = await suggest('shapes', {
      samples: SMALL.samples,
      threads: 1,
      engine: 'onnxruntime',
    })
    expect(network.name).toBe('resnet8')
    expect(seconds).toBeGreaterThan(0)
    expect(reasons).toHaveLength(4)
    const run = await train(network, images, { ...options, epochs: 1, out: place('chosen') })
    expect(run.history).toHaveLength(1)
    await images.close()
  })
})

describe('parts of your own', () => {
  it('an attention that is not registered is trained and resumed to the same bits', async () => {
    const images = await openImages('shapes', SMALL)
    const network = models.resnet8({ classes: images.classes.length, attention: scaling() })
    await train(network, images, { ...SHORT, out: place('whole') })
    for (const steps of [2, STEPS])
      await stoppedAfter(network, images, `parts${steps}`, steps, { network })
    expect(await weightsOf('parts2')).toEqual(await weightsOf('whole'))
    expect(await weightsOf(`parts${STEPS}`)).toEqual(await weightsOf('whole'))

    await expect(resume(place('whole'))).rejects.toMatchObject({
      hint: expect.stringMatching(/option network/),
    })
    await expect(openClassifier(place('whole'))).rejects.toMatchObject({
      where: 'network resnet8',
      hint: expect.stringMatching(/option network/),
    })
    const classifier = await openClassifier(place('whole'), { network })
    const {
      metrics: { loss },
    } = await classifier.evaluate(images.validation)
    await classifier.exportOnnx(place('own.onnx'))
    await classifier.close()
    // The exported file holds the whole network: nothing of its code is needed.
    const shipped = await openClassifier(place('own.onnx'))
    expect((await shipped.evaluate(images.validation)).metrics.loss).toBeCloseTo(loss, 4)
    await shipped.close()
  })

  it('a network of your own layers is trained and resumed to the same bits', async () => {
    const images = await openImages('shapes', SMALL)
    const layers = nn.layer(
      { conv: nn.conv2d(3, 8, 3, { padding: 1 }), fc: nn.linear(8, images.classes.length) },
      ({ conv, fc }, x) => fc(nn.flatten(nn.globalAveragePool(ops.relu(conv(x))))),
    )
    const network = models.custom('tiny', layers, { classes: images.classes.length })
    await train(network, images, { ...SHORT, out: place('tiny') })
    await stoppedAfter(network, images, 'tiny2', 3, { network, images })
    expect(await weightsOf('tiny2')).toEqual(await weightsOf('tiny'))
    const { stderr, code } = await command(folder, 'eval', 'tiny')
    expect([code, stderr]).toEqual([
      2,
      expect.stringContaining('network tiny: expected the network itself'),
    ])
  })

  it('what is registered is built again from what is written down', async () => {
    const own = register.attention('own', ({ scale = 1 }: { scale?: number }) => ({
      kind: 'recalibration',
      name: 'own',
      at: 'standard',
      build: channels =>
        nn.layer({ by: nn.parameter([1, channels, 1, 1], init.constant(scale)) }, ({ by }, x) =>
          ops.mul(x, by),
        ),
    }))
    const mine = register.model('mine', {
      size: 16,
      build: ({ classes, channels }) =>
        nn.layer(
          { conv: nn.conv2d(channels, 4, 3), fc: nn.linear(4, classes) },
          ({ conv, fc }, x) => fc(nn.flatten(nn.globalAveragePool(ops.relu(conv(x))))),
        ),
    })
    const { train: seen, validation } = await openImages('shapes', SMALL)
    register.dataset('ours', ({ split }) => (split === 'train' ? seen : validation))
    const images = await openImages('ours')
    const classes = images.classes.length
    const networks = {
      attention: models.resnet8({ classes, attention: own({ scale: 0.5, stages: [3] }) }),
      model: mine({ classes }),
    }
    for (const [name, network] of Object.entries(networks)) {
      await train(network, images, { ...SHORT, out: place(name) })
      await stoppedAfter(network, images, `${name}2`, 4, {})
      expect(await weightsOf(`${name}2`)).toEqual(await weightsOf(name))
    }
    const { attention: text } = JSON.parse(await readFile(place('attention/config.json'), 'utf8'))
    expect(text).toBe('own:scale=0.5,stages=3')
    const classifier = await openClassifier(place('attention'))
    expect(classifier.card.attention).toBe(text)
    await classifier.close()
  })
})

describe('options', () => {
  it.each<[string, () => unknown, string]>([
    [
      'of an attention',
      () => attention.se({ reductoin: 4 } as object),
      'attention.se: expected options among',
    ],
    [
      'of their values',
      () => attention.se({ reduction: -1 }),
      'expected reduction as a number above 0, got -1',
    ],
    ['of a network', () => models.resnet20({ clases: 4 } as object), 'clases'],
  ])('%s are refused by name', (_, make, message) => {
    expect(make).toThrow(message)
  })

  it('of a training are refused by name', async () => {
    const images = await openImages('shapes', SMALL)
    const network = models.resnet8({ classes: images.classes.length })
    const options = { ...SHORT, out: place('wrong') }
    await expect(train(network, images, { ...options, epoch: 3 } as object)).rejects.toThrow(
      'epoch',
    )
    await expect(train(network, images, { ...options, batch: 200 })).rejects.toThrow('120')
  })

  it('of attention are written down as they are read', () => {
    const made = attention.sk({
      branches: [{ kernel: 3 }, { kernel: 3, dilation: 2 }, { kernel: 7 }],
      reduction: 8,
    })
    expect(made.spec).toBe('sk:branches=3+5+7x7,reduction=8')
    expect(models.resnet20({ attention: made }).attention).toBe(made.spec)
  })
})

describe('the root', () => {
  it('has about forty names', async () => {
    const index = await readFile(new URL('../src/index.ts', import.meta.url), 'utf8')
    const names = [...index.matchAll(/export (?:type )?(?:\* as (\w+)|\{([^}]*)\})/g)].flatMap(
      ([, space, list]) => space ?? list.split(',').filter(name => name.trim() !== ''),
    )
    expect(names.length).toBeLessThanOrEqual(44)
  })

  it('names every backbone and every attention', () => {
    const bases = models.names.filter(name => !name.includes('-'))
    expect(bases.filter(name => !(name in models))).toEqual([])
    const makers = Object.values(attention).filter(value => typeof value === 'function')
    expect(makers.length).toBe(attention.names.length + 1)
  })
})
