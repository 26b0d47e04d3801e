/** `--config`: options out of a file, under those of the line. */

import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { excite, inFolder } from '../support/command.ts'

const YAML = `model: gct-resnet8
data: shapes
samples: [20, 20]
size: 16
epochs: 1
batch: 10
label-smoothing: 0      # as on the command line, or labelSmoothing
flip: false
threads: 1
engine: onnxruntime
`

it('reads YAML, and config.json of a run; the line wins', () =>
  inFolder(async folder => {
    const config = async (run: string) =>
      JSON.parse(await readFile(join(folder, run, 'config.json'), 'utf8'))
    await writeFile(join(folder, 'small.yaml'), YAML)
    const first = await excite(folder, ...'train --config small.yaml --out a --quiet'.split(' '))
    expect(first.stderr).toBe('')
    expect(await config('a')).toMatchObject({
      model: 'gct-resnet8',
      samples: { train: 20, test: 20 },
      recipe: { epochs: 1, batch: 10, labelSmoothing: 0, augment: { flip: false } },
    })
    const again = 'train se-resnet8 --config a/config.json --lr 0.05 --seed 3 --out b --quiet'
    const second = await excite(folder, ...again.split(' '))
    expect(second.stderr).toBe('')
    const { recipe, ...rest } = await config('a')
    expect(await config('b')).toEqual({
      ...rest,
      model: 'se-resnet8',
      seed: 3,
      recipe: { ...recipe, learningRate: 0.05 },
    })
  }))

it.each([
  [
    'epoch: 3',
    'file.yaml: epoch: expected an option of excite train, got none of that name. Did you mean epochs?',
  ],
  ['seed: -1', 'file.yaml: seed: expected a whole number from 0, got -1'],
  ['bad-images: keep', 'file.yaml: badImages: expected one of stop, skip, replace, got keep'],
  ['flip: 3', 'file.yaml: flip: expected true or false, got 3'],
  ['batch: { n: 3 }', 'file.yaml: batch: expected a text or number, got {"n":3}'],
  [
    '- epochs',
    'file.yaml: expected a YAML or JSON record of options, such as epochs: 20, got something',
  ],
  [
    'a: b: c',
    'file.yaml: expected a YAML or JSON record of options, such as epochs: 20, got Nested',
  ],
])('%s is refused with the file and the key', (text, message) =>
  inFolder(async folder => {
    await writeFile(join(folder, 'file.yaml'), text)
    const { code, stderr } = await excite(folder, 'train', 'resnet8', '--config', 'file.yaml')
    expect(stderr).toContain(`excite: ${message}`)
    expect(code).toBe(2)
  }),
)

it('names a file that is not there, or is none', async () => {
  const folder = await excite('.', 'train', '--config', 'src')
  expect(folder.stderr).toBe('excite: src: expected a YAML or JSON file of options, got a folder\n')
  expect(folder.code).toBe(2)
  const { code, stderr } = await excite('.', 'train', '--config', 'nowhere.yaml')
  expect(stderr).toContain('nowhere.yaml: no such file; expected a YAML or JSON file of options')
  expect(code).toBe(2)
})
