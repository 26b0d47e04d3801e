/**
 * Networks against the papers: exact learnable parameters, multiply-adds as printed, torchvision's
 * weight names, and the names that networks go by.
 */

import { describe, expect, it } from 'vitest'
import { attentionNames } from '../attention/registry.ts'
import { UsageError } from '../errors/index.ts'
import { variables } from '../nn/index.ts'
import { inferenceGraph } from './inferenceGraph.ts'
import { describeModel, type ModelOptions, model, modelNames } from './registry.ts'
import { summarize } from './summary.ts'

const V1 = { strideIn: '1x1' } as const
const plug = (attention: string): ModelOptions => ({ attention })
/** SE as in the paper's ablations: without biases. */
const biasFree = (options = ''): ModelOptions => plug(`se:bias=false${options}`)

type Row = readonly [name: string, options: ModelOptions, wanted: number]

const title = '%s %j: %d'

describe('learnable parameters', () => {
  describe('of ImageNet backbones', () => {
    it.each<Row>([
      ['resnet18', {}, 11_689_512],
      ['resnet34', {}, 21_797_672],
      ['resnet50', {}, 25_557_032],
      ['resnet50', V1, 25_557_032],
      ['resnet101', {}, 44_549_160],
      ['resnet152', {}, 60_192_808],
      ['resnext50', {}, 25_028_904],
      ['resnext101', {}, 44_177_704],
    ])(title, (name, options, wanted) => {
      expect(summarize(model(name, options)).parameters).toBe(wanted)
    })
  })

  describe('of CIFAR backbones', () => {
    it.each<Row>([
      ['resnet20', {}, 269_722],
      ['resnet32', {}, 464_154],
      ['resnet44', {}, 658_586],
      ['resnet56', {}, 853_018],
      ['resnet110', {}, 1_727_962],
      ['resnet164', {}, 1_703_258],
      ['resnet164', biasFree(), 1_896_794],
      ['resnet20', { classes: 100 }, 269_722 + 90 * 65],
      ['resnet20', { channels: 1 }, 269_722 - 2 * 16 * 9],
    ])(title, (name, options, wanted) => {
      expect(summarize(model(name, options)).parameters).toBe(wanted)
    })

    it('is what depth 6n + 2 says, for every n', () => {
      for (const n of [1, 2, 3, 5, 7, 9, 18]) {
        const units = 16 * 32 * 9 + 32 * 64 * 9 + 9 * (2 * n * 256 + (2 * n - 1) * (1024 + 4096))
        const scales = 2 * (16 * (2 * n + 1) + 2 * n * (32 + 64))
        const wanted = 3 * 16 * 9 + units + scales + 650
        expect(summarize(model(`resnet${6 * n + 2}`)).parameters).toBe(wanted)
      }
    })
  })

  describe('of SENet and its ablations', () => {
    it.each<Row>([
      ['se-resnet50', {}, 28_088_024],
      ['se-resnet101', {}, 49_326_872],
      ['se-resnet152', {}, 66_821_848],
      ['se-resnext50', {}, 27_559_896],
      ['se-resnext101', {}, 48_955_416],
      ['resnet50', biasFree(), 28_071_976],
      ['resnet50', biasFree(',reduction=2'), 45_676_584],
      ['resnet50', biasFree(',reduction=4'), 35_616_808],
      ['resnet50', biasFree(',reduction=8'), 30_586_920],
      ['resnet50', biasFree(',reduction=32'), 26_814_504],
      ['resnet50', biasFree(',stages=2'), 25_581_608],
      ['resnet50', biasFree(',stages=3'), 25_688_104],
      ['resnet50', biasFree(',stages=4'), 26_343_464],
      ['resnet50', biasFree(',stages=5'), 27_129_896],
      ['resnet50', biasFree(',stages=2+3+4+5'), 28_071_976],
      ['resnet50', biasFree(',at=inside'), 25_714_216],
      ['resnet50', biasFree(',at=post'), 28_071_976],
      ['resnet50', biasFree(',at=identity'), 28_071_976],
      ['resnet50', biasFree(',squeeze=none'), 28_071_976],
      ['resnet50', biasFree(',squeeze=max'), 28_071_976],
      ['resnet50', biasFree(',gate=tanh'), 28_071_976],
    ])(title, (name, options, wanted) => {
      expect(summarize(model(name, options)).parameters).toBe(wanted)
    })

    /** (2/r)·Σ C²: what PRE has less, its first block of each stage having fewer channels. */
    it('at=pre counts the channels that come into each block', () => {
      const squares = [
        [64, 256],
        [256, 512],
        [512, 1024],
        [1024, 2048],
      ]
        .map(([first, others], i) => first ** 2 + ([3, 4, 6, 3][i] - 1) * others ** 2)
        .reduce((sum, square) => sum + square)
      const { parameters } = summarize(model('resnet50', biasFree(',at=pre')))
      expect(parameters).toBe(25_557_032 + squares / 8)
    })
  })

  describe('of SKNet and its ablations', () => {
    it.each<Row>([
      ['sknet26', {}, 16_746_408],
      ['sknet50', {}, 27_479_784],
      ['sknet101', {}, 48_736_040],
      ['sk-resnext50', {}, 27_479_784],
      ['sknet50', plug('sk:branches=3+5+7'), 29_249_512],
      ['sknet50', plug('sk:branches=3+7'), 27_479_784],
      ['sknet50', plug('sk:select=false'), 26_458_664],
      ['sknet50', plug('sk:branches=3+5+7,select=false'), 27_888_424],
      ['sknet50', plug('sk:branches=5,select=false'), 25_028_904],
      ['sknet50', plug('se'), 27_559_896],
    ])(title, (name, options, wanted) => {
      expect(summarize(model(name, options)).parameters).toBe(wanted)
    })
  })

  describe('of GCT, before every convolution', () => {
    it.each<readonly [string, number, number, number]>([
      ['resnet50', 25_557_032, 67_593, 53],
      ['resnet101', 44_549_160, 145_929, 104],
      ['resnet152', 60_192_808, 215_049, 155],
      ['resnext50', 25_028_904, 90_249, 53],
    ])('%s: %d and %d in %d blocks', (name, backbone, more, count) => {
      const found = model(`gct-${name}`)
      expect(summarize(found).parameters).toBe(backbone + more)
      const gates = variables(found.network).filter(({ name }) => name.endsWith('gamma'))
      expect(gates).toHaveLength(count)
    })
  })

  /** Where the authors put fewer: before the first or the last 1×1 of a block, before its last two. */
  it.each([
    ['pre', 16],
    ['before-last-conv', 16],
    ['before-last-two-convs', 32],
  ])('at %s of resnet50: %d', (at, count) => {
    const { network } = model('resnet50', plug(`gct:at=${at}`))
    const gates = variables(network).filter(({ name }) => name.endsWith('gamma'))
    expect(gates).toHaveLength(count)
    expect(gates.every(({ name }) => /^layer\d/.test(name) && !name.includes('down'))).toBe(true)
  })

  it("and running statistics make the papers' rounded columns", () => {
    const { parameters, buffers } = summarize(model('resnet50'))
    expect(buffers).toBe(53_120)
    expect((parameters + buffers) / 1e6).toBeCloseTo(25.61, 2)
  })
})

