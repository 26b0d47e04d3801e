/** Attention blocks: their parameters, what they compute, where they stand, and how they are named. */

import { describe, expect, it } from 'vitest'
import { referenceEngine } from '../engines/reference/engine.ts'
import { formatShape, UsageError } from '../errors/index.ts'
import { graph, input, type Node, type Shape, sizeOf, type Value } from '../graph/index.ts'
import { resnet } from '../models/resnet.ts'
import { initialize, type Layer, trace, variables } from '../nn/index.ts'
import { random } from '../random/index.ts'
import { type Attention, POSITIONS, type Position } from './attention.ts'
import { gatedChannelTransformation, gct } from './gct.ts'
import { attentionNames, parseAttention } from './registry.ts'
import { se, squeezeExcite } from './se.ts'
import { type SKOptions, selectiveKernel, sk } from './sk.ts'

const named = (network: Layer): readonly string[] =>
  variables(network).map(({ name, tensor }) => `${name} ${formatShape(tensor.shape)}`)

const traced = (network: Layer, shape: Shape): Value => {
  const weights = new Map<string, Value>(
    variables(network).map(({ name, tensor }) => [name, input(name, tensor.shape)]),
  )
  return trace(network, name => weights.get(name) ?? expect.fail(name), input('x', shape))
}

/** Runs a block on the reference engine with its first values, and whatever is picked from it. */
const run = async (
  network: Layer,
  shape: Shape,
  data: (index: number) => number,
  pick: (nodes: readonly Node[]) => Readonly<Record<string, Value>> = () => ({}),
  change: Readonly<Record<string, number>> = {},
) => {
  const y = traced(network, shape)
  const all = graph({ ...pick(graph({ y }).nodes), y })
  const x = Float64Array.from({ length: sizeOf(shape) }, (_, i) => data(i))
  const values = initialize(network, 3)
  const feeds = all.inputs.map(({ name = '', shape }) => {
    const value = change[name]
    const data = name === 'x' ? x : Float64Array.from(values.get(name) ?? [])
    return [name, { shape, data: value === undefined ? data : data.fill(value) }]
  })
  const outputs = await (await referenceEngine.compile(all)).run(Object.fromEntries(feeds))
  return { x, outputs, y: outputs.y.data }
}

const noise = (i: number): number => random(5).normal(i)

describe('SE', () => {
  it.each<readonly [number, Parameters<typeof squeezeExcite>[1], number]>([
    [256, {}, 16],
    [256, { reduction: 2 }, 128],
    [100, {}, 6],
    [8, {}, 1],
  ])('of %d channels with %j squeezes to %d', (channels, options, hidden) => {
    const [down, up] = [`[${hidden}, ${channels}, 1, 1]`, `[${channels}, ${hidden}, 1, 1]`]
    expect(named(squeezeExcite(channels, options))).toEqual([
      `fc1.weight ${down}`,
      `fc1.bias [${hidden}]`,
      `fc2.weight ${up}`,
      `fc2.bias [${channels}]`,
    ])
    expect(named(squeezeExcite(channels, { ...options, bias: false }))).toEqual([
      `fc1.weight ${down}`,
      `fc2.weight ${up}`,
    ])
  })

  it.each([
    [{}, ['reduceMean', 'sigmoid'], [2, 8, 1, 1]],
    [{ squeeze: 'max' }, ['reduceMax', 'sigmoid'], [2, 8, 1, 1]],
    [{ squeeze: 'none' }, ['convolution', 'sigmoid'], [2, 8, 3, 3]],
    [{ gate: 'tanh' }, ['reduceMean', 'tanh'], [2, 8, 1, 1]],
    [{ gate: 'relu' }, ['reduceMean', 'relu'], [2, 8, 1, 1]],
  ] as const)('with %j begins and gates with %j, at shape %j', (options, [first, gate], shape) => {
    const y = traced(squeezeExcite(8, options), [2, 8, 3, 3])
    const { nodes } = graph({ y })
    expect(nodes[0].op).toBe(first)
    expect(y.node?.op).toBe('mul')
    expect(y.node?.inputs[0].name).toBe('x')
    expect(y.node?.inputs[1]).toMatchObject({ shape, node: { op: gate } })
    expect(y.shape).toEqual([2, 8, 3, 3])
  })

  it('halves what comes in while its excitation is undecided', async () => {
    const change = { 'fc2.weight': 0, 'fc2.bias': 0 }
    const { x, y } = await run(squeezeExcite(8), [2, 8, 3, 3], noise, undefined, change)
    expect([...y]).toEqual(Array.from(x, value => value / 2))
  })
})

