/** From a trained run to answers: predict on whatever images come as, eval's page and table, and models from elsewhere. */

import { copyFile, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import sharp from 'sharp'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { encodeModel } from '../../src/onnx/encode.ts'
import { excite, start } from '../support/command.ts'

let folder = ''
const run = (...words: string[]) => excite(folder, ...words)
const place = (name: string): string => join(folder, name)

/** Somebody else's: the mean of each channel, times what else is fed. */
const means = (...fed: string[]) =>
  encodeModel({
    opset: 17,
    metadata: {},
    graph: {
      name: 'means',
      nodes: [
        {
          ...{ opType: 'ReduceMean', name: 'mean', inputs: ['x'] },
          ...{ outputs: [fed.length === 0 ? 'y' : 'm'], attributes: { axes: [2, 3], keepdims: 0 } },
        },
        ...fed.map(name => ({
          ...{ opType: 'Mul', name: 'times', inputs: ['m', name], outputs: ['y'], attributes: {} },
        })),
      ],
      initializers: [],
      inputs: [
        { name: 'x', dtype: 'float32', shape: ['N', 3, 8, 8] },
        ...fed.map(name => ({ name, dtype: 'float32' as const, shape: ['N', 3] })),
      ],
      outputs: [{ name: 'y', dtype: 'float32', shape: ['N', 3] }],
    },
  })

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'excite-service-'))
  const solid = (background: string) =>
    sharp({ create: { width: 20, height: 16, channels: 3, background } })
      .png()
      .toBuffer()
  for (const color of ['red', 'green'])
    for (let i = 0; i < 12; i++) {
      const path = place(`images/${i < 8 ? 'train' : 'val'}/${color}/${color} ${i}.png`)
      await mkdir(join(path, '..'), { recursive: true })
      await writeFile(path, await solid(color))
    }
  await mkdir(place('mixed/deep'), { recursive: true })
  await copyFile(place('images/val/red/red 9.png'), place('mixed/b.png'))
  await copyFile(place('images/val/green/green 9.png'), place('mixed/deep/a.PNG'))
  await writeFile(place('mixed/notes.txt'), 'no image')
  await writeFile(place('broken.png'), 'no image')
  await writeFile(place('theirs.onnx'), means())
  await writeFile(place('fed.onnx'), means('weights'))
  const trained = await run(
    ...'train resnet8 --data images --size 16 --epochs 2 --batch 8 --threads 1'.split(' '),
    ...'--engine onnxruntime --out run --quiet'.split(' '),
  )
  expect(trained.stderr).toBe('')
}, 120_000)
afterAll(() => rm(folder, { recursive: true, force: true }))

const names = (stdout: string): string[] =>
  JSON.parse(stdout).results.map(({ image }: { image: string }) => image)

describe('predict', () => {
  it('takes files, folders and patterns, and names results by file', async () => {
    const { stdout, code } = await run(
      'predict',
      'run',
      'mixed',
      'images/val/red/*1*.png',
      '--json',
    )
    expect(code).toBe(0)
    expect(names(stdout)).toEqual([
      'mixed/b.png',
      'mixed/deep/a.PNG',
      'images/val/red/red 10.png',
      'images/val/red/red 11.png',
    ])
  })

  it('takes addresses, and standard input', async () => {
    const bytes = await readFile(place('mixed/b.png'))
    const server = createServer(({ url }, response) =>
      url === '/b.png' ? response.end(bytes) : response.writeHead(404).end(),
    )
    await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
    const at = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
    const running = start(folder, 'predict', 'run', 'mixed/b.png', `${at}/b.png`, '-', '--json')
    running.child.stdin?.end(bytes)
    const { stdout } = await running.finished
    const [file, address, input] = JSON.parse(stdout).results
    expect(address.classes).toEqual(file.classes)
    expect(input).toEqual({ ...file, image: 'standard input' })
    const missing = await run('predict', 'run', `${at}/none.png`)
    server.close()
    expect(missing.code).toBe(1)
    expect(missing.stderr).toContain(`${at}/none.png: expected the file, got HTTP status 404`)
  })

  it('names an image that cannot be read, and answers the others', async () => {
    const text = await run('predict', 'run', 'broken.png', 'mixed/b.png')
    expect([text.code, text.stdout]).toEqual([1, expect.stringMatching(/^mixed\/b\.png: /)])
    expect(text.stderr).toContain('excite: broken.png: expected an image')
    const { stdout, code } = await run('predict', 'run', 'broken.png', 'mixed/b.png', '--csv')
    const [head, broken, whole] = stdout.split('\n')
    expect([code, head]).toEqual([1, 'image,predicted1,p1,predicted2,p2,error'])
    expect(broken).toMatch(/^broken\.png,,,,,"expected an image/)
    expect(whole).toMatch(/^mixed\/b\.png,(red|green),[\d.]+,(red|green),[\d.]+,$/)
  })

  it.each([
    [['nofile.png'], 'nofile.png: expected an image file, a folder or an address, got nothing'],
    [['*.tiff'], '*.tiff: expected files that match, got none'],
    [['run/checkpoints'], 'run/checkpoints: expected images in the folder, got none'],
    [[], 'expected images: files, folders, patterns, addresses, - or --data, got none'],
    [['mixed/b.png', '--mean', '0.5'], '--mean: expected an .onnx file of somebody else'],
  ])('refuses %j as wrong use', async (words, message) => {
    const { code, stderr } = await run('predict', 'run', ...words)
    expect([code, stderr]).toEqual([2, expect.stringContaining(message)])
  })

  it('names images of a folder by their files', async () => {
    const { stdout } = await run('predict', 'run', '--data', 'images', '--json')
    expect(names(stdout)).toContain('val/red/red 8.png')
    expect(names(stdout)).toHaveLength(8)
  })
})

describe('a model from elsewhere', () => {
  const THEIRS = ['predict', 'theirs.onnx', 'mixed/b.png', '--json']
  it('runs where it is trusted, as the options say', async () => {
    const labels = [...THEIRS, '--classes', 'red,green,blue', '--mean', '0', '--std', '0.1']
    expect(await run(...labels)).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('expected --trust-model'),
    })
    const { stdout } = await run(...labels, '--trust-model')
    expect(JSON.parse(stdout).results[0].classes[0].class).toBe('red')
    expect(await run(...THEIRS, '--trust-model')).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('expected 3 class names'),
    })
  })

  it('runs as model.json beside it says, and is measured', async () => {
    const input = {
      ...{ name: 'x', dtype: 'float32', layout: 'NCHW', channels: 3, height: 8, width: 8 },
      ...{ order: 'BGR', range: 255, mean: [0, 0, 0], std: [10, 10, 10] },
    }
    const output = { name: 'y', values: 'logits' }
    const description = { excite: 1, labels: ['nothing', 'green', 'red'], input, output }
    await writeFile(place('theirs.json'), JSON.stringify(description))
    const { stdout } = await run(...THEIRS, '--trust-model')
    await rm(place('theirs.json'))
    expect(JSON.parse(stdout).results[0].classes[0].class).toBe('red')
  })

  it('is given its other inputs by --feed', async () => {
    const fed = ['predict', 'fed.onnx', 'mixed/b.png', 'mixed/deep/a.PNG', '--json']
    const said = ['--classes', 'red,green,blue', '--mean=-0.1', '--std', '0.1', '--trust-model']
    const first = async (weights: string): Promise<string[]> => {
      const { stdout } = await run(...fed, ...said, '--feed', `weights=${weights}`)
      return JSON.parse(stdout).results.map(
        (one: { classes: { class: string }[] }) => one.classes[0].class,
      )
    }
    expect(await first('1')).toEqual(['red', 'green'])
    expect(await first('-1,-1,1')).toEqual(['blue', 'blue'])
    expect(await run(...fed, ...said)).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('none for weights: float32 [N, 3]'),
    })
    expect(await run(...fed, ...said, '--feed', 'weigths=1')).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('Did you mean weights?'),
    })
  })
})