describe('multiply-adds', () => {
  /** In 10⁹, by convolutions and fully connected layers alone, to the last digit given. */
  it.each<readonly [string, ModelOptions, string]>([
    ['resnet50', V1, '3.858'],
    ['resnet50', {}, '4.089'],
    ['resnext50', V1, '3.768'],
    ['resnext50', {}, '4.230'],
    ['sknet26', {}, '2.59'],
    ['sknet50', {}, '4.463'],
    ['sknet101', {}, '8.449'],
    ['sknet50', plug('sk:select=false'), '4.46'],
    ['resnet50', { ...biasFree(), ...V1 }, '3.86'],
    ['resnet50', { ...biasFree(',squeeze=none'), ...V1 }, '4.27'],
  ])('of %s %j: %s G', (name, options, wanted) => {
    const digits = wanted.split('.')[1].length
    expect((summarize(model(name, options)).multiplyAdds / 1e9).toFixed(digits)).toBe(wanted)
  })

  /** What the papers print counts up to 0.03 G beside convolutions, and is rounded to 0.01 G. */
  const PRINTED = 0.03 + 0.005

  it.each<Row>([
    ['resnet50', V1, 3.86],
    ['resnet101', V1, 7.58],
    ['resnet152', V1, 11.3],
    ['resnext50', {}, 4.24],
    ['resnext101', {}, 7.99],
    ['se-resnet50', V1, 3.87],
    ['se-resnet101', V1, 7.6],
    ['se-resnet152', V1, 11.32],
    ['se-resnext50', {}, 4.25],
    ['se-resnext101', {}, 8.0],
    ['resnet50', { ...biasFree(',stages=2'), ...V1 }, 3.86],
    ['resnet50', { ...biasFree(',at=inside'), ...V1 }, 3.86],
    ['sknet50', {}, 4.47],
    ['sknet101', {}, 8.46],
    ['sknet50', plug('sk:branches=3+5,select=false'), 4.46],
    ['sknet50', plug('sk:branches=3+5+7,select=false'), 4.69],
    ['sknet50', plug('sk:branches=3+5+7'), 4.7],
    ['sknet50', plug('sk:branches=7,select=false'), 4.24],
  ])('as printed for %s %j: %d G', (name, options, wanted) => {
    const found = summarize(model(name, options)).multiplyAdds / 1e9
    expect(Math.abs(found - wanted)).toBeLessThan(PRINTED)
  })

  it('that SE without a squeeze adds to ResNet-50 are 0.411 G', () => {
    const of = (options: ModelOptions): number => summarize(model('resnet50', options)).multiplyAdds
    expect(((of(biasFree(',squeeze=none')) - of({})) / 1e9).toFixed(3)).toBe('0.411')
  })
})

