/** Layers: their weight names and order, what tracing does, buffers' updates, modes. */

import { describe, expect, it } from 'vitest'
import { referenceEngine } from '../engines/reference/engine.ts'
import { formatShape, GraphError } from '../errors/index.ts'
import { graph, input, type Shape, type Value } from '../graph/index.ts'
import { add, relu } from '../ops/index.ts'
import {
  type AnyLayer,
  batchNorm2d,
  buffer,
  conv1d,
  conv2d,
  dropout,
  flatten,
  inference,
  init,
  type Layer,
  lambda,
  layer,
  layerNorm,
  linear,
  type Mode,
  parameter,
  sequential,
  trace,
  variables,
} from './index.ts'

const named = (network: AnyLayer): readonly string[] =>
  variables(network).map(({ name, tensor }) => `${name} ${formatShape(tensor.shape)}`)

const weightsOf = (network: AnyLayer): ReadonlyMap<string, Value> =>
  new Map(variables(network).map(({ name, tensor }) => [name, input(name, tensor.shape)]))

/** Traces with an input for every variable. */
const traced = <In, Out>(network: Layer<In, Out>, x: In, mode: Mode = inference): Out => {
  const weights = weightsOf(network)
  return trace(network, name => weights.get(name) ?? expect.fail(`no ${name}`), x, mode)
}

/** A training mode that notes what it is asked for. */
const recording = (): {
  mode: Mode
  updates: Map<string, Value>
  masks: { shape: Shape; rate: number }[]
} => {
  const updates = new Map<string, Value>()
  const masks: { shape: Shape; rate: number }[] = []
  const mode: Mode = {
    training: true,
    batchStatistics: true,
    update: ({ name = '' }, next) => updates.set(name, next),
    mask: (shape, rate) => {
      masks.push({ shape, rate })
      return input(`mask${masks.length}`, shape)
    },
    uniform: shape => input('uniform', shape),
  }
  return { mode, updates, masks }
}

const x = input('x', [2, 3, 4, 4])

describe('names and shapes', () => {
  it.each<readonly [string, Layer, readonly string[]]>([
    ['Conv2d(3, 8, 5, bias=False)', conv2d(3, 8, 5), ['weight [8, 3, 5, 5]']],
    [
      'Conv2d(4, 8, 3, groups=2)',
      conv2d(4, 8, 3, { group: 2, bias: true }),
      ['weight [8, 2, 3, 3]', 'bias [8]'],
    ],
    ['Conv1d(1, 1, 3)', conv1d(1, 1, 3, { bias: true }), ['weight [1, 1, 3]', 'bias [1]']],
    ['Linear(8, 10)', linear(8, 10), ['weight [10, 8]', 'bias [10]']],
    ['Linear(8, 10, bias=False)', linear(8, 10, { bias: false }), ['weight [10, 8]']],
    [
      'BatchNorm2d(8)',
      batchNorm2d(8),
      ['weight [8]', 'bias [8]', 'running_mean [8]', 'running_var [8]'],
    ],
    ['LayerNorm(8)', layerNorm(8), ['weight [8]', 'bias [8]']],
    [
      'Sequential(Conv2d(3, 8, 1), ReLU(), Linear(8, 2))',
      sequential(conv2d(3, 8, 1), lambda(relu), linear(8, 2)),
      ['0.weight [8, 3, 1, 1]', '2.weight [2, 8]', '2.bias [2]'],
    ],
    ['Dropout(0.5)', dropout(0.5), []],
  ])('are those of PyTorch: %s', (_, network, wanted) => {
    expect(named(network)).toEqual(wanted)
  })

  it('follow the way to the variable, in the order of declaration; what is undefined is left out', () => {
    const network = layer(
      {
        stem: sequential(linear(4, 2, { bias: false })),
        scale: parameter([1], init.constant(1)),
        paths: [linear(2, 2, { bias: false }), layer({ inner: linear(2, 1) }, (_, x) => x)],
        downsample: undefined,
        count: buffer([], init.constant(0)),
        fc: linear(2, 1, { bias: false }),
      },
      (_, x) => x,
    )
    expect(named(network)).toEqual([
      'stem.0.weight [2, 4]',
      'scale [1]',
      'paths.0.weight [2, 2]',
      'paths.1.inner.weight [1, 2]',
      'paths.1.inner.bias [1]',
      'count []',
      'fc.weight [1, 2]',
    ])
    expect(variables(network).map(({ tensor }) => tensor.kind)).toEqual([
      ...new Array(5).fill('parameter'),
      'buffer',
      'parameter',
    ])
  })

  it('count a sequence past nine in its order', () => {
    const eleven = sequential(...Array.from({ length: 11 }, () => linear(1, 1, { bias: false })))
    expect(named(eleven).map(name => name.split('.')[0])).toEqual([...Array(11).keys()].map(String))
  })
})

