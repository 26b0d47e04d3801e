/**
 * The relatives of SE, SK and GCT in networks: exact learnable parameters, weight names as in their
 * authors' code, and every one at every position of every kind of block.
 */

import { describe, expect, it } from 'vitest'
import { POSITIONS } from '../attention/attention.ts'
import { ATTENTIONS, type AttentionName, attentionNames } from '../attention/catalog.ts'
import { parseAttention } from '../attention/registry.ts'
import { gradients } from '../autodiff/index.ts'
import { formatShape, GraphError, UsageError } from '../errors/index.ts'
import { graph, input, type Value } from '../graph/index.ts'
import { type Layer, trace, variables } from '../nn/index.ts'
import { reduceSum } from '../ops/index.ts'
import { inferenceGraph } from './inferenceGraph.ts'
import { model } from './registry.ts'
import { type ResNetOptions, resnet } from './resnet.ts'
import { summarize } from './summary.ts'

const RESNET50 = 25_557_032
/** Σ of channels and of channels / 16 over the 16 blocks of ResNet-50. */
const CHANNELS = 15_104
const HIDDEN = 944
/** Weights of SE's two layers there; 25.56 M and this make the 28.07 M of FcaNet-50. */
const SQUEEZED = 2_514_944
/** Of a global θ: a weight a pixel of each channel. */
const PIXELS = 3 * 256 * 56 ** 2 + 4 * 512 * 28 ** 2 + 6 * 1024 * 14 ** 2 + 3 * 2048 * 7 ** 2

describe('learnable parameters in ResNet-50', () => {
  const ROWS: readonly (readonly [attention: string, parameters: number, printed?: string])[] = [
    ['eca', RESNET50 + 86],
    // What ECA-Net's text counts: 80.
    ['eca:kernel=5', RESNET50 + 80],
    ['cbam', RESNET50 + SQUEEZED + CHANNELS + HIDDEN + 16 * (2 * 49 + 2), '28.09'],
    ['cbam:spatial=false', RESNET50 + SQUEEZED + CHANNELS + HIDDEN],
    ['bam', RESNET50 + 17_361 + 68_513 + 272_193, '25.92'],
    ['srm', RESNET50 + 4 * CHANNELS, '25.62'],
    ['gc', RESNET50 + SQUEEZED + 2 * CHANNELS + 3 * HIDDEN + 16],
    ['fca', RESNET50 + SQUEEZED, '28.07'],
    ['simam', RESNET50, '25.56'],
    ['ca', RESNET50 + 3 * (628_736 + 472) + 2 * CHANNELS],
    ['ge', RESNET50, '25.56'],
    ['ge:extent=8', RESNET50, '25.56'],
    ['ge:variant=theta', RESNET50 + PIXELS + 2 * CHANNELS],
    ['ge:variant=theta,extent=8', RESNET50 + 3 * (9 + 2) * CHANNELS],
    ['ge:variant=theta-plus', RESNET50 + PIXELS + SQUEEZED + 3 * CHANNELS + HIDDEN],
    ['gct:embedding=linf,normalization=meanvar,gate=elu', RESNET50 + 67_593, '25.62'],
  ]
  it.each(ROWS.map(([attention, wanted, printed = '']) => ({ attention, wanted, printed })))(
    '$attention: $wanted',
    ({ attention, wanted, printed }) => {
      const { parameters } = summarize(model('resnet50', { attention }))
      expect(parameters).toBe(wanted)
      if (printed !== '') expect((parameters / 1e6).toFixed(2)).toBe(printed)
    },
  )

  it.each([
    ['resnest50', 27_483_240, 5.4],
    ['resnest101', 48_275_016, 10.2],
  ])('and %s: %d, %d G', (name, wanted, cost) => {
    const { parameters, multiplyAdds } = summarize(model(name))
    expect(parameters).toBe(wanted)
    expect(Math.abs(multiplyAdds / 1e9 - cost)).toBeLessThan(0.1)
  })
})

