/** Gates of foreign models on images: the recorded numbers, and a child that fails in every way. */

import { fork } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { InferenceSession, Tensor } from 'onnxruntime-node'
import { describe, expect, it } from 'vitest'
import { type Dataset, pixelDataset } from '../data/dataset.ts'
import { EngineError } from '../errors/index.ts'
import { readOnnx } from '../onnx/read/index.ts'
import {
  endlessly,
  float32,
  int,
  model,
  node,
  type Part,
  part,
  raw,
  relu,
  tensor,
  text,
  typed,
  value,
  x,
} from '../onnx/read/parts.testing.ts'
import { average } from '../stats/moments.ts'
import { describe as description } from '../weights/description.ts'
import { findBlocks } from './blocks.ts'
import { foreignGates } from './gates.ts'
import { fitted } from './images.ts'
import { tensorOf } from './inputs.ts'
import { openNetwork } from './network.ts'
import { withOutputs } from './outputs.ts'
import { isAsked, perImage } from './perImage.ts'
import { type Preprocessing, preprocessingOf, type Wanted } from './preprocessing.ts'
import { openRunner, type RunnerOptions } from './runner.ts'

const FOLDER = new URL('../../test/parity/fixtures/exportedForms/', import.meta.url)
const recorded: Readonly<Record<string, { readonly gate: readonly number[] } | null>> = JSON.parse(
  readFileSync(new URL('recorded.json', FOLDER), 'utf8'),
)
const LIMITS = { seconds: 60, memory: 4e9, threads: 1 }

/** The image that gates were recorded of: sin(0.7 i). */
const IMAGE = Float32Array.from({ length: 3 * 6 * 6 }, (_, i) => Math.sin(Math.fround(i * 0.7)))

/** In this process: these files are ours. Of shares, the first branch's. */
const gateOf = async (name: string): Promise<number[]> => {
  const bytes = readFileSync(new URL(`${name}.onnx`, FOLDER))
  const model = readOnnx(bytes, name)
  const [block] = findBlocks(openNetwork(model))
  const { value } = block
  const [{ dtype = '' }] = model.graph.inputs
  const session = await InferenceSession.create(withOutputs(bytes, model, [value]))
  const { data } = tensorOf(dtype, [1, 3, 6, 6], IMAGE)
  const x = new Tensor(dtype as Tensor.Type, data, [1, 3, 6, 6])
  const { [value]: gate } = await session.run({ x })
  await session.release()
  const found = { shape: gate.dims, data: gate.data as Float32Array | Uint16Array }
  return block.family === 'over places'
    ? [...found.data]
    : perImage(found, 1, block, name).flatMap(gates => [...gates])
}

describe('the value that is found is the gate that was recorded', () => {
  const names = Object.keys(recorded).filter(
    name => recorded[name] !== null && name !== 'without-squeeze' && !name.startsWith('in-'),
  )
  it.each(names)('%s', async name => {
    const found = await gateOf(name)
    const gate = recorded[name]?.gate ?? []
    expect(found).toHaveLength(gate.length)
    for (const [i, wanted] of gate.entries()) expect(found[i]).toBeCloseTo(wanted, 3)
  })

  it('of every place: their mean', async () => {
    const found = await gateOf('without-squeeze')
    const gate = recorded['without-squeeze']?.gate ?? []
    for (const [c, mean] of found.entries())
      expect(mean).toBeCloseTo(average(gate.slice(36 * c, 36 * (c + 1))), 4)
  })

  it('is not asked for within a node, or where it is of places', () => {
    const names = ['in-if', 'in-loop', 'in-scan', 'cbam-places', 'conv', 'sk-one-by-one']
    const asked = names.filter(name => {
      const model = readOnnx(readFileSync(new URL(`${name}.onnx`, FOLDER)), name)
      return findBlocks(openNetwork(model)).some(isAsked)
    })
    expect(asked).toEqual(['conv', 'sk-one-by-one'])
  })
})