describe('SK', () => {
  it('has the names and shapes of timm', () => {
    expect(named(selectiveKernel(64, 128, { group: 32 }))).toEqual([
      ...[0, 1].flatMap(i => [
        `paths.${i}.conv.weight [128, 2, 3, 3]`,
        `paths.${i}.bn.weight [128]`,
        `paths.${i}.bn.bias [128]`,
        `paths.${i}.bn.running_mean [128]`,
        `paths.${i}.bn.running_var [128]`,
      ]),
      'attn.fc_reduce.weight [32, 128, 1, 1]',
      'attn.bn.weight [32]',
      'attn.bn.bias [32]',
      'attn.bn.running_mean [32]',
      'attn.bn.running_var [32]',
      'attn.fc_select.weight [256, 32, 1, 1]',
    ])
  })

  it.each<readonly [number, SKOptions, number]>([
    [128, {}, 32],
    [256, {}, 32],
    [512, {}, 32],
    [1024, {}, 64],
    [1024, { reduction: 8 }, 128],
    [128, { floor: 8 }, 8],
  ])('of %d channels with %j fuses to %d features', (channels, options, features) => {
    expect(named(selectiveKernel(channels, channels, {}, options))).toContain(
      `attn.fc_reduce.weight [${features}, ${channels}, 1, 1]`,
    )
  })

  const THREE = [{ kernel: 1 }, { kernel: 3 }, { kernel: 3, dilation: 3, groups: 2 }]
  const outputOf = (path: string, op: string) => (nodes: readonly Node[]) =>
    nodes.find(node => node.path === path && node.op === op)?.outputs[0] ?? expect.fail(path)

  it.each([
    ['two branches', {}, 2],
    ['three branches', { branches: THREE }, 3],
  ])('selects with weights that sum to one over %s', async (_, options, count) => {
    const [n, c, pixels] = [2, 8, 9]
    const block = selectiveKernel(4, c, { stride: 2 }, options)
    const { y, outputs } = await run(block, [n, 4, 5, 5], noise, nodes => ({
      a: outputOf('attn', 'softmax')(nodes),
      ...Object.fromEntries(
        Array.from({ length: count }, (_, m) => [`u${m}`, outputOf(`paths.${m}`, 'relu')(nodes)]),
      ),
    }))
    expect(outputs.a.shape).toEqual([n, count, c, 1, 1])
    const weight = (i: number, m: number, k: number): number =>
      outputs.a.data[(i * count + m) * c + k]
    const branches = [...Array(count).keys()]
    for (let i = 0; i < n; i++)
      for (let k = 0; k < c; k++) {
        const total = branches.reduce((sum, m) => sum + weight(i, m, k), 0)
        expect(total).toBeCloseTo(1, 12)
        expect(branches.every(m => weight(i, m, k) > 0)).toBe(true)
        for (let p = 0; p < pixels; p++) {
          const at = (i * c + k) * pixels + p
          const selected = branches.reduce(
            (sum, m) => sum + weight(i, m, k) * outputs[`u${m}`].data[at],
            0,
          )
          expect(y[at]).toBeCloseTo(selected, 12)
        }
      }
  })

  it('without selection adds its branches and has no more parameters than they', () => {
    const block = selectiveKernel(4, 8, {}, { branches: THREE, select: false })
    expect(named(block).filter(name => !name.startsWith('paths'))).toEqual([])
    expect(named(block).filter(name => name.includes('conv'))).toEqual([
      'paths.0.conv.weight [8, 4, 1, 1]',
      'paths.1.conv.weight [8, 4, 3, 3]',
      'paths.2.conv.weight [8, 2, 3, 3]',
    ])
    const y = traced(block, [1, 4, 9, 9])
    expect(y).toMatchObject({ shape: [1, 8, 9, 9], node: { op: 'add' } })
  })
})

