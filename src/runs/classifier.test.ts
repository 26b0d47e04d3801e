/** One network as a service has it: by path, bytes and address, described by itself or by `model.json`, in every form of its file. */

import { copyFile, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { untrained } from '../bench/workloads.ts'
import { model } from '../models/registry.ts'
import { encodeModel } from '../onnx/encode.ts'
import type { OnnxModel } from '../onnx/model.ts'
import { readOnnx } from '../onnx/read/index.ts'
import { random } from '../random/index.ts'
import { type Description, describe as describeCard } from '../weights/description.ts'
import { ownDescription } from '../weights/onnxFile.ts'
import { writeTrained } from '../weights/trained.ts'
import { openClassifier } from './classifier.ts'

const SIZE = 12
const LABELS = ['blue', 'green', 'red']
const color = (red: number, green: number, blue: number) => ({
  width: 20,
  height: 15,
  data: Uint8Array.from({ length: 900 }, (_, i) => [red, green, blue][i % 3]),
})
const draw = random(3)
const noise = {
  width: 20,
  height: 15,
  data: Uint8Array.from({ length: 900 }, (_, i) => 256 * draw.uniform(i)),
}

/** Somebody else's model: the mean of each channel of [N, H, W, BGR], pixels from 0 to 255. */
const means = (batch: number | 'N' = 'N'): Uint8Array => {
  const foreign: OnnxModel = {
    opset: 17,
    metadata: {},
    graph: {
      name: 'means',
      nodes: [
        {
          opType: 'ReduceMean',
          name: 'mean',
          inputs: ['picture'],
          outputs: ['score'],
          attributes: { axes: [1, 2], keepdims: 0 },
        },
      ],
      initializers: [],
      inputs: [{ name: 'picture', dtype: 'float32', shape: [batch, SIZE, SIZE, 3] }],
      outputs: [{ name: 'score', dtype: 'float32', shape: [batch, 3] }],
    },
  }
  return encodeModel(foreign)
}
const described = (input: object = {}, other: object = {}): Description =>
  ({
    excite: 1,
    model: 'means',
    labels: LABELS,
    input: {
      ...{ name: 'picture', dtype: 'float32', layout: 'NHWC', order: 'BGR', range: 255 },
      ...{ channels: 3, height: SIZE, width: SIZE, mean: [0, 0, 0], std: [25.5, 25.5, 25.5] },
      ...input,
    },
    output: { name: 'score', values: 'logits' },
    ...other,
  }) as Description

let folder: string
let server: Server
const at = (name: string): string => join(folder, name)
const address = (name: string): string =>
  `http://127.0.0.1:${(server.address() as AddressInfo).port}/${name}`

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'excite-classifier-'))
  const trained = untrained(model('se-resnet8', { classes: 4 }), SIZE)
  const card = { ...trained.card, cropPct: 0.8, mean: [0.5, 0.4, 0.3], std: [0.2, 0.25, 0.3] }
  await writeFile(at('own.safetensors'), writeTrained({ ...trained, card }))
  await writeFile(at('foreign.onnx'), means())
  await writeFile(at('foreign.json'), JSON.stringify(described()))
  server = createServer((request, response) => {
    readFile(at(`${request.url}`)).then(
      bytes => response.end(bytes),
      () => response.writeHead(404).end(),
    )
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
})
afterAll(async () => {
  server.close()
  await rm(folder, { recursive: true })
})

const answers = async (
  network: Parameters<typeof openClassifier>[0],
  options: Parameters<typeof openClassifier>[1] = {},
  image = noise,
) => {
  const classifier = await openClassifier(network, options)
  try {
    const guesses = await classifier.classify(image)
    return Object.fromEntries(guesses.map(({ label, probability }) => [label, probability]))
  } finally {
    await classifier.close()
  }
}
const close = (found: Record<string, number>) =>
  Object.fromEntries(
    Object.entries(found).map(([label, value]) => [label, expect.closeTo(value, 5)]),
  )