describe('gates over images', () => {
  /** Pixels that are the image's after normalization, whichever the class. */
  const dataset = pixelDataset({
    name: 'noise',
    split: 'test',
    classes: ['a', 'b'],
    shape: [3, 6, 6],
    labels: Int32Array.of(0, 1, 0, 1, 0),
    read: index => Uint8Array.from({ length: 108 }, (_, i) => (i * (index + 3) * 37) % 256),
  })
  const gates = async (name: string, change: Partial<Preprocessing> = {}) => {
    const bytes = readFileSync(new URL(`${name}.onnx`, FOLDER))
    const model = readOnnx(bytes, name)
    const blocks = findBlocks(openNetwork(model, [6, 6]))
    const preprocessing = { ...preprocessingOf(model, name), ...change }
    const options = { file: name, batch: 2, ...LIMITS }
    return foreignGates(bytes, model, blocks, dataset, preprocessing, options)
  }

  it('are means by class, whatever the batch', async () => {
    const [block] = await gates('conv')
    expect(block).toMatchObject({ path: 'se', block: '1', stage: 1, channels: 8 })
    expect(block.classes.map(({ class: name, count }) => [name, count])).toEqual([
      ['a', 3],
      ['b', 2],
    ])
    const [a, b] = block.classes
    for (const [i, mean] of block.mean.entries()) {
      expect(mean).toBeGreaterThan(0)
      expect(mean).toBeCloseTo((3 * a.mean[i] + 2 * b.mean[i]) / 5, 6)
    }
    expect(block.withinStd).toBeGreaterThan(0)
    // Not all of an image's pixels are the same, so neither are gates after another normalization.
    const [other] = await gates('conv', { mean: [0, 0, 0], std: [1, 1, 1] })
    expect(other.mean).not.toEqual(block.mean)
    const [bytes] = await gates('conv', { range: 255, mean: [0, 0, 0], std: [255, 255, 255] })
    for (const [i, mean] of bytes.mean.entries()) expect(mean).toBeCloseTo(other.mean[i], 5)
  })

  it('are shares of the first branch where branches share', async () => {
    const [block] = await gates('split-attention')
    expect(block).toMatchObject({ kind: 'splits', branches: 2, channels: 8 })
    for (const mean of block.mean) expect(mean > 0 && mean < 1).toBe(true)
  })

  it('of a model in half precision, whose images are halves too', async () => {
    const [block] = await gates('float16')
    const [single] = await gates('float16', { mean: [0.485, 0.456, 0.406] })
    expect(block.mean).toEqual(single.mean)
    expect(block.mean).toHaveLength(8)
    expect(block.betweenStd + block.withinStd).toBeGreaterThan(0)
  })
})

/** Gates of three channels: σ(b·relu(a·z)), a = (1, 2, 3), b = (1, -1, 2), by hand below. */
const gated = (layout: 'NCHW' | 'NHWC'): Uint8Array => {
  const numbers = (...list: number[]): Part =>
    raw(9, ...new Uint8Array(Float32Array.from(list).buffer))
  const sizes = (...list: number[]): Part[] => list.map(size => int(1, size))
  const last = layout === 'NHWC'
  const dims = (last ? ['N', 2, 4, 3] : ['N', 3, 2, 4]).map(size =>
    part(1, typeof size === 'number' ? int(1, size) : text(2, size)),
  )
  const perm = part(5, text(1, 'perm'), ...[0, 3, 1, 2].map(axis => int(8, axis)), int(20, 7))
  return model(
    text(2, 'gated'),
    last ? node(['x'], ['u'], 'Transpose', perm) : node(['x'], ['u'], 'Identity'),
    node(['u'], ['z'], 'GlobalAveragePool'),
    node(['z', 'a'], ['h'], 'Conv'),
    node(['h'], ['r'], 'Relu'),
    node(['r', 'b'], ['v'], 'Conv'),
    node(['v'], ['s'], 'Sigmoid'),
    node(['u', 's'], ['y'], 'Mul'),
    value(11, 'x', part(2, part(1, int(1, 1), part(2, ...dims)))),
    value(12, 'y'),
    tensor('a', ...sizes(1, 3, 1, 1), float32, numbers(1, 2, 3)),
    tensor('b', ...sizes(3, 1, 1, 1), float32, numbers(1, -1, 2)),
  )
}

