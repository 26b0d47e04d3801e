/** Weights from elsewhere: named as each source names them, every misfit at once, logits as PyTorch's. */

import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { onnxEngine } from '../engines/onnxruntime/engine.ts'
import { UsageError, WeightError } from '../errors/index.ts'
import { sizeOf } from '../graph/index.ts'
import { model, networkOf } from '../models/registry.ts'
import { resnet } from '../models/resnet.ts'
import { variables } from '../nn/index.ts'
import { random } from '../random/index.ts'
import { type ImportOptions, importWeights } from './import.ts'
import { bestNaming, take } from './match.ts'
import { bareNames, NAMINGS, ownNetwork, renamed } from './names/index.ts'
import type { Naming } from './names/naming.ts'
import { PREPROCESSING } from './names/preprocessing.ts'
import { openPredictor } from './predictor.ts'
import { readWeights } from './readWeights.ts'
import { type StoredTensor, writeSafetensors } from './safetensors.ts'
import type { Entry } from './stored.ts'
import { networkIn } from './told.ts'
import { readTrained, writeTrained } from './trained.ts'

/** For each naming, names as they stand in its files, and what they are here. */
const NAMES: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  torchvision: {
    'conv1.weight': 'conv1.weight',
    'module.layer1.0.downsample.1.running_var': 'layer1.0.downsample.1.running_var',
    'layer1.0.se.fc1.bias': 'layer1.0.se.fc1.bias',
    'layer1.0.conv2.attn.fc_select.weight': 'layer1.0.conv2.attn.fc_select.weight',
    'layer1.0.conv2.conv.weight': 'layer1.0.conv2.conv.weight',
    'fc.1.bias': 'fc.bias',
  },
  'timm-sk': {
    'layer1.0.conv2.paths.1.conv.weight': 'layer1.0.conv2.paths.1.conv.weight',
    'layer1.0.conv2.attn.bn.bias': 'layer1.0.conv2.attn.bn.bias',
    'layer1.0.conv3.conv.weight': 'layer1.0.conv3.weight',
    'layer1.0.conv1.bn.running_mean': 'layer1.0.bn1.running_mean',
  },
  'timm-eca': { 'layer1.0.se.conv.weight': 'layer1.0.eca.conv.weight' },
  'timm-vgg': {
    'pre_logits.fc2.bias': 'classifier.3.bias',
    'head.fc.weight': 'classifier.6.weight',
  },
  'timm-mobilenetv3': {
    'conv_stem.weight': 'features.0.0.weight',
    'blocks.0.0.conv_dw.weight': 'features.1.block.0.0.weight',
    'blocks.0.0.bn1.bias': 'features.1.block.0.1.bias',
    'blocks.0.0.conv_pw.weight': 'features.1.block.1.0.weight',
    'blocks.0.0.bn2.bias': 'features.1.block.1.1.bias',
    'blocks.1.0.conv_pw.weight': 'features.2.block.0.0.weight',
    'blocks.1.0.conv_dw.weight': 'features.2.block.1.0.weight',
    'blocks.1.0.se.conv_expand.bias': 'features.2.block.2.fc2.bias',
    'blocks.1.0.conv_pwl.weight': 'features.2.block.3.0.weight',
    'blocks.1.0.bn3.weight': 'features.2.block.3.1.weight',
    'blocks.2.0.conv.weight': 'features.3.0.weight',
    'blocks.2.0.bn1.weight': 'features.3.1.weight',
    'conv_head.bias': 'classifier.0.bias',
    'classifier.bias': 'classifier.3.bias',
  },
  'timm-efficientnet': {
    'bn1.weight': 'features.0.1.weight',
    'blocks.0.0.conv_dw.weight': 'features.1.0.block.0.0.weight',
    'blocks.0.0.se.conv_reduce.weight': 'features.1.0.block.1.fc1.weight',
    'blocks.0.0.conv_pw.weight': 'features.1.0.block.2.0.weight',
    'blocks.6.0.conv_pw.weight': 'features.7.0.block.0.0.weight',
    'blocks.6.0.conv_pwl.weight': 'features.7.0.block.1.0.weight',
    'conv_head.weight': 'features.8.0.weight',
    'bn2.weight': 'features.8.1.weight',
    'classifier.weight': 'classifier.1.weight',
  },
  cadene: {
    'layer0.conv1.weight': 'conv1.weight',
    'layer0.bn1.running_mean': 'bn1.running_mean',
    'layer1.0.se_module.fc1.weight': 'layer1.0.se.fc1.weight',
    'layer4.2.conv3.weight': 'layer4.2.conv3.weight',
    'last_linear.bias': 'fc.bias',
  },
  'cadene-deep': {
    'layer0.conv1.weight': 'conv1.0.weight',
    'layer0.bn1.weight': 'conv1.1.weight',
    'layer0.conv2.weight': 'conv1.3.weight',
    'layer0.bn2.bias': 'conv1.4.bias',
    'layer0.conv3.weight': 'conv1.6.weight',
    'layer0.bn3.weight': 'bn1.weight',
    'last_linear.weight': 'fc.weight',
  },
  pretrainedmodels: { 'conv1.weight': 'conv1.weight', 'last_linear.weight': 'fc.weight' },
  'pretrainedmodels-inception': { 'last_linear.weight': 'classif.weight' },
  moskomule: {
    'layer1.0.se.fc.0.weight': 'layer1.0.se.fc1.weight',
    'layer1.0.se.fc.2.weight': 'layer1.0.se.fc2.weight',
    'fc.weight': 'fc.weight',
  },
  gct: {
    'module.stem.conv1.0.alpha': 'conv1.0.alpha',
    'stem.conv1.1.weight': 'conv1.1.weight',
    'stem.bn1.weight': 'bn1.weight',
    'layer1.0.conv1.0.gamma': 'layer1.0.conv1.0.gamma',
    'layer1.0.downsample.0.alpha': 'layer1.0.downsample.0.alpha',
  },
  fca: { 'layer1.0.att.fc.0.weight': 'layer1.0.fca.fc.0.weight' },
  srm: { 'layer1.0.rclb.cfc': 'layer1.0.srm.cfc' },
  bam: {
    'bam2.spatial_att.gate_s.gate_s_conv_final.bias':
      'layer2.bam.spatial_att.gate_s.gate_s_conv_final.bias',
  },
  simam: { 'layer3.1.conv2.0.weight': 'layer3.1.conv2.weight' },
  openmmlab: {
    'layer1.0.se_layer.conv2.conv.bias': 'layer1.0.se.fc2.bias',
    'head.fc.weight': 'fc.weight',
  },
  transformers: {
    'resnet.embedder.embedder.convolution.weight': 'conv1.weight',
    'resnet.embedder.embedder.normalization.bias': 'bn1.bias',
    'resnet.encoder.stages.3.layers.2.layer.1.convolution.weight': 'layer4.2.conv2.weight',
    'resnet.encoder.stages.0.layers.0.layer.2.normalization.bias': 'layer1.0.bn3.bias',
    'resnet.encoder.stages.1.layers.0.shortcut.normalization.weight':
      'layer2.0.downsample.1.weight',
    'classifier.1.bias': 'fc.bias',
  },
}

