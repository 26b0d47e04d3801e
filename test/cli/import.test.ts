/** Weights from elsewhere on the command line: imported, used, exported again. */

import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import sharp from 'sharp'
import { expect, it } from 'vitest'
import { model } from '../../src/models/registry.ts'
import { variables } from '../../src/nn/index.ts'
import {
  readSafetensors,
  type StoredTensor,
  writeSafetensors,
} from '../../src/weights/safetensors.ts'
import { excite, inFolder } from '../support/command.ts'

const weights = (): Uint8Array =>
  writeSafetensors(
    new Map(
      variables(model('se-resnet8', { classes: 3 }).network).map(({ name, tensor: { shape } }) => {
        const size = shape.reduce((product, length) => product * length, 1)
        const data = Float32Array.from({ length: size }, (_, i) => 0.1 + (i % 7) / 70)
        const stored: StoredTensor = { dtype: 'F32', shape, data }
        return [`module.${name}`, stored]
      }),
    ),
  )

it('imports, predicts and exports', () =>
  inFolder(async folder => {
    await writeFile(join(folder, 'theirs.safetensors'), weights())
    await writeFile(join(folder, 'classes.txt'), 'cat\ndog\nfox\n')
    await sharp({ create: { width: 40, height: 30, channels: 3, background: '#c40' } })
      .png()
      .toFile(join(folder, 'red.png'))
    const run = async (command: string) => {
      const { code, stdout, stderr } = await excite(folder, ...command.split(' '), '--json')
      expect(stderr).not.toContain('excite:')
      expect(code).toBe(0)
      return JSON.parse(stdout)
    }
    const imported = await run(
      'import theirs.safetensors --model se-resnet8 --classes classes.txt --out own',
    )
    expect(imported).toMatchObject({ file: 'own/best.safetensors', naming: 'torchvision' })
    expect(imported.card.origin.source).toBe('theirs.safetensors')
    const { results } = await run('predict own red.png')
    const [image] = results
    expect(image.classes.map((one: { class: string }) => one.class).sort()).toEqual([
      'cat',
      'dog',
      'fox',
    ])
    const exported = await run('export own')
    expect(exported).toMatchObject({ file: 'own/model.onnx', modelCard: 'own/model.md' })
    expect(await readFile(join(folder, 'own/model.md'), 'utf8')).toContain('Imported, not trained')
    await run('export own --out again.safetensors --no-card')
    const again = readSafetensors(await readFile(join(folder, 'again.safetensors')), 'again')
    expect(again.tensors.get('fc.bias')?.shape).toEqual([3])
    const twice = await excite(
      folder,
      'import',
      'theirs.safetensors',
      '--model',
      'se-resnet8',
      '--out',
      'own',
    )
    expect(twice.code).toBe(2)
    expect(twice.stderr).toContain('a folder without a trained network')
  }))

it('lists what does not fit, and exits 1', () =>
  inFolder(async folder => {
    await writeFile(join(folder, 'theirs.safetensors'), weights())
    const { code, stderr } = await excite(
      folder,
      ...'import theirs.safetensors --model resnet8 --out own'.split(' '),
    )
    expect(code).toBe(1)
    expect(stderr).toContain('module.layer1.0.se.fc1.weight [1, 16, 1, 1] unexpected')
  }))