describe('weight names', () => {
  const namesOf = (name: string, options: ModelOptions = {}) =>
    new Map(variables(model(name, options).network).map(({ name, tensor }) => [name, tensor]))

  /** As in torchvision's state dicts, num_batches_tracked left out. */
  const TORCHVISION: Readonly<Record<string, Readonly<Record<string, readonly number[]>>>> = {
    resnet18: {
      'conv1.weight': [64, 3, 7, 7],
      'bn1.running_var': [64],
      'layer1.0.conv1.weight': [64, 64, 3, 3],
      'layer1.1.bn2.bias': [64],
      'layer2.0.conv1.weight': [128, 64, 3, 3],
      'layer2.0.downsample.0.weight': [128, 64, 1, 1],
      'layer2.0.downsample.1.running_mean': [128],
      'layer4.1.conv2.weight': [512, 512, 3, 3],
      'fc.weight': [1000, 512],
      'fc.bias': [1000],
    },
    resnet50: {
      'conv1.weight': [64, 3, 7, 7],
      'bn1.weight': [64],
      'layer1.0.conv1.weight': [64, 64, 1, 1],
      'layer1.0.conv2.weight': [64, 64, 3, 3],
      'layer1.0.conv3.weight': [256, 64, 1, 1],
      'layer1.0.downsample.0.weight': [256, 64, 1, 1],
      'layer1.0.downsample.1.bias': [256],
      'layer3.5.bn3.running_mean': [1024],
      'layer4.0.conv2.weight': [512, 512, 3, 3],
      'layer4.2.conv1.weight': [512, 2048, 1, 1],
      'fc.weight': [1000, 2048],
    },
    resnext50: {
      'layer1.0.conv1.weight': [128, 64, 1, 1],
      'layer1.0.conv2.weight': [128, 4, 3, 3],
      'layer4.2.conv2.weight': [1024, 32, 3, 3],
      'layer4.2.conv3.weight': [2048, 1024, 1, 1],
    },
    'se-resnet50': {
      'layer1.0.se.fc1.weight': [16, 256, 1, 1],
      'layer1.0.se.fc1.bias': [16],
      'layer4.2.se.fc2.weight': [2048, 128, 1, 1],
    },
    senet154: {
      'conv1.0.weight': [64, 3, 3, 3],
      'conv1.4.bias': [64],
      'conv1.6.weight': [128, 64, 3, 3],
      'bn1.weight': [128],
      'layer1.0.conv1.weight': [128, 128, 1, 1],
      'layer1.0.conv2.weight': [256, 2, 3, 3],
      'layer1.0.downsample.0.weight': [256, 128, 1, 1],
      'layer2.0.downsample.0.weight': [512, 256, 3, 3],
      'layer4.2.se.fc1.weight': [128, 2048, 1, 1],
    },
    vgg16_bn: {
      'features.0.weight': [64, 3, 3, 3],
      'features.0.bias': [64],
      'features.1.running_var': [64],
      'features.40.weight': [512, 512, 3, 3],
      'classifier.0.weight': [4096, 25088],
      'classifier.6.bias': [1000],
    },
    'se-vgg16_bn': { 'features.2.se.fc1.weight': [4, 64, 1, 1] },
    'gct-inception_v3': {
      'Conv2d_1a_3x3.conv.0.alpha': [1, 3, 1, 1],
      'Mixed_7c.branch3x3dbl_3b.conv.1.weight': [384, 384, 3, 1],
      'Mixed_7c.branch3x3dbl_3b.bn.weight': [384],
    },
    sknet50: {
      'layer1.0.conv2.paths.0.conv.weight': [128, 4, 3, 3],
      'layer1.0.conv2.paths.1.bn.running_var': [128],
      'layer4.2.conv2.attn.fc_reduce.weight': [64, 1024, 1, 1],
      'layer4.2.conv2.attn.bn.weight': [64],
      'layer4.2.conv2.attn.fc_select.weight': [2048, 64, 1, 1],
    },
    skresnet18: {
      'layer1.0.conv1.paths.0.conv.weight': [64, 32, 3, 3],
      'layer1.0.conv1.attn.fc_reduce.weight': [16, 64, 1, 1],
      'layer4.1.conv1.attn.fc_select.weight': [1024, 64, 1, 1],
      'layer1.0.conv2.weight': [64, 64, 3, 3],
    },
    'gct-resnet50': {
      'conv1.0.alpha': [1, 3, 1, 1],
      'conv1.1.weight': [64, 3, 7, 7],
      'layer1.0.conv3.0.gamma': [1, 64, 1, 1],
      'layer1.0.downsample.0.beta': [1, 64, 1, 1],
      'layer1.0.downsample.1.weight': [256, 64, 1, 1],
      'layer1.0.downsample.2.weight': [256],
    },
  }

  it.each(Object.entries(TORCHVISION))('of %s are those its weights come under', (name, wanted) => {
    const found = namesOf(name)
    const shapes = Object.keys(wanted).map(key => [key, found.get(key)?.shape])
    expect(Object.fromEntries(shapes)).toEqual(wanted)
  })

  it.each([
    ['resnet18', 62, 40],
    ['resnet34', 110, 72],
    ['resnet50', 161, 106],
    ['resnet101', 314, 208],
    ['resnet152', 467, 310],
    ['resnext50', 161, 106],
    ['se-resnet50', 161 + 16 * 4, 106],
  ])('of %s: %d parameters and %d buffers', (name, parameters, buffers) => {
    const kinds = [...namesOf(name).values()].map(({ kind }) => kind)
    expect(kinds.filter(kind => kind === 'parameter')).toHaveLength(parameters)
    expect(kinds.filter(kind => kind === 'buffer')).toHaveLength(buffers)
  })

  it('of a network with another stem have the same widths', () => {
    const names = namesOf('resnet18', { stem: 'cifar' })
    expect(names.get('conv1.weight')?.shape).toEqual([64, 3, 3, 3])
    expect(names.get('layer4.0.conv1.weight')?.shape).toEqual([512, 256, 3, 3])
  })

  it('do not depend on where the stride is', () => {
    expect([...namesOf('resnet50', V1).keys()]).toEqual([...namesOf('resnet50').keys()])
  })

  it('of resnet20 have no weights in its shortcuts', () => {
    expect([...namesOf('resnet20').keys()].filter(name => name.includes('downsample'))).toEqual([])
  })
})