describe('split SK', () => {
  it('gives each branch its part of the channels', () => {
    const block = selectiveKernel(8, 12, {}, { split: true, floor: 4 })
    expect(named(block).filter(name => name.includes('conv.weight'))).toEqual([
      'paths.0.conv.weight [12, 4, 3, 3]',
      'paths.1.conv.weight [12, 4, 3, 3]',
    ])
    expect(traced(block, [1, 8, 5, 5]).shape).toEqual([1, 12, 5, 5])
  })

  it('is refused where the channels cannot be shared', () => {
    expect(() => selectiveKernel(3, 8, {}, { split: true })).toThrow(
      'sk: expected input channels that 2 branches can share, got 3. Leave out split',
    )
  })
})

describe('GCT', () => {
  const NORMS = [{ norm: 'l2' }, { norm: 'l1' }, { norm: 'l1', afterRelu: true }] as const

  it('has three parameters a channel', () => {
    expect(named(gatedChannelTransformation(8))).toEqual([
      'alpha [1, 8, 1, 1]',
      'gamma [1, 8, 1, 1]',
      'beta [1, 8, 1, 1]',
    ])
  })

  it.each(NORMS)('with %j begins as exact identity', async options => {
    const block = gatedChannelTransformation(8, options)
    const { x, y } = await run(block, [2, 8, 3, 3], noise)
    expect([...y]).toEqual([...x])
    const zeros = await run(block, [2, 8, 3, 3], () => 0)
    expect([...zeros.y]).toEqual([...zeros.x])
  })

  it.each(NORMS)('with %j gates by 1 + tanh γ where channels are alike', async options => {
    const block = gatedChannelTransformation(8, options)
    const { y } = await run(block, [2, 8, 3, 3], () => 2, undefined, { gamma: 0.5 })
    for (const value of y) expect(value).toBeCloseTo(2 * (1 + Math.tanh(0.5)), 5)
  })
})

type Block = Parameters<typeof resnet>[0]['block']

const network = (block: Block, attention: Attention, options: object = {}): Layer =>
  resnet({ block, depths: [1, 1, 1, 1], stem: 'cifar', planes: 8, attention, ...options })