describe('trace', () => {
  const network = layer(
    {
      conv1: conv2d(3, 8, 1),
      branches: [conv2d(8, 8, 1), conv2d(8, 8, 1, { bias: true })],
      extra: undefined,
      gain: parameter([8, 1, 1], init.constant(1)),
    },
    ({ conv1, branches, extra, gain }, x) => {
      expect(extra).toBeUndefined()
      const y = conv1(x)
      return branches.map(branch => branch(y)).reduce((sum, branch) => add(sum, branch), gain)
    },
  )

  it('gives nodes the path of their layer', () => {
    expect(graph({ y: traced(network, x) }).nodes.map(({ op, path }) => [op, path])).toEqual([
      ['convolution', 'conv1'],
      ['convolution', 'branches.0'],
      ['add', ''],
      ['convolution', 'branches.1'],
      ['add', ''],
    ])
  })

  it('looks up every variable by its name, and gives the layer just that value', () => {
    const { inputs } = graph({ y: traced(network, x) })
    expect(inputs.map(({ name }) => name).sort()).toEqual(
      ['x', ...variables(network).map(({ name }) => name)].sort(),
    )
  })

  it('shares the weights of a layer that is used twice', () => {
    const twice = layer({ fc: linear(3, 3) }, ({ fc }, x) => fc(relu(fc(x))))
    const { inputs, nodes } = graph({ y: traced(twice, input('x', [2, 3])) })
    expect(inputs.map(({ name }) => name)).toEqual(['x', 'fc.weight', 'fc.bias'])
    expect(nodes.filter(({ op }) => op === 'matmul')).toHaveLength(2)
  })

  it('hands the mode down to every layer', () => {
    const { mode, masks } = recording()
    traced(sequential(sequential(dropout(0.2)), dropout(0.5)), x, mode)
    expect(masks).toEqual([
      { shape: x.shape, rate: 0.2 },
      { shape: x.shape, rate: 0.5 },
    ])
  })

  it('flattens all but the batch', () => {
    expect(traced(lambda(flatten), x).shape).toEqual([2, 48])
  })
})

describe('modes', () => {
  it('leave the input of dropout as it is outside training, and at rate 0', () => {
    const { mode, masks } = recording()
    expect(traced(dropout(0.5), x)).toBe(x)
    expect(traced(dropout(0), x, mode)).toBe(x)
    expect(masks).toEqual([])
    expect(traced(dropout(0.5), x, mode).node?.op).toBe('mul')
  })

  it('refuse a mask in inference', () => {
    expect(() => inference.mask([2, 3], 0.5)).toThrow(
      new GraphError({
        where: 'mask',
        expected: 'a network traced for training',
        got: 'inference, for a mask of shape [2, 3]',
        hint: 'Ask for a mask only where mode.training holds',
      }),
    )
  })

  it('refuse random numbers in inference', () => {
    expect(() => inference.uniform([2])).toThrow(
      new GraphError({
        where: 'uniform',
        expected: 'a network traced for training',
        got: 'inference, for a uniform of shape [2]',
        hint: 'Ask for a uniform only where mode.training holds',
      }),
    )
  })

  it('choose the statistics of batch normalization, training or not', () => {
    const opsIn = (mode: Mode): readonly string[] =>
      graph({ y: traced(batchNorm2d(3), x, mode) }).nodes.map(({ op }) => op)
    const { mode } = recording()
    expect(opsIn(mode)).toEqual(['batchNormalization'])
    expect(opsIn({ ...mode, training: false })).toEqual(['batchNormalization'])
    expect(opsIn({ ...mode, batchStatistics: false })).toEqual(['batchNormalizationInference'])
    expect(opsIn(inference)).toEqual(['batchNormalizationInference'])
  })
})