describe('every name', () => {
  it.each(modelNames)('%s builds, and says what it is', name => {
    const found = model(name)
    // The smallest map that Inception's unpadded convolutions leave something of is 75².
    const side = name.includes('inception') ? 75 : 32
    const { inputs, outputs } = inferenceGraph(found, 2, [side, side])
    const ofCifar = name.endsWith('shake29_2x4x64d') ? 100 : 10
    const classes = found.size === 32 ? ofCifar : 1000
    expect(inputs.find(({ name }) => name === 'images')?.shape).toEqual([2, 3, side, side])
    expect(outputs.logits.shape).toEqual([2, classes])
    expect(found).toMatchObject({ ...describeModel(name), classes, channels: 3 })
    expect(new Set(inputs).size).toBe(variables(found.network).length + 1)
  })

  it('is a backbone, alone or after an attention', () => {
    expect(new Set(modelNames).size).toBe(modelNames.length)
    for (const name of ['resnet20', 'resnet50', 'resnext101'])
      expect(modelNames.filter(known => known.endsWith(name))).toEqual([
        name,
        ...['se', 'sk', 'gct'].map(prefix => `${prefix}-${name}`),
      ])
    expect(modelNames.filter(known => known.includes('sknet'))).toEqual([
      'sknet26',
      'sknet50',
      'sknet101',
      'sknet29',
    ])
  })

  it('says which attention it stands for', () => {
    expect(describeModel('gct-resnet50')).toEqual({
      name: 'gct-resnet50',
      describe: 'ResNet, bottlenecks with GCT',
      size: 224,
    })
    expect(describeModel('sknet50').describe).toBe('SKNet, SK[2, 32, 16] units')
    expect(describeModel('resnet20').size).toBe(32)
  })

  it('gives way to the attention asked for', () => {
    const named = model('se-resnet50', plug('gct')).network
    expect(variables(named).some(({ name }) => name.includes('.se.'))).toBe(false)
    expect(variables(named).some(({ name }) => name.endsWith('gamma'))).toBe(true)
  })
})