describe('names', () => {
  it.each(NAMINGS.map(naming => [naming.name, naming] as const))('of %s', (name, naming) => {
    const names = Object.keys(NAMES[name])
    const bare = bareNames([...names, 'module.bn1.num_batches_tracked'])
    const own = renamed(naming, [...bare.values()])
    expect(names.map(theirs => own.get(bare.get(theirs) ?? ''))).toEqual(Object.values(NAMES[name]))
    expect(bare.has('module.bn1.num_batches_tracked')).toBe(false)
  })
})

/** How the same weight is called elsewhere: the inverse of the rules, written down a second time. */
const ELSEWHERE: Readonly<
  Record<string, { model: string; attention?: string; call: (name: string) => string }>
> = {
  torchvision: { model: 'se-resnet50', call: name => name },
  cadene: {
    model: 'se-resnet50',
    call: name =>
      name
        .replace(/^(conv1|bn1)\./, 'layer0.$1.')
        .replace('.se.', '.se_module.')
        .replace(/^fc\./, 'last_linear.'),
  },
  'cadene-deep': {
    model: 'senet154',
    call: name =>
      name
        .replace(/^bn1\./, 'layer0.bn3.')
        .replace(
          /^conv1\.(\d)\./,
          (_, place: string) =>
            `layer0.${{ 0: 'conv1', 1: 'bn1', 3: 'conv2', 4: 'bn2', 6: 'conv3' }[place]}.`,
        )
        .replace('.se.', '.se_module.')
        .replace(/^fc\./, 'last_linear.'),
  },
  moskomule: {
    model: 'se-resnet50',
    attention: 'se:bias=false',
    call: name => name.replace('.se.fc1.', '.se.fc.0.').replace('.se.fc2.', '.se.fc.2.'),
  },
  'timm-sk': {
    model: 'skresnet18',
    call: name =>
      name
        .replace(/^(layer.*)\.conv(\d)\.weight$/, '$1.conv$2.conv.weight')
        .replace(/^(layer.*)\.bn(\d)\./, '$1.conv$2.bn.'),
  },
  'timm-eca': { model: 'eca-resnet50', call: name => name.replace('.eca.', '.se.') },
  fca: { model: 'fca-resnet50', call: name => name.replace('.fca.', '.att.') },
  srm: { model: 'srm-resnet18', call: name => name.replace('.srm.', '.rclb.') },
  bam: { model: 'bam-resnet50', call: name => name.replace(/^layer(\d)\.bam\./, 'bam$1.') },
  openmmlab: {
    model: 'se-resnet50',
    call: name =>
      `backbone.${name}`
        .replace(/\.se\.fc(\d)\./, '.se_layer.conv$1.conv.')
        .replace('backbone.fc.', 'head.fc.'),
  },
  gct: { model: 'gct-resnet50', call: name => name.replace(/^(conv1|bn1)\./, 'stem.$1.') },
}