describe('weight names', () => {
  it.each<readonly [attention: string, names: readonly string[]]>([
    ['eca', ['conv.weight [1, 1, 5]']],
    [
      'cbam',
      [
        'ChannelGate.mlp.1.weight [16, 256]',
        'ChannelGate.mlp.1.bias [16]',
        'ChannelGate.mlp.3.weight [256, 16]',
        'ChannelGate.mlp.3.bias [256]',
        'SpatialGate.spatial.conv.weight [1, 2, 7, 7]',
        'SpatialGate.spatial.bn.weight [1]',
        'SpatialGate.spatial.bn.bias [1]',
        'SpatialGate.spatial.bn.running_mean [1]',
        'SpatialGate.spatial.bn.running_var [1]',
      ],
    ],
    ['fca', ['fc.0.weight [16, 256]', 'fc.2.weight [256, 16]']],
    [
      'gc',
      [
        'conv_mask.weight [1, 256, 1, 1]',
        'conv_mask.bias [1]',
        'channel_add_conv.0.weight [16, 256, 1, 1]',
        'channel_add_conv.0.bias [16]',
        'channel_add_conv.1.weight [16, 1, 1]',
        'channel_add_conv.1.bias [16, 1, 1]',
        'channel_add_conv.3.weight [256, 16, 1, 1]',
        'channel_add_conv.3.bias [256]',
      ],
    ],
    [
      'ge:variant=theta-plus',
      [
        'gather.conv1.weight [256, 1, 56, 56]',
        'gather.norm1.weight [256]',
        'gather.norm1.bias [256]',
        'gather.norm1.running_mean [256]',
        'gather.norm1.running_var [256]',
        'mlp.fc1.weight [16, 256, 1, 1]',
        'mlp.fc1.bias [16]',
        'mlp.fc2.weight [256, 16, 1, 1]',
        'mlp.fc2.bias [256]',
      ],
    ],
    ['simam', []],
  ])('of %s', (spec, wanted) => {
    const { attention } = parseAttention(spec)
    const block = attention.kind === 'recalibration' ? attention.build(256) : expect.fail(spec)
    const found = variables(block).map(({ name, tensor }) => `${name} ${formatShape(tensor.shape)}`)
    expect(found).toEqual(wanted)
  })

  it('of BAM stand once a stage, and not behind the last', () => {
    const names = variables(model('resnet50', { attention: 'bam' }).network).map(({ name }) => name)
    const places = names.flatMap(
      name => /^(.*)\.bam\.channel_att.gate_c.gate_c_fc_0.bias$/.exec(name)?.[1] ?? [],
    )
    expect(places).toEqual(['layer1', 'layer2', 'layer3'])
  })

  it('of ResNeSt are those of its authors', () => {
    const found = new Map(variables(model('resnest50').network).map(v => [v.name, v.tensor.shape]))
    const wanted = {
      'conv1.0.weight': [32, 3, 3, 3],
      'conv1.6.weight': [64, 32, 3, 3],
      'layer1.0.conv2.conv.weight': [128, 32, 3, 3],
      'layer1.0.conv2.fc2.bias': [128],
      'layer1.0.downsample.1.weight': [256, 64, 1, 1],
      'layer4.2.conv2.bn1.running_var': [256],
      'layer4.0.downsample.2.bias': [2048],
    }
    expect(Object.fromEntries(Object.keys(wanted).map(name => [name, found.get(name)]))).toEqual(
      wanted,
    )
  })
})

/** The forward graph and all gradients, whose shapes are checked as they are built. */
const differentiate = (network: Layer, side: number): readonly Value[] => {
  const values = new Map<string, Value>(
    variables(network).map(({ name, tensor }) => [name, input(name, tensor.shape)]),
  )
  const y = trace(network, name => values.get(name) as Value, input('x', [2, 3, side, side]))
  const parameters = variables(network).filter(({ tensor }) => tensor.kind === 'parameter')
  const wanted = parameters.map(({ name }) => values.get(name) as Value)
  return gradients(reduceSum(y, [0, 1]), wanted)
}

const LEARNT: Partial<Record<AttentionName, readonly string[]>> = {
  ge: ['ge', 'ge:extent=2', 'ge:variant=theta,extent=4', 'ge:variant=theta-plus,extent=8'],
}
const specs = attentionNames.flatMap(name => LEARNT[name] ?? [name])

describe.each(['basic', 'bottleneck', 'preactivation'] as const)('in a %s block', block => {
  const build = (spec: string, options: Partial<ResNetOptions> = {}): Layer =>
    resnet({
      block,
      depths: [1, 1],
      stem: 'cifar',
      planes: 8,
      classes: 4,
      ...parseAttention(spec),
      ...options,
    })

  it.each(specs)('%s stands anywhere, with all its gradients', spec => {
    const { kind } = ATTENTIONS[spec.split(':')[0] as AttentionName]
    const places = kind === 'replacement' ? [undefined] : POSITIONS
    for (const at of places) {
      const found = differentiate(build(spec, { at }), 12)
      expect(found.length).toBeGreaterThan(8)
    }
  })
})

describe('a global θ', () => {
  it('says which map it does not know', () => {
    expect(() => model('resnet20', { attention: 'ge:variant=theta' })).toThrow(UsageError)
    expect(() => model('resnet20', { attention: 'ge:variant=theta' })).toThrow(
      'attention ge: expected maps with the side of the map of 16 channels, got 256x56+512x28+1024x14+2048x7. For example: maps=16x8, or an extent of 2, 4 or 8, which fits any map',
    )
  })

  it('takes the maps that it is told', () => {
    const attention = 'ge:variant=theta,maps=16x32+32x16+64x8'
    const found = model('resnet20', { attention })
    expect(inferenceGraph(found, 1, [32, 32]).outputs.logits.shape).toEqual([1, 10])
    expect(() => inferenceGraph(found, 1, [28, 28])).toThrow(GraphError)
  })
})

it('names in front of a backbone plug any of them in', () => {
  const prefixed = summarize(model('eca-resnet20')).parameters
  expect(prefixed).toBe(summarize(model('resnet20', { attention: 'eca' })).parameters)
  expect(() => model('eca-resnest50')).toThrow(UsageError)
})

it('graphs of a network without parameters of attention stay as they are', () => {
  const plain = variables(model('resnet20').network).map(({ name }) => name)
  expect(variables(model('simam-resnet20').network).map(({ name }) => name)).toEqual(plain)
  const nodes = (name: string) =>
    graph(inferenceGraph(model(name), 1, [32, 32]).outputs).nodes.length
  expect(nodes('simam-resnet20')).toBeGreaterThan(nodes('resnet20'))
})