describe('a network of ours', () => {
  it.each([
    ['logits of floats', undefined, 'float32', 'logits'],
    ['probabilities', { softmax: true }, 'float32', 'probabilities'],
    ['probabilities of bytes', { softmax: true, preprocessing: true }, 'uint8', 'probabilities'],
    ['logits of bytes', { preprocessing: true }, 'uint8', 'logits'],
  ])(
    'answers the same exported as %s, alone and with what stands beside it',
    async (_, serving, dtype, values) => {
      const classifier = await openClassifier(at('own.safetensors'), { engine: 'onnxruntime' })
      await classifier.exportOnnx(at('own.onnx'), serving)
      await classifier.close()
      const own = close(await answers(at('own.safetensors'), { engine: 'onnxruntime' }))
      const beside = JSON.parse(await readFile(at('own.json'), 'utf8'))
      expect(beside).toMatchObject({ excite: 1, input: { dtype }, output: { values } })
      const { metadata } = readOnnx(await readFile(at('own.onnx')), 'own.onnx')
      expect(JSON.parse(metadata.get('excite') ?? '')).toEqual(beside)
      await copyFile(at('own.onnx'), at('alone.onnx'))
      expect(await answers(at('alone.onnx'))).toEqual(own)
      expect(await answers(await readFile(at('own.onnx')))).toEqual(own)
      expect(await answers(pathToFileURL(at('own.onnx')))).toEqual(own)
      expect(await answers(new URL(address('own.onnx')))).toEqual(own)
    },
  )

  it('is read from the metadata of files before model.json', () => {
    const { card } = untrained(model('se-resnet8', { classes: 4 }), SIZE)
    const { classes, channels, height, width, mean, std: deviation } = card
    const image = { channels, height, width, cropPct: 0.8, mean, deviation }
    const metadata = new Map([
      ['model', 'se-resnet8'],
      ['classes', JSON.stringify(classes)],
      ['preprocessing', JSON.stringify({ ...image, layout: 'NCHW', order: 'RGB', scale: 1 / 255 })],
    ])
    const file = readOnnx(means(), 'old.onnx')
    expect(ownDescription({ ...file, metadata }, 'old.onnx')).toEqual(
      describeCard({ ...card, cropPct: 0.8 }),
    )
  })
})

describe('a model of somebody else', () => {
  it('is asked as model.json says: layout, order, range, and by address', async () => {
    const red = { blue: 0, green: 0, red: 1 }
    for (const network of [at('foreign.onnx'), address('foreign.onnx')])
      expect(await answers(network, {}, color(255, 10, 0))).toEqual({
        blue: expect.closeTo(red.blue, 3),
        green: expect.closeTo(red.green, 3),
        red: expect.closeTo(red.red, 3),
      })
    const reordered = described({ order: 'RGB' })
    const found = await answers(means(), { description: reordered }, color(255, 10, 0))
    expect(found.blue).toBeCloseTo(1, 3)
  })

  it('gives probabilities, which are not softened again', async () => {
    const shares = described(
      { std: [255, 255, 255] },
      { output: { name: 'score', values: 'probabilities' } },
    )
    const found = await answers(means(), { description: shares }, color(51, 153, 51))
    expect(found).toEqual(close({ red: 0.2, green: 0.6, blue: 0.2 }))
  })

  it('of a fixed batch answers one image and many', async () => {
    const fixed = described({ batch: 4 })
    const classifier = await openClassifier(means(4), { description: fixed })
    const [best] = await classifier.classify(color(0, 200, 0), { top: 1 })
    expect(best.label).toBe('green')
    await classifier.close()
  })

  it.each<[string, unknown, string]>([
    ['labels', described({}, { labels: ['a', 'b'] }), 'expected 2 numbers per image'],
    ['an input', described({ name: 'x' }), 'expected the input x'],
    ['an output', described({}, { output: { name: 'y', values: 'logits' } }), 'the output y'],
  ])('of another %s than is described is refused', async (_, description, message) => {
    await expect(answers(means(), { description: description as Description })).rejects.toThrow(
      message,
    )
  })

  it.each([
    ['{', 'not JSON'],
    ['[]', 'its fields'],
    ['{"excite": 2}', 'excite: expected 1, the version'],
    [JSON.stringify(described({ mean: [1] })), 'input.mean and std: not one number per channel'],
    [JSON.stringify(described({ crop: 1 })), 'input: Unrecognized key'],
  ])('described as %s is refused', async (text, message) => {
    await writeFile(at('wrong.json'), text)
    await expect(
      answers(at('foreign.onnx'), { description: at('wrong.json') }),
    ).rejects.toMatchObject({ code: 'file', got: expect.stringContaining(message) })
  })

  it('of a detector is refused, since its boxes are not read', async () => {
    const description = described({}, { task: 'detection' })
    await expect(answers(means(), { description })).rejects.toThrow('an ONNX file of a detector')
  })

  it('without a description is refused with what to do', async () => {
    await writeFile(at('bare.onnx'), means())
    await expect(answers(at('bare.onnx'))).rejects.toMatchObject({
      hint: expect.stringContaining(at('bare.json')),
    })
  })
})