describe("a source's networks where they differ from ours", () => {
  const CAFFE = { pooling: 'ceil', strideIn: '1x1' }
  it.each([
    ['cadene', 'se-resnet50', { variations: CAFFE }],
    ['cadene', 'se-resnet152', { variations: CAFFE }],
    ['cadene', 'resnet152', {}],
    ['cadene', 'se-resnext101', { variations: { pooling: 'ceil', strideIn: '3x3' } }],
    ['cadene', 'se-resnet34', { attention: 'se:rectify=true', variations: { pooling: 'ceil' } }],
    ['cadene', 'se-resnet20', {}],
    ['cadene-deep', 'senet154', { variations: { pooling: 'ceil' } }],
    ['torchvision', 'senet154', { variations: { pooling: 'padded' } }],
    ['torchvision', 'se-resnet50', {}],
    ['moskomule', 'resnet50', { attention: 'se' }],
    ['gct', 'gct-resnet50', { variations: { strideIn: '1x1' } }],
  ])('%s: %s', (source, name, wanted) => {
    const naming = NAMINGS.find(naming => naming.name === source) as Naming
    expect(ownNetwork(naming, name)).toEqual(wanted)
    // What they are is what the network can be told.
    expect(() => networkOf({ model: name, ...ownNetwork(naming, name) })).not.toThrow()
  })
})

describe('the naming that fits best', () => {
  it.each(Object.entries(ELSEWHERE))('%s', (wanted, { model: name, attention, call }) => {
    const network = model(name, attention === undefined ? {} : { attention })
    const entries = new Map(
      variables(network.network).map(({ name, tensor: { shape } }): [string, Entry] => [
        `module.${call(name)}`,
        { dtype: 'F32', shape, read: () => new Float32Array() },
      ]),
    )
    const { naming, sources } = bestNaming(
      entries,
      named => networkOf(networkIn(named, { model: name })),
      'file',
    )
    expect(naming.name).toBe(wanted)
    expect([...sources.keys()]).toEqual(variables(network.network).map(({ name }) => name))
  })
})

const recorded = (name: string): ReadonlyMap<string, Entry> => {
  const path = new URL(`../../test/parity/fixtures/${name}.pth`, import.meta.url)
  return readWeights(readFileSync(path), name).entries
}

it.each(['tiny-zip', 'tiny-legacy'])('%s gives the logits of torchvision', async file => {
  const network = resnet({
    block: 'basic',
    depths: [1, 1, 1, 1],
    stem: 'imagenet',
    planes: 4,
    classes: 5,
  })
  const tiny = { ...model('resnet18'), name: 'tiny', network, classes: 5 }
  const tensors = take(
    bestNaming(recorded(file), () => tiny, file),
    tiny,
    file,
  )
  const card = { model: 'tiny', classes: [], channels: 3, height: 32, width: 24 }
  const trained = { card: { ...card, mean: [], std: [] }, model: tiny, tensors }
  const predictor = await openPredictor(trained, 2, onnxEngine)
  const known = recorded('tiny-logits')
  const { logits } = await predictor.infer(known.get('images')?.read() ?? new Float32Array())
  await predictor.dispose()
  const wanted = known.get('logits')?.read() ?? []
  expect(logits.data).toHaveLength(10)
  for (const [i, logit] of logits.data.entries())
    expect(Math.abs(logit - wanted[i])).toBeLessThan(1e-4)
})