describe('other names', () => {
  const LIST = 'expected the name of a network, got'
  it.each([
    ['seresnet50', 'It is se-resnet50 here'],
    ['resnext50_32x4d', 'It is resnext50 here'],
    ['seresnet20', 'Did you mean se-resnet20?'],
    ['gctresnet50', 'Did you mean gct-resnet50?'],
    ['sknett50', 'Did you mean sknet50?'],
    ['alexnet', 'All names: models.names, or excite models'],
    ['toString', 'All names: models.names, or excite models'],
    ['', 'All names: models.names, or excite models'],
  ])('%j: %s', (name, hint) => {
    const wanted = `model ${name}: ${LIST} ${name || 'none'}. ${hint}`
    for (const look of [model, describeModel])
      expect(() => look(name)).toThrow(
        expect.objectContaining({ code: 'usage', exitCode: 2, message: wanted }),
      )
  })

  it('of attention are refused as the attention would be', () => {
    expect(() => model('resnet50', plug('sa'))).toThrow(
      new UsageError({
        where: 'attention sa',
        expected: `one of ${attentionNames.join(', ')}`,
        got: 'sa',
        hint: 'Did you mean se?',
      }),
    )
  })

  it.each<readonly [string, ModelOptions, string]>([
    [
      'sk-inception_v3',
      {},
      'expected an attention at standard, pre, before-conv, got sk, which replaces a spatial convolution',
    ],
    [
      'vgg16_bn',
      plug('se:at=identity'),
      'expected an attention at standard, inside, before-conv, got se at identity',
    ],
  ])('%s %j is refused: there is no place for it', (name, options, wanted) => {
    expect(() => model(name, options)).toThrow(
      expect.objectContaining({ exitCode: 2, message: `model ${name}: ${wanted}` }),
    )
  })

  it.each<readonly [string, ModelOptions, string]>([
    ['resnet20', plug('se:stages=4+5'), 'se at standard: 2, 3, 4, got 5'],
    ['resnet50', plug('sk:stages=1'), 'sk: 2, 3, 4, 5, got 1'],
    ['resnet50', plug('gct:stages=1,at=pre'), 'gct at pre: 2, 3, 4, 5, got 1'],
    ['inception_v3', plug('simam:stages=2,at=standard'), 'simam at standard: 3, 4, 5, got 2'],
  ])('%s %j is refused: nothing would stand in a stage', (name, options, wanted) => {
    expect(() => model(name, options)).toThrow(
      expect.objectContaining({
        exitCode: 2,
        message: `model ${name}: expected stages with a place for ${wanted}`,
      }),
    )
  })

  it('of attention that channels cannot be divided for are refused', () => {
    expect(() => model('splat-mobilenet')).toThrow(
      new UsageError({
        where: 'model splat-mobilenet with splat',
        expected: 'channels that 64 groups divide, in and out',
        got: '32 and 64',
        hint: 'Other options of the attention may fit',
      }),
    )
  })

  it('are described by the attention that they have', () => {
    const describe = (name: string, attention?: string) =>
      model(name, attention === undefined ? {} : { attention }).describe
    expect(describe('se-resnet18')).toBe('ResNet, basic blocks with SE')
    expect(describe('se-resnet18', 'gct:at=pre')).toBe('ResNet, basic blocks with GCT')
    expect(describe('se-resnet18', 'none')).toBe('ResNet, basic blocks')
    expect(describe('skresnet18')).toBe("timm's ResNet of split SK units")
    expect(describe('skresnet18', 'none')).toBe(
      "timm's ResNet of split SK units, with none in place of its own attention",
    )
  })

  it.each<readonly [string, ModelOptions]>([
    ['no classes', { classes: 0 }],
    ['half a class', { classes: 2.5 }],
    ['images without channels', { channels: 0 }],
  ])('a network for %s is refused', (_, options) => {
    expect(() => model('resnet20', options)).toThrow(UsageError)
  })
})
