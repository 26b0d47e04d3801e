/** Variations of networks: each does what it says, and what a network does not know is refused. */

import { describe, expect, it } from 'vitest'
import { variables } from '../nn/index.ts'
import { inferenceGraph } from './inferenceGraph.ts'
import { model, modelNames, networkOf } from './registry.ts'
import { summarize } from './summary.ts'
import { type Variations, variationNames, variationsIn, variationTexts } from './variations.ts'

/** The output of a layer, by the network's graph for one image. */
const outputOf = (name: string, variations: Variations, path: string, size: number) =>
  summarize(model(name, variations), [size, size]).rows.find(row => row.path === path)?.output

describe('what a variation changes', () => {
  /** Of 74², a 7×7 of stride 2 gives 37², padding gives (37 + 2 − 3) / 2 + 1 = 19, and ceil mode 18. */
  it.each([
    ['resnet18', 'layer1.0.conv1'],
    ['se-resnet50', 'layer1.0.conv1'],
    ['resnest50', 'layer1.0.conv1'],
    ['shufflenet_g3', 'stage2.0.conv1'],
    ['shufflenet_v2_x0_5', 'stage2.0.branch2.0'],
  ])('pooling of %s: the border, at %s', (name, path) => {
    for (const [pooling, side] of [
      ['padded', 19],
      ['ceil', 18],
    ] as const)
      expect(outputOf(name, { pooling }, path, 74)?.slice(2)).toEqual([side, side])
  })

  it('pooling of bn_inception: the border wherever the map is halfBottleneck', () => {
    const hanging = (variations: Variations): number => {
      const { nodes } = inferenceGraph(model('bn_inception', variations), 1, [224, 224])
      const pools = nodes.filter(({ op }) => op === 'maxPool')
      return pools.filter(({ attributes }) => 'ceilMode' in attributes && attributes.ceilMode)
        .length
    }
    expect([hanging({}), hanging({ pooling: 'ceil' })]).toEqual([0, 4])
  })

  const shapeOf = (name: string, variations: Variations, weight: string) =>
    variables(model(name, variations).network).find(({ name }) => name === weight)?.tensor.shape

  it('stem, halfBottleneck and shortcutKernel: the weights', () => {
    expect(shapeOf('resnet50', { stem: 'deep' }, 'conv1.6.weight')).toEqual([64, 32, 3, 3])
    expect(shapeOf('resnet50', { stem: 'cifar' }, 'conv1.weight')).toEqual([64, 3, 3, 3])
    expect(shapeOf('resnet50', { halfBottleneck: true }, 'layer1.0.conv1.weight')).toEqual([
      32, 64, 1, 1,
    ])
    expect(shapeOf('senet154', { halfBottleneck: false }, 'layer1.0.conv1.weight')?.[0]).toBe(256)
    const projection = 'layer2.0.downsample.0.weight'
    expect(shapeOf('resnet18', { shortcutKernel: 3 }, projection)).toEqual([128, 64, 3, 3])
    expect(shapeOf('senet154', { shortcutKernel: 1 }, projection)).toEqual([512, 256, 1, 1])
  })

  it('dropout: a mask in training, for every network', () => {
    for (const name of modelNames) expect(() => model(name, { dropout: 0.3 })).not.toThrow()
  })
})

describe('a network as it is written down', () => {
  it('is built with its variations, which it carries', () => {
    const variations = { pooling: 'ceil', strideIn: '1x1' } as const
    const record = { model: 'resnet50', attention: 'se', variations }
    const built = networkOf(record, { classes: 7, channels: 1 })
    expect(built).toMatchObject({ name: 'resnet50', classes: 7, channels: 1, variations })
    expect(variables(built.network).some(({ name }) => name.includes('.se.'))).toBe(true)
  })

  it('leaves out what is not given', () => {
    expect(variationsIn({ stem: undefined, halfBottleneck: false, size: 3 })).toEqual({
      halfBottleneck: false,
    })
    expect(variationTexts({ stem: 'deep', halfBottleneck: true })).toEqual([
      'stem deep',
      'halfBottleneck true',
    ])
  })
})

describe('refused', () => {
  it.each<readonly [string, object, string]>([
    [
      'resnet20',
      { strideIn: '1x1' },
      'expected variations among norm, dropout, shortcut, got strideIn',
    ],
    [
      'resnet20',
      { stem: 'deep', pooling: 'ceil' },
      'among norm, dropout, shortcut, got stem, pooling',
    ],
    ['shufflenet_g3', { stem: 'deep' }, 'expected variations among pooling, dropout, got stem'],
    ['resnet50', { stems: 'deep' }, 'got stems. Did you mean stem?'],
    ['resnet50', { stem: 'wide' }, 'expected stem among imagenet, deep, cifar, got wide'],
    ['resnet50', { shortcutKernel: '3' }, 'expected shortcutKernel among 1, 3, got 3'],
    ['resnet50', { dropout: 1 }, 'expected dropout as a number from 0, below 1, got 1'],
    ['resnet50', { stem: 'cifar', pooling: 'ceil' }, 'no pooling with the stem cifar'],
    ['resnet50', { halfBottleneck: 'yes' }, 'expected halfBottleneck among true, false, got yes'],
  ])('%s %j', (name, options, message) => {
    expect(() => model(name, options)).toThrow(
      expect.objectContaining({
        code: 'usage',
        exitCode: 2,
        message: expect.stringContaining(message),
      }),
    )
  })

  it('nothing, when every variation is undefined', () => {
    const none = Object.fromEntries(variationNames.map(name => [name, undefined]))
    expect(() => model('vgg16_bn', none)).not.toThrow()
  })
})