describe('positions', () => {
  const place = ({ op, path }: Node): string => `${op} ${path}`.trim()
  const BN = 'batchNormalizationInference'
  type Expected = readonly [channels: number, from: string, to: string]
  const WANTED: Readonly<
    Record<
      Block,
      Readonly<Record<Exclude<Position, `before-${string}` | 'after-norm' | 'stage-end'>, Expected>>
    >
  > = {
    basic: {
      standard: [16, `${BN} layer2.0.bn2`, 'add layer2.0'],
      pre: [8, 'relu layer1.0', 'convolution layer2.0.conv1'],
      post: [16, 'relu layer2.0', 'convolution layer3.0.conv1'],
      identity: [16, `${BN} layer2.0.downsample.1`, 'add layer2.0'],
      inside: [16, `${BN} layer2.0.bn1`, 'relu layer2.0'],
      'second-conv': [16, 'convolution layer2.0.conv2', `${BN} layer2.0.bn2`],
    },
    bottleneck: {
      standard: [64, `${BN} layer2.0.bn3`, 'add layer2.0'],
      pre: [32, 'relu layer1.0', 'convolution layer2.0.conv1'],
      post: [64, 'relu layer2.0', 'convolution layer3.0.conv1'],
      identity: [64, `${BN} layer2.0.downsample.1`, 'add layer2.0'],
      inside: [16, `${BN} layer2.0.bn2`, 'relu layer2.0'],
      'second-conv': [16, 'convolution layer2.0.conv2', `${BN} layer2.0.bn2`],
    },
    preactivation: {
      standard: [64, 'convolution layer2.0.conv3', 'add layer2.0'],
      pre: [32, 'add layer1.0', `${BN} layer2.0.bn1`],
      post: [64, 'add layer2.0', `${BN} layer3.0.bn1`],
      identity: [64, 'convolution layer2.0.downsample', 'add layer2.0'],
      inside: [16, 'convolution layer2.0.conv2', `${BN} layer2.0.bn3`],
      'second-conv': [16, 'convolution layer2.0.conv2', `${BN} layer2.0.bn3`],
    },
    'preactivation-basic': {
      standard: [16, 'convolution layer2.0.conv2', 'add layer2.0'],
      pre: [8, 'add layer1.0', `${BN} layer2.0.bn1`],
      post: [16, 'add layer2.0', `${BN} layer3.0.bn1`],
      identity: [16, 'convolution layer2.0.downsample', 'add layer2.0'],
      inside: [16, 'convolution layer2.0.conv1', `${BN} layer2.0.bn2`],
      'second-conv': [16, 'convolution layer2.0.conv2', 'add layer2.0'],
    },
  }
  const rows = Object.entries(WANTED).flatMap(([block, positions]) =>
    Object.entries(positions).map(
      ([at, wanted]) => [block as Block, at as Position, ...wanted] as const,
    ),
  )

  it.each(rows)('%s, %s: %d channels, from %s to %s', (block, at, channels, from, to) => {
    // With the stage's attention alone, the neighbors are the blocks' own.
    const net = network(block, se({ at }), { stages: [3] })
    expect(named(net)).toContain(`layer2.0.se.fc2.bias [${channels}]`)
    const { nodes } = graph({ y: traced(net, [1, 3, 16, 16]) })
    const first = nodes.find(({ path }) => path === 'layer2.0.se')
    const last = nodes.findLast(({ path }) => path === 'layer2.0.se')
    const [source] = first?.inputs ?? []
    expect(source.node && place(source.node)).toBe(from)
    const users = nodes.filter(({ inputs }) => inputs.some(value => value.node === last))
    expect(users.map(place)[0]).toBe(to)
  })

  it('before every convolution, and nowhere else', () => {
    const names = named(network('bottleneck', gct(), { depths: [1] }))
    expect(names.filter(name => name.includes('alpha'))).toEqual([
      'conv1.0.alpha [1, 3, 1, 1]',
      'layer1.0.conv1.0.alpha [1, 8, 1, 1]',
      'layer1.0.conv2.0.alpha [1, 8, 1, 1]',
      'layer1.0.conv3.0.alpha [1, 8, 1, 1]',
      'layer1.0.downsample.0.alpha [1, 8, 1, 1]',
    ])
    expect(names.filter(name => /(conv\d|downsample)\.\d\.weight/.test(name))).toEqual([
      'conv1.1.weight [8, 3, 3, 3]',
      'layer1.0.conv1.1.weight [8, 8, 1, 1]',
      'layer1.0.conv2.1.weight [8, 8, 3, 3]',
      'layer1.0.conv3.1.weight [32, 8, 1, 1]',
      'layer1.0.downsample.1.weight [32, 8, 1, 1]',
      'layer1.0.downsample.2.weight [32]',
    ])
  })

  it.each([
    ['before-norm', 0, 1],
    ['after-norm', 1, 0],
  ] as const)('%s, of every batch normalization', (at, gate, norm) => {
    const names = named(network('bottleneck', gct(), { depths: [1], at }))
    expect(names.filter(name => /alpha|running_var/.test(name)).toSorted()).toEqual(
      [
        ['bn1', 8],
        ['layer1.0.bn1', 8],
        ['layer1.0.bn2', 8],
        ['layer1.0.bn3', 32],
      ]
        .flatMap(([name, channels]) => [
          `${name}.${gate}.alpha [1, ${channels}, 1, 1]`,
          `${name}.${norm}.running_var [${channels}]`,
        ])
        .concat(
          `layer1.0.downsample.${gate + 1}.alpha [1, 32, 1, 1]`,
          `layer1.0.downsample.${norm + 1}.running_var [32]`,
        )
        .toSorted(),
    )
    const { nodes } = graph({ y: traced(network('preactivation', gct(), { at }), [1, 3, 8, 8]) })
    expect(nodes.filter(({ op }) => op === 'tanh')).toHaveLength(4 * 3 + 1)
  })

  it('at the end of a stage, once', () => {
    const names = named(network('basic', se(), { depths: [2, 1], at: 'stage-end' }))
    expect(names.filter(name => name.includes('fc1.bias'))).toEqual([
      'layer1.se.fc1.bias [1]',
      'layer2.se.fc1.bias [1]',
    ])
  })

  it('are where the papers put them, unless said otherwise', () => {
    expect([se().at, gct().at]).toEqual(['standard', 'before-conv'])
    expect([se({ at: 'pre' }).at, gct({ at: 'post' }).at]).toEqual(['pre', 'post'])
    const moved = network('basic', se(), { at: 'before-conv' })
    expect(named(moved)).toContain('layer1.0.conv1.0.fc1.bias [1]')
  })

  it.each<readonly [Block, string]>([
    ['basic', 'conv1'],
    ['bottleneck', 'conv2'],
    ['preactivation', 'conv2'],
    ['preactivation-basic', 'conv1'],
  ])('of SK in a %s block is %s, in place of a spatial convolution', (block, child) => {
    const names = variables(network(block, sk())).map(({ name }) => name)
    expect(names).toContain(`layer3.0.${child}.attn.fc_reduce.weight`)
    expect(names).not.toContain(`layer3.0.${child}.weight`)
    expect(names.filter(name => name.includes('fc_reduce'))).toHaveLength(4)
  })
})

