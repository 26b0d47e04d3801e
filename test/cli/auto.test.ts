/** A folder of images is all that a training needs: the rest is chosen, said, and written down. */

import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { excite, inFolder } from '../support/command.ts'

const EXPORT = 'data export shapes --samples 60,20 --size 16 --to pictures'.split(' ')

it('trains on a folder alone, says what it chose, and is repeated from its configuration', () =>
  inFolder(async folder => {
    await excite(folder, ...EXPORT)
    const args = ['--data', './pictures', '--epochs', '2', '--threads', '1', '--json']
    const { code, stderr, stdout } = await excite(folder, 'train', ...args)
    expect(code, stderr).toBe(0)
    expect(stderr).toContain('chosen, where no option says otherwise:\n  resnet8: so few images')
    expect(stderr).toMatch(/2 epochs of batch 8, learning rate [\d.]+: 12 steps for 50 images/)
    expect(stderr).toMatch(/about \d+ seconds on this machine, at [\d.]+ images\/s/)
    expect(stderr).toContain('12 steps in all, and a network that starts from nothing needs')
    expect(stderr).toContain('set --batch to 8 and --epochs to')
    expect(JSON.parse(stdout).chosen).toHaveLength(4)
    const run = join(folder, 'runs/resnet8-pictures')
    const { model, size, cropPct, recipe } = JSON.parse(
      await readFile(join(run, 'config.json'), 'utf8'),
    )
    expect({ model, size, cropPct }).toEqual({ model: 'resnet8', size: 32, cropPct: 1 })
    const again = await excite(
      folder,
      ...`train resnet8 --data ./pictures --size 32 --crop-pct 1 --epochs 2 --threads 1 --out again
        --batch ${recipe.batch} --lr ${recipe.learningRate}`.split(/\s+/),
    )
    expect(again.code, again.stderr).toBe(0)
    const weights = (run: string) => readFile(join(run, 'best.safetensors'), 'base64')
    expect(await weights(join(folder, 'again'))).toBe(await weights(run))
  }))

it('a folder in the place of a network is pointed to its option', () =>
  inFolder(async folder => {
    const { code, stderr } = await excite(folder, 'train', './pictures')
    expect(code).toBe(2)
    expect(stderr).toContain('excite train --data ./pictures')
    const none = await excite(folder, 'train')
    expect(none.code).toBe(2)
    expect(none.stderr).toContain('needs images to train on, or the name of a model')
  }))

it('a training that diverges says what to do, exits with 4, and exports nothing', () =>
  inFolder(async folder => {
    const small = '--samples 60,20 --size 16 --batch 10 --epochs 2 --threads 1 --out run'.split(' ')
    const { code, stderr } = await excite(folder, 'train', 'se-resnet8', '--lr', '1000', ...small)
    expect(code).toBe(4)
    expect(stderr).toMatch(/expected a finite loss.* lower (learning rate|--lr)/)
    expect(stderr).not.toContain('report this')
    expect(existsSync(join(folder, 'run/model.onnx'))).toBe(false)
  }))