describe('eval', () => {
  it('writes a page of what is wrong, and the probabilities of every image', async () => {
    const { stdout, code } = await run(
      ...'eval run --report out/wrong.html --csv out/all.csv --per-class --quiet'.split(' '),
    )
    expect(code).toBe(0)
    expect(stdout).toMatch(/class +images +recall +precision +F1/)
    const page = await readFile(place('out/wrong.html'), 'utf8')
    for (const heading of ['Confusion matrix', 'Class by class', 'Most wrong', 'Calibration'])
      expect(page).toContain(heading)
    const [head, ...rows] = (await readFile(place('out/all.csv'), 'utf8')).trim().split('\n')
    expect(head).toBe('image,class,predicted,p_green,p_red')
    expect(rows).toHaveLength(8)
    expect(rows[0]).toMatch(/^val\/green\/green 10\.png,green,(green|red),[\d.]+,[\d.]+$/)
    for (const row of rows) {
      const [, , predicted, green, red] = row.split(',')
      expect(Number(green) + Number(red)).toBeCloseTo(1, 4)
      expect(predicted).toBe(Number(green) > Number(red) ? 'green' : 'red')
    }
  })

  it('is what every run has as report.html', async () => {
    expect(await readFile(place('run/report.html'), 'utf8')).toContain('2 of 2 epochs')
  })
})

describe('export', () => {
  it('with preprocessing takes bytes and answers the same', async () => {
    const made = await run('export', 'run', '--with-preprocessing', '--out', 'service.onnx')
    expect(made.stdout).toContain('input images: uint8 [N, 16, 16, 3], output probabilities [N, 2]')
    const answers = async (network: string) => {
      const { stdout } = await run('predict', network, 'mixed/b.png', '--json')
      return JSON.parse(stdout).results[0].classes
    }
    const own = await answers('run/model.onnx')
    for (const [i, one] of (await answers('service.onnx')).entries())
      expect(one).toEqual({ ...own[i], probability: expect.closeTo(own[i].probability, 5) })
    const refused = await run('export', 'run', '--softmax', '--format', 'safetensors')
    expect([refused.code, refused.stderr]).toEqual([2, expect.stringContaining('--softmax')])
  })

  it.each(['float16', 'int8', 'int8-dynamic'])('in %s says what it costs', async precision => {
    const made = await run('export', 'run', '--precision', precision, '--out', `${precision}.onnx`)
    expect(made.stderr).toBe('')
    expect(made.stdout).toMatch(
      /accuracy on 8 images: .* in (float16|int8|int8-dynamic), .* in float32 \([+−]?\d+\.\d+ points\)/,
    )
    const card = await readFile(place(`${precision}.md`), 'utf8')
    expect(card).toContain(`| Precision | ${precision}; `)
    expect((await run('predict', `${precision}.onnx`, 'mixed/b.png')).code).toBe(0)
  })

  it('in int8 needs images', async () => {
    await mkdir(place('alone'))
    await copyFile(place('run/best.safetensors'), place('alone/best.safetensors'))
    const alone = await run(
      ...'export alone/best.safetensors --precision int8 --out alone/x.onnx'.split(' '),
    )
    expect([alone.code, alone.stderr]).toEqual([2, expect.stringContaining('calibrate')])
  })
})