/** The tensors of a small network under any names, as a file. */
const fileOf = (
  name: string,
  options: Parameters<typeof model>[1] = {},
  change: (tensors: Map<string, StoredTensor>) => void = () => {},
): Uint8Array => {
  const tensors = new Map(
    variables(model(name, options).network).map(({ name, tensor: { shape } }) => {
      const draw = random(0).fork(name)
      const data = Float32Array.from({ length: sizeOf(shape) }, (_, i) => draw.normal(i))
      const own = name.endsWith('running_var') ? data.map(value => value ** 2) : data
      return [name, { dtype: 'F32', shape, data: own } as StoredTensor]
    }),
  )
  change(tensors)
  return writeSafetensors(tensors)
}

const failure = (bytes: Uint8Array, options: ImportOptions): unknown => {
  try {
    importWeights(bytes, 'some.safetensors', options)
  } catch (error) {
    return error
  }
  return undefined
}

describe('an import', () => {
  it('is a trained network that is read again', () => {
    const { trained } = importWeights(fileOf('se-resnet8'), 'a.pth', { model: 'se-resnet8' })
    const again = readTrained(writeTrained(trained), 'file')
    expect(again.card).toEqual(trained.card)
    expect(again.tensors).toEqual(trained.tensors)
    expect(trained.card).toMatchObject({
      model: 'se-resnet8',
      height: 32,
      mean: [0.485, 0.456, 0.406],
      origin: { source: 'a.pth', naming: 'torchvision', notes: [] },
    })
  })

  it('takes the number of classes and of colors from the weights', () => {
    const bytes = fileOf('resnet8', { classes: 7, channels: 1 })
    const { card } = importWeights(bytes, 'a', { model: 'resnet8' }).trained
    expect(card).toMatchObject({ channels: 1, classes: ['0', '1', '2', '3', '4', '5', '6'] })
    const classes = ['a', 'b']
    expect(failure(bytes, { model: 'resnet8', classes })).toBeInstanceOf(UsageError)
  })

  it('takes fully connected layers for 1×1 convolutions, without biases as their source has them', () => {
    const attention = 'se:bias=false'
    const bytes = fileOf('se-resnet8', { attention }, tensors => {
      for (const [name, tensor] of [...tensors]) {
        const theirs = name.replace('.se.fc1.', '.se.fc.0.').replace('.se.fc2.', '.se.fc.2.')
        if (theirs === name) continue
        tensors.delete(name)
        tensors.set(theirs, { ...tensor, shape: tensor.shape.slice(0, 2) })
      }
    })
    const { trained, naming } = importWeights(bytes, 'a', { model: 'se-resnet8' })
    expect(naming).toBe('moskomule')
    expect(trained.card.attention).toBe(attention)
  })

  /** Zeros under the names of pretrainedmodels. */
  const legacy = (name: string): Uint8Array =>
    writeSafetensors(
      new Map(
        variables(model(name).network).map(({ name, tensor: { shape } }) => [
          ELSEWHERE.cadene.call(name),
          { dtype: 'F32', shape, data: new Float32Array(sizeOf(shape)) } as StoredTensor,
        ]),
      ),
    )

  it('pools, strides and rectifies as its source does, and says so in the card alone', () => {
    const bytes = legacy('se-resnet18')
    const { trained, notes } = importWeights(bytes, 'a', { model: 'se-resnet18' })
    const variations = { pooling: 'ceil' } as const
    expect(trained.card).toMatchObject({ attention: 'se:rectify=true', variations, cropPct: 0.875 })
    expect(trained.model.variations).toEqual(variations)
    expect(notes).toEqual([expect.stringContaining("as ImageNet's")])
    expect(readTrained(writeTrained(trained), 'file').model.variations).toEqual(variations)
  })

  it('does as it is told before what its source does', () => {
    const told = { attention: 'se', variations: { pooling: 'padded', dropout: 0.2 } } as const
    const bytes = legacy('se-resnet18')
    const { card } = importWeights(bytes, 'a', {
      model: 'se-resnet18',
      ...told,
      cropPct: 1,
    }).trained
    expect(card).toMatchObject({ ...told, cropPct: 1 })
  })

  it('turns blue, green, red into red, green, blue', () => {
    const bytes = fileOf('resnet8')
    const { trained, notes } = importWeights(bytes, 'a', {
      model: 'resnet8',
      preprocessing: PREPROCESSING.caffe,
    })
    const before = readWeights(bytes, 'a').entries.get('conv1.weight')?.read() ?? new Float32Array()
    const after = trained.tensors.get('conv1.weight') ?? new Float32Array()
    const plane = (data: Float32Array, output: number, channel: number) =>
      data.subarray((3 * output + channel) * 9, (3 * output + channel + 1) * 9)
    for (const output of [0, 15])
      for (const channel of [0, 1, 2])
        expect(plane(after, output, channel)).toEqual(plane(before, output, 2 - channel))
    expect(notes).toEqual([expect.stringContaining('blue, green, red')])
    expect(trained.card.mean[2] * 255).toBeCloseTo(104)
    expect(1 / trained.card.std[0]).toBeCloseTo(255)
  })

  it('lists everything that does not fit', () => {
    const bytes = fileOf('resnet8', {}, tensors => {
      tensors.delete('bn1.bias')
      tensors.set('stray', { dtype: 'F32', shape: [2], data: new Float32Array(2) })
      tensors.set('bn1.weight', { dtype: 'F32', shape: [3], data: new Float32Array(3) })
    })
    const error = failure(bytes, { model: 'resnet8' }) as WeightError
    expect(error).toBeInstanceOf(WeightError)
    expect(error.where).toBe('some.safetensors')
    expect(error.got).toBe(
      '3 that do not fit: bn1.weight [3] instead of [16]; bn1.bias [16] missing; stray [2] unexpected',
    )
    expect(error.hint).toContain('Check the model')
    const other = failure(fileOf('resnet14'), { model: 'resnet8' }) as WeightError
    expect(other.got).toMatch(
      /^the tensors of resnet14; \d+ that do not fit: (?:[^;]+; ){12}and \d+ more$/,
    )
  })

  it('says what is not finite, and variances below zero', () => {
    const bytes = fileOf('resnet8', {}, tensors => {
      tensors.get('fc.bias')?.data.set([Number.NaN] as never)
      tensors.get('bn1.running_var')?.data.set([-1] as never)
    })
    expect((failure(bytes, { model: 'resnet8' }) as WeightError).got).toBe(
      'bn1.running_var with variances below zero; fc.bias with values that are not finite',
    )
  })

  /** The same file with every name changed. */
  const renaming =
    (call: (name: string) => string) =>
    (tensors: Map<string, StoredTensor>): void => {
      for (const [name, tensor] of [...tensors]) {
        tensors.delete(name)
        tensors.set(call(name), tensor)
      }
    }

  it.each([
    'net.',
    'network.',
    'encoder.',
    'module.model.',
    'resnet.',
    '_forward_module.',
    'model._orig_mod.',
    'anything.of.mine.',
  ])('looks through the prefix %s', prefix => {
    const call = (name: string) => `${prefix}${name}`
    const bytes = fileOf('resnet8', { classes: 7 }, renaming(call))
    expect(importWeights(bytes, 'a', { model: 'resnet8' }).trained.card.classes).toHaveLength(7)
  })

  it('takes no longer for a name of many parts', () => {
    const name = `${'a.'.repeat(200_000)}conv1.weight`
    const bytes = fileOf('resnet8', {}, tensors => {
      tensors.set(name, { dtype: 'F32', shape: [1], data: Float32Array.of(1) })
    })
    expect(failure(bytes, { model: 'resnet8' })).toBeInstanceOf(WeightError)
  })

  it('leaves out losses, counters and lone numbers', () => {
    const bytes = fileOf('resnet8', {}, tensors => {
      const lone: StoredTensor = { dtype: 'F32', shape: [], data: Float32Array.of(1) }
      const loss: StoredTensor = { dtype: 'F32', shape: [2], data: new Float32Array(2) }
      for (const name of ['n_averaged', 'global_step', 'temperature']) tensors.set(name, lone)
      for (const name of ['criterion.weight', 'train_loss.center']) tensors.set(name, loss)
    })
    expect(importWeights(bytes, 'a', { model: 'resnet8' }).trained.tensors.has('fc.bias')).toBe(
      true,
    )
  })

  it('takes the only network that has such tensors, and says so', () => {
    const { trained, notes } = importWeights(fileOf('resnet14'), 'a')
    expect(trained.card.model).toBe('resnet14')
    expect(notes).toEqual([expect.stringContaining('taken for resnet14, whose tensors they are')])
    expect(() => importWeights(fileOf('sknet50'), 'a')).toThrow('sk-resnext50 or sknet50')
  })

  it.each([
    ['seresnet50', 'se-resnet50', undefined],
    ['skresnet50d', 'resnet50d', 'sk:split=true,floor=8'],
  ])('knows %s by its name elsewhere', (architecture, name, attention) => {
    const bytes = fileOf(name, attention ? { attention } : {})
    for (const options of [{ model: architecture }, { architecture }]) {
      const { card } = importWeights(bytes, 'a', options).trained
      expect(card.model).toBe(name)
      expect(card.attention).toBe(attention)
    }
  })

  it('doubts tensors whose source speaks of a network that is none here', () => {
    const bytes = fileOf('resnet8')
    const doubt = expect.stringContaining('may compute otherwise than resnet8')
    const model = 'resnet8'
    expect(importWeights(bytes, 'a', { architecture: 'resnetblur8', model }).notes).toEqual([doubt])
    expect(importWeights(bytes, 'resnetaa8-1.pth', { model }).notes).toEqual([doubt])
    expect(() => importWeights(bytes, 'a', { architecture: 'resnetblur8' })).toThrow(
      'got none, and resnetblur8, which is no network here (they are the tensors of resnet8)',
    )
    expect(() => importWeights(bytes, 'a', { model: 'resnetblur50' })).toThrow(
      'It computes otherwise than the networks here',
    )
  })

  it('keeps the card of a file that Excite wrote', () => {
    const { trained } = importWeights(fileOf('resnet8', { attention: 'se:gate=tanh' }), 'a', {
      model: 'resnet8',
      attention: 'se:gate=tanh',
      preprocessing: PREPROCESSING.inception,
      classes: Array.from('abcdefghij'),
    })
    const own = writeTrained(trained)
    expect(importWeights(own, 'own').trained.card).toEqual(trained.card)
    expect(importWeights(own, 'own', { model: 'resnet8', size: 64 }).trained.card).toEqual({
      ...trained.card,
      height: 64,
      width: 64,
    })
    expect(() => importWeights(own, 'own', { model: 'resnet14' })).toThrow('a trained resnet8')
    expect(() => importWeights(own, 'own', { attention: 'se' })).toThrow('a trained resnet8')
  })

  it.each([
    ['eca-resnet20', 'eca:kernels=16x3+32x5+64x7'],
    ['eca-resnet20', 'eca:kernel=5'],
    ['se-resnet20', 'se:bias=false'],
    ['se-resnet20', 'se:reduction=4'],
    ['se-resnet20', 'se:floor=2'],
  ])('tells the options of %s by its tensors: %s', (name, attention) => {
    const { card } = importWeights(fileOf(name, { attention }), 'a', { model: name }).trained
    expect(card.attention).toBe(attention)
  })

  it("tells projections of CIFAR's networks", () => {
    const variations = { shortcut: 'projection' } as const
    const { card } = importWeights(fileOf('resnet20', variations), 'a', {
      model: 'resnet20',
    }).trained
    expect(card.variations).toEqual(variations)
  })

  it('begins a classifier that is not there anew, for as many classes as have names', () => {
    const bytes = fileOf('resnet8', {}, tensors => {
      tensors.delete('fc.weight')
      tensors.delete('fc.bias')
    })
    const { trained, notes } = importWeights(bytes, 'a', { model: 'resnet8', classes: ['a', 'b'] })
    expect(trained.tensors.get('fc.bias')).toHaveLength(2)
    expect(notes).toEqual([expect.stringContaining('no classifier')])
  })

  it('refuses two names for one tensor', () => {
    const bytes = fileOf('resnet8', {}, tensors => {
      tensors.set('module.bn1.bias', tensors.get('bn1.bias') as StoredTensor)
    })
    expect((failure(bytes, { model: 'resnet8' }) as WeightError).got).toBe(
      'bn1.bias and module.bn1.bias',
    )
  })

  it('refuses an unknown network before it reads anything', () => {
    expect(failure(Uint8Array.of(), { model: 'resnet9' })).toBeInstanceOf(UsageError)
  })
})
