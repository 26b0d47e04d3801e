/** The command as its users meet it: from training to ONNX, in JSON, and when they slip. */

import { readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import sharp from 'sharp'
import { expect, it } from 'vitest'
import { excite, inFolder } from '../support/command.ts'

const COMMANDS = [
  'train',
  'eval',
  'predict',
  'export',
  'import',
  'inspect',
  'models',
  'summary',
  'study',
  'bench',
  'data',
  'quickstart',
]

it.each(COMMANDS)('%s --help teaches', async command => {
  const { code, stdout } = await excite('.', command, '--help')
  expect(code).toBe(0)
  expect(stdout).toContain(`Usage: excite ${command}`)
  expect(stdout).toContain('--json')
})

/** What is typed, and what comes back on standard error; all exit 2. */
const WRONG: readonly [command: string, message: string][] = [
  ['trian', 'excite: expected the name of a command, got trian. Did you mean train?'],
  ['xyzzy', 'excite: expected the name of a command, got xyzzy. All commands: excite --help'],
  [
    'train',
    'excite train: needs images to train on, or the name of a model. For example: excite train',
  ],
  ['train ./images', 'excite train --data ./images'],
  ['train resnet20 data=shapes', 'got 2: resnet20 data=shapes. Options are written --data shapes'],
  ['train resnet20 --epochs', '--epochs: needs a value: --epochs <n>. passes over the training'],
  ['models a b', 'excite models: expected 1 argument, got 2: a b. Usage: excite models [options]'],
  [
    'train se-resnet21',
    'expected the name of a network, got se-resnet21. Did you mean se-resnet20?',
  ],
  [
    'train resnet20 --data ./nowhere',
    '/nowhere: no such folder; expected a folder of images, one folder per class in it',
  ],
  ['train resnet20 --epochs many', 'excite: --epochs: expected a number, got many'],
  ['train resnet20 --epochs 0', '--epochs: expected a whole number from 1, got 0'],
  ['train resnet20 --label-smoothing 1', '--label-smoothing: expected a number from 0, below 1'],
  ['help trian', 'excite help: expected the name of a command, got trian. Did you mean train?'],
  ['train resnet20 --recipe senett', '--recipe: expected one of short, senet'],
  ['train resnet20 --optimizer adam', 'got adam. Did you mean adamw?'],
  ['train resnet20 --engine onxx', 'Did you mean onnx?'],
  ['train resnet20 --data fashon-mnist', 'Did you mean fashion-mnist?'],
  ['train resnet20 --samples 10', '--samples: expected two counts, such as 8000,2000, got 10'],
  ['train resnet20 --samples 20,20 --batch 64', '--batch: expected at most 20'],
  ['train resnet20 --attention se:redction=8', 'got redction. Did you mean reduction?'],
  ['train resnet20 --attention se:at=after', 'at among standard, pre, post, identity'],
  [
    'train resnet20 --weights none.safetensors --samples 20,20',
    '--weights: expected a .safetensors or PyTorch file, the folder of a run, or owner/name of the hub',
  ],
  ['train resnet20 --freeze nothing --samples 20,20', '--freeze: expected a pattern that matches'],
  ['train resnet20 --unfreeze-at 3', '--unfreeze-at: expected something frozen by --freeze, got 3'],
  ['train resnet20 --mixup 2', '--mixup: expected a number from 0.01 to 1, got 2'],
  ['train resnet20 --rotate -10', '--rotate: expected a number above 0, up to 180, got -10'],
  ['train resnet20 --batch 1.5', '--batch: expected a whole number from 1, got 1.5'],
  [
    'train resnet20 --freeze fc --unfreeze-at 99',
    '--unfreeze-at: expected an epoch of the training, got 99',
  ],
  [
    'train resnet20 --weights / --samples 20,20',
    '--weights: expected a run with best.safetensors, got /, a folder without it',
  ],
  ['train resnet20 --threads 100000', '--threads: expected a whole number from 1 to'],
  ['train resnet20 --out= --samples 20,20', '--out: expected a path, got an empty text'],
  [
    'train resnet8 --attention se:reduction=1e-9 --samples 20,20 --batch 4',
    'network: expected at most 2147483647 parameters, got',
  ],
  ['train resnet20 --sampling balance', 'got balance. Did you mean balanced?'],
  ['train resnet20 --crop-pct 2', '--crop-pct: expected a number above 0, up to 1, got 2'],
  [
    'train resnet20 --bad-images keep',
    'excite: --bad-images: expected one of stop, skip, replace, got keep',
  ],
  ['data export shapes', '--to: needs a folder to write. For example: excite data export shapes'],
  ['train resnet20 --bogus', 'excite train: expected an option of this command, got --bogus. All'],
  ['train resnet20 --bacth 8', 'got --bacth. Did you mean --batch?'],
  ['train resnet20 --aa rand', 'got --aa. All options: excite train --help'],
  ['study --vary lr=0.1', '--vary: expected two values or more, each once, got 0.1'],
  ['study --vary momentun=0.9,0.8', 'Did you mean'],
  ['study --vary lr=0.1,x', '--lr: expected a number, got x'],
  ['study versus --vary lr=0.1,1', '--vary: expected no study beside it'],
  ['train --resume nowhere', 'nowhere: no such folder; expected the folder of a run, with config'],
  ['eval nowhere', 'nowhere: no such file; expected the weights of a trained network'],
  ['val nowhere', 'nowhere: no such file; expected the weights of a trained network'],
  ['predict nowhere', 'nowhere: no such file; expected the weights of a trained network'],
  ['export some.safetensors', '--out: needs a file to write'],
  ['import', 'excite import: needs a file of weights, or --from-hub'],
  ['import /', 'excite: /: expected a file of weights, or --from-hub, got a folder'],
  ['import --from-hub nowhere', '--from-hub: expected a repository as owner/name'],
  ['inspect nowhere', 'model nowhere: expected the name of a network, got nowhere'],
  ['inspect no/where', 'no/where: no such file; expected the folder of a run'],
  ['inspect se-resnet20 --ablate-blocks', '--ablate-blocks: expected the folder of a run'],
  [
    'inspect se-resnet20 --feed a=1',
    '--feed: expected an .onnx file, got se-resnet20, a name, which has no weights',
  ],
  ['inspect se-resnet20 --images 0', '--images: expected a whole number from 1, got 0'],
  ['summary', 'excite summary: needs <model>. Usage: excite summary [options] <model>'],
  ['summary resnet50 --size small', '--size: expected a whole number from 1, got small'],
  ['summary resnet50 --shortcut-kernel 5', '--shortcut-kernel: expected a value among 1, 3, got 5'],
  ['summary vgg16_bn --size 16', 'model vgg16_bn: expected larger images, such as 224×224'],
  [
    'train inception_v3 --size 40 --samples 20,20 --batch 4',
    'model inception_v3: expected larger images, such as 299×299, got 40×40 (Mixed_6a',
  ],
  ['summary vgg16_bn --stem deep', 'model vgg16_bn: expected variations among dropout, got stem'],
  [
    'train resnet20 --pooling ceil --samples 20,20',
    'expected variations among norm, dropout, shortcut, got pooling',
  ],
  [
    'train resnet8 --data shapes --samples 200,20 --batch 20 --scale-jitter 0.5,2',
    '--scale-jitter: expected images with objects: it is for detectors, got shapes, which has none',
  ],
  [
    'train resnet8 --data shapes --samples 200,20 --rand-augment 1,2,3',
    '--rand-augment: expected at most 2 numbers, got 1,2,3',
  ],
  ['train resnet20 --dropout 1', '--dropout: expected a value as a number from 0, below 1, got 1'],
  ['train --resume nowhere --half-bottleneck', 'the run already decides, got --half-bottleneck'],
  ['summary sk-inception_v3', 'got sk, which replaces a spatial convolution'],
  ['summary resnet50 --stride-in 5x5', '--stride-in: expected a value among 1x1, 3x3, got 5x5'],
  [
    'bench trian resnet20',
    'excite bench: expected one of train, infer, got trian. Did you mean train?',
  ],
  ['bench train resnet20 --seconds soon', '--seconds: expected a number from 0 to 3600, got soon'],
  ['bench train resnet20 --engine onxx', 'Did you mean onnx?'],
  ['models sk-resnt20', 'Did you mean sk-resnet20?'],
  ['data shapes --sheet s.jpg', '--sheet: expected a name that ends in .png, got s.jpg'],
  ['data mnsit', 'Did you mean mnist?'],
]

it.each(WRONG)('excite %s exits 2 and says what to do', async (command, message) =>
  inFolder(async folder => {
    const { code, stderr } = await excite(folder, ...command.split(' '))
    expect(stderr).toContain(message)
    expect(code).toBe(2)
  }),
)

it.each([
  ['fasterrcnn-resnet18', 'shapes', '--task: expected detection, for a network that finds boxes'],
  ['resnet8', 'shapes-detection', 'expected a network that finds boxes'],
])('excite train %s on %s is refused, and leaves nothing', (network, data, message) =>
  inFolder(async folder => {
    const words = ['train', network, '--data', data, '--samples', '8,4', '--batch', '4']
    const { code, stderr } = await excite(folder, ...words)
    expect(stderr).toContain(message)
    expect(code).toBe(2)
    expect(await readdir(folder)).toEqual([])
  }),
)

it('exits 1 for what fails, as JSON where that was asked for', () =>
  inFolder(async folder => {
    const { code, stderr } = await excite(folder, 'data', 'mnist', '--data-dir', '.', '--json')
    expect(code).toBe(1)
    const { error } = JSON.parse(stderr)
    expect(error).toMatchObject({ code: 'file', where: '.', got: 'neither' })
    expect(error.hint).toContain('--data-dir')
  }))

it('goes from training to predictions and ONNX', () =>
  inFolder(async folder => {
    const run = async (command: string) => {
      const { code, stdout, stderr } = await excite(folder, ...command.split(' '), '--json')
      expect(stderr).not.toContain('excite:')
      expect(code).toBe(0)
      return JSON.parse(stdout)
    }
    const small = '--samples 60,30 --size 16 --epochs 2 --batch 20'
    const trained = await run(`train gct-resnet8 ${small} --quiet`)
    expect(trained).toMatchObject({ run: 'runs/gct-resnet8-shapes', finished: true })
    expect(trained.history).toHaveLength(2)

    const measured = await run('eval runs/gct-resnet8-shapes')
    expect(measured.top1).toBeCloseTo(trained.best.testTop1, 10)
    expect(measured.perClass).toHaveLength(10)
    expect(measured.engine).toMatch(/^(onednn|onnxruntime) \d/)

    await sharp({ create: { width: 40, height: 30, channels: 3, background: '#c40' } })
      .png()
      .toFile(join(folder, 'red.png'))
    const predicted = await run(
      'predict runs/gct-resnet8-shapes red.png --data shapes --samples 60,30 --size 16 --index 4 --top 10',
    )
    expect(predicted.engine).toBe(trained.engine)
    const [image, sample] = predicted.results
    expect(image.image).toBe('red.png')
    const total = image.classes.reduce(
      (sum: number, one: { probability: number }) => sum + one.probability,
      0,
    )
    expect(total).toBeCloseTo(1, 6)
    expect(sample.label).toBe('triangle')

    const exported = await run('export runs/gct-resnet8-shapes --out other.onnx')
    expect(await readFile(join(folder, 'other.onnx'))).toEqual(
      await readFile(join(folder, 'runs/gct-resnet8-shapes/model.onnx')),
    )
    expect(exported.card.classes).toContain('hexagon')

    const metrics = await readFile(join(folder, 'runs/gct-resnet8-shapes/metrics.csv'), 'utf8')
    expect(metrics.split('\n')[0]).toBe(
      'epoch,learningRate,trainLoss,trainTop1,trainTop5,testLoss,testTop1,testTop5,seconds,waiting,evaluated',
    )
  }))

it('names an image that is none, and a weights file that is damaged', () =>
  inFolder(async folder => {
    await excite(
      folder,
      ...'train resnet8 --samples 20,20 --size 16 --epochs 1 --batch 10'.split(' '),
    )
    await writeFile(join(folder, 'text.png'), 'no image')
    const image = await excite(folder, 'predict', 'runs/resnet8-shapes', 'text.png')
    expect(image.code).toBe(1)
    expect(image.stderr).toContain('excite: text.png: expected an image')

    const weights = join(folder, 'runs/resnet8-shapes/best.safetensors')
    await writeFile(weights, (await readFile(weights)).subarray(0, 5000))
    const damaged = await excite(folder, 'eval', 'runs/resnet8-shapes')
    expect(damaged.code).toBe(1)
    expect(damaged.stderr).toContain('best.safetensors: expected')
  }))

it('lists networks and a summary that agree', async () => {
  const models = JSON.parse((await excite('.', 'models', 'resnet50', '--json')).stdout)
  const summary = JSON.parse((await excite('.', 'summary', 'se-resnet50', '--json')).stdout)
  const listed = models.find(({ name }: { name: string }) => name === 'se-resnet50')
  expect(listed.parameters).toBe(28_088_024)
  expect(summary.parameters).toBe(28_088_024)
  expect(summary.multiplyAdds).toBe(listed.multiplyAdds)
  expect(listed.published).toContainEqual({
    source: 'SENet, Table 2',
    multiplyAdds: '3.87',
    options: { strideIn: '1x1' },
    ours: { parameters: 28_088_024, multiplyAdds: 3_860_488_192, allOperations: 3_897_635_480 },
    agrees: { parameters: true, multiplyAdds: true },
  })
})

it('looks inside: a page on its own, figures and numbers', () =>
  inFolder(async folder => {
    const trained = await excite(
      folder,
      ...'train se-resnet8 --samples 40,20 --size 16 --epochs 1 --batch 10 --out run'.split(' '),
    )
    expect(trained.code).toBe(0)
    const inspect = (...more: string[]) =>
      excite(folder, 'inspect', 'run', '--images', '20', '--batch', '10', '--json', ...more)
    const wrong = await inspect('--classes', 'cirle')
    expect(wrong.stderr).toContain('Did you mean circle?')
    expect(wrong.code).toBe(2)
    // One image of each class does not tell what classes do: the rest of the page is there.
    const few = await inspect('--images', '3')
    expect(few.code).toBe(0)
    expect(JSON.parse(few.stdout)).toMatchObject({ excitation: [], imagesByClass: { length: 10 } })
    const page = await readFile(join(folder, 'run/inspect/report.html'), 'utf8')
    expect(page).toContain('of 10 classes; two of one class are needed to tell what classes do')
    const other = await excite(folder, 'inspect', 'run/config.json')
    expect(other.stderr).toContain('run/config.json: expected a .safetensors file of a run')
    // Weights are of the run whose folder they lie in.
    const weights = await excite(folder, 'inspect', 'run/best.safetensors', '--images', '20')
    expect(weights.stdout).toContain('report  inspect-se-resnet8')
    const { code, stdout, stderr } = await inspect('--ablate-blocks', '--index', '0,1')
    expect(stderr).not.toContain('excite:')
    expect(code).toBe(0)
    const result = JSON.parse(stdout)
    expect(result.excitation.map((one: { block: string }) => one.block)).toEqual([
      ...['2_1', '3_1', '4_1'],
    ])
    expect(result.ablation.rows).toHaveLength(14)
    expect(result.maps).toHaveLength(2)
    const html = await readFile(join(folder, result.report), 'utf8')
    for (const heading of ['Excitation by class', 'Without the blocks', 'Where it looks', 'Cost'])
      expect(html).toContain(`>${heading}</h2>`)
    expect(html).not.toMatch(/https?:|NaN|undefined/)
    const report = join(folder, 'run', 'inspect')
    expect(JSON.parse(await readFile(join(report, 'inspect.json'), 'utf8')).model).toBe(
      'se-resnet8',
    )
    const rows = (await readFile(join(report, 'tables', 'excitation.csv'), 'utf8'))
      .trim()
      .split('\n')
    expect(rows).toHaveLength(1 + 10 * (16 + 32 + 64))
    const figure = await sharp(join(report, 'figures', 'excitation-by-class.svg')).metadata()
    expect(figure.width).toBeGreaterThan(700)
  }))

it('inspects a name for its cost', () =>
  inFolder(async folder => {
    const { code, stdout } = await excite(folder, 'inspect', 'se-resnet50', '--json')
    expect(code).toBe(0)
    const { cost, plain } = JSON.parse(stdout)
    expect([cost.parameters, plain.parameters]).toEqual([28_088_024, 25_557_032])
  }))

it('goes from images to a fine-tuned network, bad ones counted, and resumes on other threads', () =>
  inFolder(async folder => {
    const run = async (command: string) => {
      const { code, stdout, stderr } = await excite(folder, ...command.split(' '), '--json')
      expect(stderr).not.toContain('excite:')
      expect(code).toBe(0)
      return JSON.parse(stdout)
    }
    await run('data export shapes --to images --samples 60,20 --size 20 --images webp --quiet')
    const broken = join(folder, 'images/train/circle/00001.webp')
    await writeFile(broken, 'damaged')
    const options = '--data ./images --size 16 --epochs 2 --batch 10 --threads 1 --mixup 0.2'
    const failed = await excite(folder, ...`train resnet8 ${options} --workers 2`.split(' '))
    expect(failed.code).toBe(1)
    expect(failed.stderr).toContain(`excite: ${broken}: expected an image`)

    const many = await excite(
      folder,
      ...`train resnet8 ${options} --bad-images skip --bad-limit 0.01`.split(' '),
    )
    expect(many.code).toBe(1)
    expect(many.stderr).toContain(
      'expected at most 0 unreadable images of 51 (1 %), got 1 (1.96 %)',
    )

    const first = await run(
      `train resnet8 ${options} --bad-images skip --bad-limit 0.02 --quiet --out a --workers 2`,
    )
    const badImages = {
      policy: 'skip',
      checked: 81,
      count: 1,
      fraction: 1 / 81,
      images: [{ file: broken, reason: expect.stringContaining('7 bytes') }],
    }
    expect(first.badImages).toEqual(badImages)
    expect(JSON.parse(await readFile(join(folder, 'a/bad-images.json'), 'utf8'))).toEqual({
      ...badImages,
      leftOut: {},
    })
    await run(
      `train resnet8 ${options} --bad-images skip --bad-limit 0.02 --quiet --out b --workers 0`,
    )
    const bytes = (run: string) => readFile(join(folder, run, 'last.safetensors'))
    expect(await bytes('a')).toEqual(await bytes('b'))

    const fineTuned = await run(
      `train resnet8 --attention gct --weights a/last.safetensors --freeze !gct --unfreeze-at 2 ${options} --bad-images replace --bad-limit 0.02 --quiet --out c`,
    )
    expect(fineTuned.history).toHaveLength(2)
    expect((await run('eval c')).top1).toBeCloseTo(fineTuned.best.testTop1, 10)
  }))