describe('stages', () => {
  /** The layers under which a network has weights of its attention. */
  const withAttention = (attention: Attention, key: RegExp, stages?: readonly number[]) => [
    ...new Set(
      variables(network('basic', attention, { stages }))
        .filter(({ name }) => key.test(name))
        .map(({ name }) => name.split('.')[0]),
    ),
  ]

  it.each<readonly [string, Attention, RegExp, readonly number[] | undefined, readonly string[]]>([
    ['SE everywhere', se(), /\.se\./, undefined, ['layer1', 'layer2', 'layer3', 'layer4']],
    ['SE in conv2_x', se(), /\.se\./, [2], ['layer1']],
    ['SE in conv3_x and conv5_x', se(), /\.se\./, [3, 5], ['layer2', 'layer4']],
    ['SK in conv4_x', sk(), /attn/, [4], ['layer3']],
    ['GCT in the stem', gct(), /alpha/, [1], ['conv1']],
    [
      'GCT everywhere',
      gct(),
      /alpha/,
      undefined,
      ['conv1', 'layer1', 'layer2', 'layer3', 'layer4'],
    ],
    ['SE in no stage', se(), /\.se\./, [], []],
  ])('%s', (_, attention, key, stages, wanted) => {
    expect(withAttention(attention, key, stages)).toEqual(wanted)
  })
})