describe('images become what the model takes', () => {
  /** Red, green and blue of all pixels. */
  const color = [51, 102, 204]
  const flat = (pixels: readonly number[]): Dataset =>
    pixelDataset({
      name: 'flat',
      split: 'test',
      classes: ['a'],
      shape: [pixels.length, 6, 6],
      labels: Int32Array.of(0),
      read: () =>
        Uint8Array.from({ length: pixels.length * 36 }, (_, i) => pixels[Math.floor(i / 36)]),
    })
  const expected = (means: readonly number[]): number[] => {
    const hidden = Math.max(means[0] + 2 * means[1] + 3 * means[2], 0)
    return [1, -1, 2].map(b => 1 / (1 + Math.exp(-b * hidden)))
  }
  const found = async (layout: 'NCHW' | 'NHWC', pixels: readonly number[], wanted: Wanted = {}) => {
    const bytes = gated(layout)
    const file = readOnnx(bytes, 'gated')
    const blocks = findBlocks(openNetwork(file))
    const one = preprocessingOf(file, 'gated', { mean: [0], std: [1], ...wanted })
    expect(one).toMatchObject({ layout, channels: 3, height: 2, width: 4 })
    const options = { file: 'gated', batch: 1, ...LIMITS }
    const [block] = await foreignGates(bytes, file, blocks, fitted(flat(pixels), one), one, options)
    return block.mean
  }
  const close = (a: readonly number[], b: readonly number[]): void => {
    for (const [i, wanted] of b.entries()) expect(a[i]).toBeCloseTo(wanted, 5)
  }

  it('channels first or last, red or blue first, gray or in color', async () => {
    const [red, green, blue] = color.map(pixel => pixel / 255)
    close(await found('NCHW', color), expected([red, green, blue]))
    close(await found('NHWC', color), expected([red, green, blue]))
    close(await found('NHWC', color, { order: 'BGR' }), expected([blue, green, red]))
    close(await found('NCHW', [102]), expected([green, green, green]))
  })

  it('scaled, less the mean, over the std', async () => {
    const wanted: Wanted = { range: 255, mean: [50, 100, 200], std: [1, 2, 4] }
    close(await found('NCHW', color, wanted), expected([1, 1, 1]))
  })

  it('at another size, as they are at their own', async () => {
    const one = { ...preprocessingOf(readOnnx(gated('NCHW'), 'g'), 'g'), height: 12, width: 12 }
    expect(await fitted(flat(color), one).read(0)).toEqual(
      Uint8Array.from({ length: 432 }, (_, i) => color[Math.floor(i / 144)]),
    )
  })

  it('of three colors to gray by Rec. 601', async () => {
    const one = { ...preprocessingOf(readOnnx(gated('NCHW'), 'g'), 'g'), channels: 1 } as const
    expect((await fitted(flat(color), { ...one, order: 'gray' }).read(0))[0]).toBe(
      Math.round(0.299 * 51 + 0.587 * 102 + 0.114 * 204),
    )
  })

  it('as our own file says, and else by a guess that says so', () => {
    const file = readOnnx(gated('NCHW'), 'g')
    expect(preprocessingOf(file, 'g').source).toContain('a guess')
    const own = { mean: [0.1, 0.2, 0.3], std: [1, 2, 3], cropPct: 0.9 }
    const saying = (text: string) => ({ ...file, metadata: new Map([['excite', text]]) })
    const card = { model: 'm', classes: ['a', 'b'], channels: 3, height: 8, width: 8, ...own }
    expect(preprocessingOf(saying(JSON.stringify(description(card))), 'g')).toMatchObject({
      ...own,
      source: 'as its file says',
    })
    for (const text of ['{', '{"mean":[1]}', '{"mean":[0],"std":[1]}', '[]'])
      expect(preprocessingOf(saying(text), 'g').source).toContain('a guess')
  })
})

const endless = (): Uint8Array =>
  model(
    text(2, 'endless'),
    endlessly('x', 'y'),
    x,
    value(12, 'y', typed(part(1, text(2, 'N')), part(1, int(1, 3)))),
  )

describe('a child that fails', () => {
  const options: RunnerOptions = { outputs: ['y'], ...LIMITS }
  const run = async (bytes: Uint8Array, more: Partial<RunnerOptions> = {}) => {
    const runner = await openRunner(bytes, 'some.onnx', { ...options, ...more })
    try {
      return await runner.run({ x: tensorOf('float32', [1, 3], Float32Array.of(1, 2, 3)) })
    } finally {
      runner.close()
    }
  }
  const refusal = async (promise: Promise<unknown>): Promise<EngineError> => {
    const error = await promise.then(
      () => undefined,
      (error: unknown) => error,
    )
    expect(error).toBeInstanceOf(EngineError)
    expect((error as EngineError).message).toContain(
      'some.onnx: expected ONNX Runtime to run the model, got ',
    )
    return error as EngineError
  }

  it('is none where the model is good', async () => {
    const { y } = await run(model(relu, x, value(12, 'y')))
    expect([...y.data]).toEqual([1, 2, 3])
  })

  it('refuses what ONNX Runtime does not know', async () => {
    const { got } = await refusal(run(model(node(['x'], ['y'], 'Frobnicate'), x, value(12, 'y'))))
    expect(got).toContain('Frobnicate')
  })

  it('is ended when it takes too long', async () => {
    const start = performance.now()
    const { got, hint } = await refusal(run(endless(), { seconds: 3 }))
    expect(got).toBe('nothing in 3 s')
    expect(hint).toContain('`seconds`')
    expect(performance.now() - start).toBeLessThan(20_000)
  })

  it('ends itself when it takes too much memory', async () => {
    const { got } = await refusal(run(endless(), { memory: 1 }))
    expect(got).toContain('a crash (SIGKILL: excite: more memory than a foreign model may take)')
  })

  it.each([
    ['process.abort()', 'a crash (SIGABRT'],
    ['process.kill(process.pid, "SIGSEGV")', 'a crash (SIGSEGV)'],
    ['console.error("last words"); process.exit(3)', 'a crash (exit code 3: last words)'],
  ])('crashes by %s, and the parent lives', async (way, got) => {
    const folder = mkdtempSync(join(tmpdir(), 'excite-child-'))
    const file = join(folder, 'crash.mjs')
    writeFileSync(file, `process.on('message', () => { ${way} })`)
    const begin = () => fork(file, { stdio: ['ignore', 'ignore', 'pipe', 'ipc'], execArgv: [] })
    const error = await refusal(openRunner(new Uint8Array(), 'some.onnx', options, begin))
    rmSync(folder, { recursive: true })
    expect(error.got).toContain(got)
    expect(error.exitCode).toBe(1)
  })
})