describe('updates of running statistics', () => {
  const DATA = [1, 2, 3, 6, 10, 20, 30, 40]
  const OLD = { running_mean: [8, 5], running_var: [2, 4] }

  /** What [4, 2, 1, 1], channels alternating, makes of the running statistics. */
  const update = async (
    network: Layer,
    shape: Shape,
    data: readonly number[],
  ): Promise<Record<string, number[]>> => {
    const { mode, updates } = recording()
    traced(network, input('x', shape), mode)
    const compiled = await referenceEngine.compile(graph(Object.fromEntries(updates)))
    const feeds = { x: data, weight: [1, 1], bias: [0, 0], ...OLD }
    const outputs = await compiled.run(
      Object.fromEntries(
        Object.entries(feeds).map(([name, values]) => [
          name,
          { shape: name === 'x' ? shape : [2], data: Float64Array.from(values) },
        ]),
      ),
    )
    return Object.fromEntries(
      Object.entries(outputs).map(([name, tensor]) => [
        name,
        Array.from(tensor.data, value => Math.round(value * 1e9) / 1e9),
      ]),
    )
  }

  // Channel 0: 1, 3, 10, 30, mean 11, Σ(x − mean)² = 526; channel 1: 2, 6, 20, 40, mean 17, 884.
  it.each([
    [0.1, { running_mean: [8.3, 6.2], running_var: [1.8 + 52.6 / 3, 3.6 + 88.4 / 3] }],
    [1, { running_mean: [11, 17], running_var: [526 / 3, 884 / 3] }],
    [0, OLD],
  ])('move by the momentum %d towards mean and unbiased variance', async (momentum, wanted) => {
    const found = await update(batchNorm2d(2, { momentum }), [4, 2, 1, 1], DATA)
    expect(Object.keys(found)).toEqual(['running_mean', 'running_var'])
    for (const [name, values] of Object.entries(wanted))
      for (const [i, value] of values.entries()) expect(found[name][i]).toBeCloseTo(value, 8)
  })

  it('stay finite for a single element a channel', async () => {
    expect(await update(batchNorm2d(2), [1, 2, 1, 1], [18, 15])).toEqual({
      running_mean: [9, 6],
      running_var: [1.8, 3.6],
    })
  })

  it('are asked for once a normalization, under its name, and not in inference', () => {
    const network = layer({ bn1: batchNorm2d(3), bn2: batchNorm2d(3) }, ({ bn1, bn2 }, x) =>
      bn2(bn1(x)),
    )
    const { mode, updates } = recording()
    traced(network, x, mode)
    expect([...updates.keys()]).toEqual([
      'bn1.running_mean',
      'bn1.running_var',
      'bn2.running_mean',
      'bn2.running_var',
    ])
    updates.clear()
    traced(network, x, { ...mode, batchStatistics: false })
    expect(updates.size).toBe(0)
  })
})

it('refuses groups that do not divide the channels', () => {
  for (const [channels, outputs] of [
    [6, 8],
    [8, 6],
  ])
    expect(() => conv2d(channels, outputs, 3, { group: 4 })).toThrow(
      `convolution: expected channels that 4 groups divide, in and out, got ${channels} and ${outputs}`,
    )
})

describe('layers of several values', () => {
  const pyramid = layer(
    { fine: conv2d(3, 4, 1), coarse: conv2d(3, 8, 1, { stride: 2 }) },
    ({ fine, coarse }, x) => ({ p2: fine(x), p3: coarse(x) }),
  )
  const heads = layer({ conv: conv2d(4, 2, 1) }, ({ conv }, { p2, p3 }: typeof levels) => ({
    boxes: conv(p2),
    scores: relu(p3),
  }))
  const levels = traced(pyramid, x)
  const network = layer({ backbone: pyramid, heads }, ({ backbone, heads }, x) =>
    heads(backbone(x)),
  )

  it('give and take records of values by name', () => {
    expect(levels.p2.shape).toEqual([2, 4, 4, 4])
    expect(levels.p3.shape).toEqual([2, 8, 2, 2])
    const { boxes, scores } = traced(network, x)
    expect([boxes.shape, scores.shape]).toEqual([
      [2, 2, 4, 4],
      [2, 8, 2, 2],
    ])
    expect(named(network)).toEqual([
      'backbone.fine.weight [4, 3, 1, 1]',
      'backbone.coarse.weight [8, 3, 1, 1]',
      'heads.conv.weight [2, 4, 1, 1]',
    ])
  })

  it('name the path of what does not fit', () => {
    const wrong = layer({ backbone: pyramid, heads }, ({ backbone, heads }, x) => {
      const { p3 } = backbone(x)
      return heads({ p2: p3, p3 })
    })
    expect(() => traced(wrong, x)).toThrow(/^heads\.conv/)
  })
})