describe('attention as text', () => {
  it.each([
    ['se', { kind: 'recalibration', name: 'se', at: 'standard' }, undefined],
    ['se:', { name: 'se', at: 'standard' }, undefined],
    ['se:at=pre,stages=4', { name: 'se', at: 'pre' }, [4]],
    ['gct:stages=2+3', { name: 'gct', at: 'before-conv' }, [2, 3]],
    ['sk:stages=5', { kind: 'replacement', name: 'sk' }, [5]],
    ['se: stages = 2 , at = post', { name: 'se', at: 'post' }, [2]],
  ] as const)('%s', (spec, attention, stages) => {
    const found = parseAttention(spec)
    expect(found.attention).toMatchObject(attention)
    expect(found.stages).toEqual(stages)
  })

  it.each([
    ['se', se()],
    ['se:reduction=8', se({ reduction: 8 })],
    ['se:bias=false,squeeze=max,gate=tanh', se({ bias: false, squeeze: 'max', gate: 'tanh' })],
    ['gct', gct()],
    [
      'gct:norm=l1,afterRelu=true,epsilon=0.01',
      gct({ norm: 'l1', afterRelu: true, epsilon: 0.01 }),
    ],
  ])('%s builds the block of its options', (spec, wanted) => {
    const { attention } = parseAttention(spec)
    const shown = (built: Attention) => {
      const block = built.kind === 'recalibration' ? built.build(64) : expect.fail(built.name)
      const { nodes } = graph({ y: traced(block, [1, 64, 2, 2]) })
      return [named(block), nodes.map(({ op, attributes }) => ({ op, attributes }))]
    }
    expect(shown(attention)).toEqual(shown(wanted))
  })

  it.each([
    ['sk', sk()],
    ['sk:branches=3+5', sk()],
    [
      'sk:branches=1+3+5+7,reduction=4,floor=8',
      sk({
        branches: [
          { kernel: 1 },
          { kernel: 3 },
          { kernel: 3, dilation: 2 },
          { kernel: 3, dilation: 3 },
        ],
        reduction: 4,
        floor: 8,
      }),
    ],
    [
      'sk:branches=3+5x5/2+7x7',
      sk({ branches: [{ kernel: 3 }, { kernel: 5, groups: 2 }, { kernel: 7 }] }),
    ],
    ['sk:select=false', sk({ select: false })],
  ])('%s builds the unit of its options', (spec, wanted) => {
    const { attention } = parseAttention(spec)
    const shown = (built: Attention) => {
      const block = built.kind === 'replacement' ? built.build(64, 64, {}) : expect.fail(built.name)
      const { nodes } = graph({ y: traced(block, [1, 64, 8, 8]) })
      return [named(block), nodes.map(({ op, attributes }) => ({ op, attributes }))]
    }
    expect(shown(attention)).toEqual(shown(wanted))
  })

  const RECALIBRATION = POSITIONS.join(', ')
  it.each([
    ['', `one of ${attentionNames.join(', ')}, got none`],
    ['see', `one of ${attentionNames.join(', ')}, got see. Did you mean se?`],
    ['attention', `one of ${attentionNames.join(', ')}, got attention`],
    [
      'se:redction=8',
      'options among stages, at, reduction, floor, bias, squeeze, gate, rectify, got redction. Did you mean reduction?',
    ],
    [
      'sk:branches=5x7',
      'branches among 1, 3, 5, 7, or a kernel such as 5x5, or 5x5/2 with twice the groups, with + between, such as 3+5+7, got 5x7',
    ],
    [
      'sk:branches=4x4',
      'branches among 1, 3, 5, 7, or a kernel such as 5x5, or 5x5/2 with twice the groups, with + between, such as 3+5+7, got 4x4',
    ],
    ['sk:at=pre', 'options among stages, branches, reduction, floor, select, split, got at'],
    [
      'gct:epsilom=1',
      'options among stages, at, norm, embedding, normalization, gate, afterRelu, epsilon, got epsilom. Did you mean epsilon?',
    ],
    ['se:reduction', 'options as name=value, got reduction'],
    ['se:at=after', `at among ${RECALIBRATION}, got after`],
    ['se:bias=yes', 'bias among true, false, got yes'],
    ['se:squeeze=min', 'squeeze among mean, max, none, got min'],
    ['se:gate=elu', 'gate among sigmoid, tanh, relu, got elu'],
    ['gct:norm=l3', 'norm among l2, l1, got l3'],
    [
      'sk:branches=3+4',
      'branches among 1, 3, 5, 7, or a kernel such as 5x5, or 5x5/2 with twice the groups, with + between, such as 3+5+7, got 3+4',
    ],
    ['se:reduction=0', 'reduction as a number above 0, got 0'],
    ['se:reduction=', 'reduction as a number above 0, got '],
    ['se:bias=true,reduction=many', 'reduction as a number above 0, got many'],
    ['sk:floor=1.5', 'floor as a whole number from 1, got 1.5'],
    ['se:stages=6', 'stages as a whole number from 1 to 5, with + between, such as 3+4, got 6'],
    ['eca:kernel=4', 'kernel as an odd number, got 4'],
    ['eca:kernel=-3', 'kernel as an odd number, got -3'],
    ['ge:extent=3', 'extent among 2, 4, 8, global, got 3'],
    [
      'ge:maps=256x0',
      'maps as pairs of whole numbers, with + between, such as 256x56+512x28, got 256x0',
    ],
    ['fca:frequencies=33', 'frequencies as a whole number from 1 to 32, got 33'],
    ['splat:lambda=1', 'options among stages, radix, reduction, floor, avd, got lambda'],
    ['simam:lambda=1e', 'lambda as a number above 0, got 1e'],
  ])('refuses %j', (spec, message) => {
    const error = (() => {
      try {
        return parseAttention(spec)
      } catch (error) {
        return error
      }
    })()
    expect(error).toBeInstanceOf(UsageError)
    expect((error as UsageError).message).toBe(`attention ${spec}: expected ${message}`)
    expect((error as UsageError).exitCode).toBe(2)
  })

  it('knows every name that it offers', () => {
    expect(attentionNames.map(name => parseAttention(name).attention.name)).toEqual(attentionNames)
  })

  it.each([
    ['a word that every object has', 'toString'],
    ['two values for one option', 'se:reduction=8=4'],
    ['an option twice', 'se:reduction=8,reduction=4'],
  ])('refuses %s: %s', (_, spec) => {
    expect(() => parseAttention(spec)).toThrow(UsageError)
  })
})
