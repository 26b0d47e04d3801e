/** `excite inspect some.onnx` as its users meet it: blocks, gates, and files that are not what they seem. */

import { existsSync } from 'node:fs'
import { copyFile, readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import sharp from 'sharp'
import { expect, it } from 'vitest'
import {
  endlessly,
  float32,
  int,
  model,
  node,
  part,
  raw,
  tensor,
  text,
  value,
} from '../../src/onnx/read/parts.testing.ts'
import { excite, inFolder, start } from '../support/command.ts'

const fixture = (name: string): string =>
  fileURLToPath(new URL(`../parity/fixtures/exportedForms/${name}.onnx`, import.meta.url))

const paint = (path: string, background: string): Promise<unknown> =>
  sharp({ create: { width: 20, height: 12, channels: 3, background } })
    .png()
    .toFile(path)

it('lists blocks, parameters by operator and multiply-adds, without running anything', () =>
  inFolder(async folder => {
    await copyFile(fixture('hard-swish-by-gate'), join(folder, 'some.onnx'))
    const { code, stdout, stderr } = await excite(folder, 'inspect', 'some.onnx')
    expect(stderr).toBe('')
    expect(code).toBe(0)
    expect(stdout).toContain('some.onnx: by pytorch')
    expect(stdout).toMatch(/^ +1 +se +8 +2 +4 +mean +hard-swish +hard sigmoid +yes +42 +32 +6×6$/m)
    expect(stdout).toMatch(/^Conv +266 /m)
    const html = await readFile(join(folder, 'inspect-some', 'report.html'), 'utf8')
    for (const heading of ['Attention blocks', 'Cost']) expect(html).toContain(`>${heading}</h2>`)
    expect(html).not.toMatch(/https?:|NaN|undefined|Excitation<\/h2>/)
    const { blocks, cost } = JSON.parse(
      (await excite(folder, 'inspect', 'some.onnx', '--json')).stdout,
    )
    expect(blocks).toHaveLength(1)
    expect(cost).toMatchObject({ parameters: 266, blocks: { parameters: 42, multiplyAdds: 32 } })
    expect(await readdir(join(folder, 'inspect-some', 'tables'))).toEqual([
      'blocks.csv',
      'cost.csv',
    ])
  }))

it('says so where there is no block', () =>
  inFolder(async folder => {
    const { code, stdout } = await excite(folder, 'inspect', fixture('not-a-head'), '--out', 'out')
    expect(code).toBe(0)
    expect(stdout).toContain('No attention block was found')
  }))

it('finds blocks within nodes and says where; their gates are not asked for', () =>
  inFolder(async folder => {
    await paint(join(folder, 'red.png'), '#e00')
    const args = ['inspect', fixture('in-scan'), 'red.png', '--trust-model', '--out', 'out']
    const { code, stdout, stderr } = await excite(folder, ...args)
    expect(stdout).toMatch(/ 1 +v\d+ \(in Scan body › If then_branch\) +8 +2 +4 /)
    expect(stderr).toContain('not run: it has no block whose gates can be asked for')
    expect(code).toBe(0)
    const html = await readFile(join(folder, 'out', 'report.html'), 'utf8')
    expect(html).toContain('Read, not run')
  }))

it('runs a model in half precision', () =>
  inFolder(async folder => {
    await paint(join(folder, 'red.png'), '#e00')
    const args = ['inspect', fixture('float16'), 'red.png', '--trust-model', '--out', 'out']
    const { code, stdout } = await excite(folder, ...args)
    expect(stdout).toMatch(/^block +channels +mean gate +std between images +below 0\.1/m)
    expect(code).toBe(0)
  }))

it('runs on a dataset and on files, when the model is trusted, and says how', () =>
  inFolder(async folder => {
    const inspect = (...more: string[]) =>
      excite(folder, 'inspect', fixture('linear-expanded'), '--out', 'out', ...more)
    const data = ['--data', 'shapes', '--samples', '40,30', '--images', '20']
    const untrusted = await inspect(...data)
    expect(untrusted.stderr).toContain('expected --trust-model, to run a model on images')
    expect(untrusted.code).toBe(2)

    const byClass = await inspect(...data, '--trust-model', '--json')
    expect(byClass.code).toBe(0)
    const { excitation, preprocessing, images } = JSON.parse(byClass.stdout)
    expect(images).toBe(20)
    expect(preprocessing).toMatchObject({ layout: 'NCHW', height: 6, width: 6, order: 'RGB' })
    expect(excitation).toMatchObject([{ path: 'se', block: '1', channels: 8 }])
    expect(excitation[0].classes).toHaveLength(10)
    const html = await readFile(join(folder, 'out', 'report.html'), 'utf8')
    expect(html).toContain('>Excitation by class</h2>')
    expect(html).not.toMatch(/https?:|NaN|undefined/)

    await paint(join(folder, 'red.png'), '#e00')
    await paint(join(folder, 'blue.png'), '#00e')
    const files = ['red.png', 'blue.png', '--trust-model', '--mean', '0.5', '--std', '0.5']
    const plain = await inspect(...files)
    expect(plain.stdout).toContain('NCHW 6×6 RGB, pixels 0 to 1, mean 0.5, 0.5, 0.5')
    expect(plain.stdout).toMatch(/^1 +8 +0\.\d{3} +0\.\d{4} +\d+\.\d %/m)
    const page = await readFile(join(folder, 'out', 'report.html'), 'utf8')
    expect(page).toContain('>Excitation</h2>')
    expect(page).not.toMatch(/NaN|undefined|within a class/)
    const gates = async (...more: string[]): Promise<number[]> => {
      const half = ['--mean', '0.5', '--std', '0.5', '--trust-model', '--json']
      return JSON.parse((await inspect(...more, ...half)).stdout).excitation[0].mean
    }
    const [red, blue] = [await gates('red.png'), await gates('blue.png')]
    expect(Math.max(...red.map((gate, i) => Math.abs(gate - blue[i])))).toBeGreaterThan(0.01)
    // Blue first, red is what blue was.
    expect(await gates('red.png', '--order', 'BGR')).toEqual(blue)
  }))

it("finds in our own exports what is known of the run, gates and all, and takes the file's word", () =>
  inFolder(async folder => {
    const run = async (command: string) => {
      const { code, stdout, stderr } = await excite(folder, ...command.split(' '))
      expect(stderr).toBe('')
      expect(code).toBe(0)
      return JSON.parse(stdout)
    }
    const small = '--samples 40,20 --size 16 --quiet --json'
    await run(`train se-resnet8 --epochs 1 --batch 10 --out run ${small}`)
    const own = await run('inspect run --images 20 --batch 10 --index 0 --quiet --json')
    const foreign = await run(
      `inspect run/model.onnx --trust-model --data shapes --images 20 --batch 7 ${small}`,
    )
    expect(foreign.preprocessing.source).toBe('as its file says')
    expect(foreign.cost.blocks).toEqual(own.cost.attention)
    expect(foreign.excitation.map(({ path }: { path: string }) => path)).toEqual(
      own.excitation.map(({ path }: { path: string }) => path),
    )
    for (const [i, { mean, specificity }] of own.excitation.entries()) {
      for (const [channel, gate] of mean.entries())
        expect(foreign.excitation[i].mean[channel]).toBeCloseTo(gate, 5)
      expect(foreign.excitation[i].specificity).toBeCloseTo(specificity, 3)
    }
  }))

/** SE on the input, then a Loop without end. */
const endless = (): Uint8Array => {
  const zeros = raw(9, ...new Array(12).fill(0))
  const sizes = (...list: number[]) => list.map(size => int(1, size))
  const dims = ['N', 3, 4, 4].map(size =>
    part(1, typeof size === 'number' ? int(1, size) : text(2, size)),
  )
  const typed = part(2, part(1, int(1, 1), part(2, ...dims)))
  return model(
    text(2, 'endless'),
    node(['x'], ['z'], 'GlobalAveragePool'),
    node(['z', 'w1'], ['a'], 'Conv'),
    node(['a'], ['b'], 'Relu'),
    node(['b', 'w2'], ['c'], 'Conv'),
    node(['c'], ['s'], 'Sigmoid'),
    node(['x', 's'], ['m'], 'Mul'),
    endlessly('m', 'y'),
    value(11, 'x', typed),
    value(12, 'y', typed),
    tensor('w1', ...sizes(1, 3, 1, 1), float32, zeros),
    tensor('w2', ...sizes(3, 1, 1, 1), float32, zeros),
  )
}

it('outlives a model that never ends', () =>
  inFolder(async folder => {
    await writeFile(join(folder, 'endless.onnx'), endless())
    await paint(join(folder, 'red.png'), '#e00')
    const args = ['inspect', 'endless.onnx', 'red.png', '--trust-model', '--time-limit', '2']
    const { code, stderr } = await excite(folder, ...args)
    expect(stderr).toContain(
      'excite: endless.onnx: expected ONNX Runtime to run the model, got nothing in 2 s',
    )
    expect(code).toBe(1)
  }))

/** The first child of a process; Linux tells. */
const childOf = async (pid: number): Promise<number | undefined> => {
  const children = await readFile(`/proc/${pid}/task/${pid}/children`, 'utf8').catch(() => '')
  return Number(children.split(' ')[0]) || undefined
}
const until = async <T>(answer: () => T | undefined | Promise<T | undefined>): Promise<T> => {
  for (;;) {
    const found = await answer()
    if (found !== undefined) return found
    await new Promise(resolve => setTimeout(resolve, 50))
  }
}

it.skipIf(process.platform !== 'linux')('leaves no model running when it is killed', () =>
  inFolder(async folder => {
    await writeFile(join(folder, 'endless.onnx'), endless())
    await paint(join(folder, 'red.png'), '#e00')
    const args = ['inspect', 'endless.onnx', 'red.png', '--trust-model', '--time-limit', '100']
    const { child, finished } = start(folder, ...args)
    const model = await until(() => childOf(child.pid as number))
    const busy = async (): Promise<boolean> => {
      const [, , ...stat] = (await readFile(`/proc/${model}/stat`, 'utf8')).split(' ')
      // Two seconds of its own: it has long been in the loop.
      return Number(stat[11]) > 200
    }
    await until(async () => ((await busy()) ? true : undefined))
    child.kill('SIGKILL')
    await finished
    const gone = until(() => (existsSync(`/proc/${model}`) ? undefined : true))
    expect(await gone).toBe(true)
  }),
)

it('names what is no model, by file, rule and place', () =>
  inFolder(async folder => {
    const good = await readFile(fixture('conv'))
    await paint(join(folder, 'image.onnx'), '#e00')
    await writeFile(join(folder, 'empty.onnx'), '')
    await writeFile(join(folder, 'text.onnx'), 'these are words')
    await writeFile(join(folder, 'cut.onnx'), good.subarray(0, good.length - 300))
    const messages = {
      'image.onnx': 'expected an ONNX model, got a PNG image (byte 0)',
      'empty.onnx': 'expected an ONNX model, got an empty file',
      'text.onnx': 'expected an ONNX model, got text (byte 0)',
      'cut.onnx': 'bytes from here',
    }
    for (const [file, message] of Object.entries(messages)) {
      const { code, stderr } = await excite(folder, 'inspect', file)
      expect(stderr).toContain(`excite: ${file}: expected`)
      expect(stderr).toContain(message)
      expect(code).toBe(1)
    }
  }))

it.each([
  ['--ablate-blocks', '--ablate-blocks: expected a network of ours'],
  ['--engine onednn', '--engine: expected a network of ours'],
  ['--attention gct', '--attention: expected the name of a model'],
  ['--mean 1,2 --trust-model red.png', '--mean: expected 3 numbers, or one, got 1,2'],
  ['--std 0', '--std: expected numbers above 0'],
  ['--range 2', '--range: expected 1 or 255, got 2'],
  ['--classes a', '--classes: needs images to go with it: files, or --data'],
  ['--input y --trust-model red.png', '--input: expected one of x, got y'],
  ['--feed x', '--feed: expected a name and numbers, such as im_shape=640,640, got x'],
  ['--feed z=1 --trust-model red.png', '--feed: expected nothing: it takes images alone, got z'],
  ['red.png --data shapes --trust-model', '--data: expected a dataset, or image files, got both'],
])('%s exits 2 and says why', async (flags, message) =>
  inFolder(async folder => {
    await paint(join(folder, 'red.png'), '#e00')
    const { code, stderr } = await excite(folder, 'inspect', fixture('conv'), ...flags.split(' '))
    expect(stderr).toContain(message)
    expect(code).toBe(2)
  }),
)
