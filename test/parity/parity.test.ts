/**
 * Parity with PyTorch: the same blocks, networks, losses and optimizers, recorded by record.py in
 * float64 from the papers' authors' code, written there a second time.
 *
 * A tensor's distance is relative to its largest element. In float32 a block may be 1e-5 away and a
 * whole network 1e-4; the float64 reference engine 1e-10, which is where an ε in the wrong place or
 * a biased variance would show.
 */

import { describe, it } from 'vitest'
import { gatedChannelTransformation, gct } from '../../src/attention/gct.ts'
import { se, squeezeExcite } from '../../src/attention/se.ts'
import { selectiveKernel, sk } from '../../src/attention/sk.ts'
import { gradients } from '../../src/autodiff/index.ts'
import type { Engine, Tensor, Tensors } from '../../src/engines/engine.ts'
import { referenceEngine } from '../../src/engines/reference/engine.ts'
import { graph, input, type Shape } from '../../src/graph/index.ts'
import { model } from '../../src/models/registry.ts'
import { resnet } from '../../src/models/resnet.ts'
import type { Layer } from '../../src/nn/index.ts'
import { mul, reduceSum } from '../../src/ops/index.ts'
import { pack, unpack } from '../../src/train/layout.ts'
import { crossEntropy } from '../../src/train/loss.ts'
import { adamw, type Optimizer, sgd } from '../../src/train/optimizers.ts'
import { trainingStep } from '../../src/train/step.ts'
import {
  CLASSES,
  classification,
  dataOf,
  expectNear,
  FLOAT32_BLOCK,
  FLOAT32_ENGINES,
  FLOAT32_NETWORK,
  FLOAT64,
  feedsOf,
  fixtures,
  labelFeed,
  type Numbers,
  pass,
  runOnce,
} from './compare.ts'
import { type Named, value } from './formula.ts'

interface Block {
  readonly block: Layer
  readonly shape: Shape
  readonly scale?: number
}

const SMALL = [2, 16, 5, 4]
const FAINT = 2 ** -10
const WIDER = [1, 2, 3].map(dilation => ({ kernel: 3, dilation }))

const BLOCKS: Readonly<Record<string, Block>> = {
  se: { block: squeezeExcite(16, { reduction: 4 }), shape: SMALL },
  'se without bias': { block: squeezeExcite(16, { reduction: 4, bias: false }), shape: SMALL },
  'se max squeeze': { block: squeezeExcite(16, { reduction: 4, squeeze: 'max' }), shape: SMALL },
  'se tanh gate': { block: squeezeExcite(16, { reduction: 4, gate: 'tanh' }), shape: SMALL },
  'se relu gate': { block: squeezeExcite(16, { reduction: 4, gate: 'relu' }), shape: SMALL },
  sk: { block: selectiveKernel(8, 8, {}, { floor: 8 }), shape: [4, 8, 6, 5] },
  'sk of 3 branches': {
    block: selectiveKernel(8, 16, {}, { branches: WIDER, reduction: 2, floor: 4 }),
    shape: [8, 8, 6, 5],
  },
  'sk grouped, stride 2': {
    block: selectiveKernel(8, 16, { stride: 2, group: 4 }, { floor: 8 }),
    shape: [4, 8, 7, 6],
  },
  'gct l2': { block: gatedChannelTransformation(16), shape: SMALL },
  'gct l2, faint input': { block: gatedChannelTransformation(16), shape: SMALL, scale: FAINT },
  'gct l1': { block: gatedChannelTransformation(16, { norm: 'l1' }), shape: SMALL },
  'gct l1, faint input': {
    block: gatedChannelTransformation(16, { norm: 'l1' }),
    shape: SMALL,
    scale: FAINT,
  },
  'gct l1 after relu': {
    block: gatedChannelTransformation(16, { norm: 'l1', afterRelu: true }),
    shape: SMALL,
  },
}

describe('blocks: output, all gradients and running statistics', () => {
  const fixture = fixtures('blocks')
  const engines: readonly [Engine, number][] = [
    ...FLOAT32_ENGINES.map((engine): [Engine, number] => [engine, FLOAT32_BLOCK]),
    [referenceEngine, FLOAT64],
  ]
  for (const [engine, tolerance] of engines)
    it.each(Object.entries(BLOCKS))(`%s, ${engine.name} engine`, async (name, built) => {
      const { block, shape, scale } = built
      const { seed, recorded } = fixture(name)
      const made = pass(block, shape, y => reduceSum(mul(y, input('cotangent', y.shape))))
      const outputs = await runOnce(engine, made, feedsOf(made, seed, scale))
      expectNear(dataOf(outputs), recorded, tolerance)
    })
})

interface Network {
  readonly network: Layer
  readonly shape: Shape
  /** All unless given: the reference engine takes long for the larger. */
  readonly engines?: readonly Engine[]
  /** Whether batch normalisation uses the running statistics. */
  readonly frozen?: boolean
}

const PICTURES = [8, 3, 32, 32]
const bottlenecks = { block: 'bottleneck', stem: 'imagenet', classes: CLASSES } as const
const cifar = { stem: 'cifar', classes: CLASSES } as const

const NETWORKS: Readonly<Record<string, Network>> = {
  resnet18: {
    network: model('resnet18', { classes: CLASSES }).network,
    shape: [2, 3, 64, 64],
    engines: FLOAT32_ENGINES,
  },
  'se-resnet, stride in the 1x1': {
    network: resnet({
      ...bottlenecks,
      depths: [1, 2, 1],
      planes: 16,
      strideIn: '1x1',
      attention: se(),
    }),
    shape: PICTURES,
  },
  'sknet26, frozen statistics': {
    network: model('sknet26', { classes: CLASSES }).network,
    shape: [2, 3, 32, 32],
    engines: FLOAT32_ENGINES,
    frozen: true,
  },
  'sknet, a quarter as wide': {
    network: resnet({
      ...bottlenecks,
      depths: [1, 1, 1, 1],
      planes: 16,
      group: 32,
      groupWidth: 4,
      attention: sk(),
    }),
    shape: PICTURES,
  },
  'gct-resnet': {
    network: resnet({ ...bottlenecks, depths: [1, 1, 1, 1], planes: 16, attention: gct() }),
    shape: PICTURES,
  },
  'resnext, half as wide': {
    network: resnet({ ...bottlenecks, depths: [1, 2, 1, 1], planes: 32, group: 32, groupWidth: 4 }),
    shape: PICTURES,
    engines: FLOAT32_ENGINES,
  },
  resnet20: { network: model('resnet20').network, shape: [2, 3, 16, 16] },
  'pre-activation': {
    network: resnet({ ...cifar, block: 'preactivation', depths: [2, 2, 2] }),
    shape: [2, 3, 16, 16],
  },
  ...Object.fromEntries(
    (['pre', 'inside', 'identity', 'post'] as const).map(at => [
      `se at ${at}`,
      {
        network: resnet({
          ...cifar,
          block: 'basic',
          depths: [1, 1],
          planes: 8,
          attention: se({ reduction: 4 }),
          at,
        }),
        shape: [2, 3, 12, 12],
      },
    ]),
  ),
}

describe('networks: logits, loss, all gradients and running statistics', () => {
  const fixture = fixtures('networks')
  const cases = Object.entries(NETWORKS).flatMap(([name, network]) =>
    (network.engines ?? [...FLOAT32_ENGINES, referenceEngine]).map(engine => ({
      title: `${name}, ${engine.name} engine`,
      name,
      network,
      engine,
    })),
  )
  it.each(cases)('$title', async ({ name, network: { network, shape, frozen }, engine }) => {
    const { seed, recorded } = fixture(name)
    const made = pass(network, shape, classification, !frozen)
    const feeds = { ...feedsOf(made, seed), ...labelFeed(shape[0]) }
    const outputs = await runOnce(engine, made, feeds)
    expectNear(dataOf(outputs), recorded, engine === referenceEngine ? FLOAT64 : FLOAT32_NETWORK)
  })
})

const RATES = [0.1, 0.2, 0.05, 0.1, 0.025]

const OPTIMIZERS: Readonly<Record<string, { optimizer: Optimizer; weightDecay: number }>> = {
  sgd: { optimizer: sgd(), weightDecay: 0.01 },
  'sgd without momentum': { optimizer: sgd({ momentum: 0 }), weightDecay: 0 },
  'sgd nesterov': { optimizer: sgd({ momentum: 0.8, nesterov: true }), weightDecay: 0.05 },
  adamw: { optimizer: adamw(), weightDecay: 0.1 },
  'adamw, other betas': {
    optimizer: adamw({ beta1: 0.8, beta2: 0.95, epsilon: 1e-3 }),
    weightDecay: 0.01,
  },
}

const scalar = (number: number): Tensor => ({ shape: [], data: Float32Array.of(number) })

describe('training', () => {
  const fixture = fixtures('training')
  const engines: readonly [Engine, number][] = [
    ...FLOAT32_ENGINES.map((engine): [Engine, number] => [engine, FLOAT32_BLOCK]),
    // Learning rates are float32 where PyTorch's are float64.
    [referenceEngine, 1e-7],
  ]

  for (const [engine, tolerance] of engines) {
    it.each(Object.entries(OPTIMIZERS))(
      `five updates of %s, ${engine.name} engine`,
      async (name, { optimizer, weightDecay }) => {
        const shape = [32]
        const parameters = input('parameters', shape)
        const update = optimizer.update({
          parameters,
          gradients: input('gradients', shape),
          decay: mul(parameters, weightDecay),
          slots: optimizer.slots.map(slot => input(slot, shape)),
          learningRate: input('learningRate', []),
          step: input('step', []),
        })
        const slots = optimizer.slots.map((slot, i) => [slot, update.slots[i]])
        const compiled = await engine.compile(
          graph({ parameters: update.parameters, ...Object.fromEntries(slots) }),
        )
        let state: Tensors = Object.fromEntries([
          ...optimizer.slots.map(slot => [slot, { shape, data: new Float32Array(32) }]),
          ['parameters', { shape, data: value(0, { name: 'parameters', shape }) }],
        ])
        const path = new Map<string, Numbers>()
        for (const [i, rate] of RATES.entries()) {
          const step = i + 1
          state = await compiled.run({
            ...state,
            gradients: { shape, data: value(step, { name: 'gradients', shape }) },
            learningRate: scalar(rate),
            step: scalar(step),
          })
          path.set(`step ${step}`, state.parameters.data)
        }
        await compiled.dispose()
        expectNear(path, fixture(name).recorded, tolerance)
      },
    )
  }

  it.each([0, 0.1, 1])('cross-entropy with label smoothing %s', async smoothing => {
    const logits = input('logits', [8, CLASSES])
    const loss = crossEntropy(logits, input('labels', [8], 'int'), smoothing)
    const made = graph({ loss, 'gradient/logits': gradients(loss, [logits])[0] })
    const { recorded } = fixture(`smoothing ${smoothing}`)
    const feeds = { ...feedsOf(made, 0), ...labelFeed(8) }
    const double = await runOnce(referenceEngine, made, feeds)
    for (const engine of FLOAT32_ENGINES)
      expectNear(dataOf(await runOnce(engine, made, feeds)), recorded, FLOAT32_BLOCK)
    expectNear(dataOf(double), recorded, FLOAT64)
  })

  const steps = 'three whole steps: smoothing, clipping, decay of weights only, running statistics'
  it.each(FLOAT32_ENGINES)(`${steps}, $name engine`, async engine => {
    const images = [4, 3, 12, 12]
    const { seed, recorded } = fixture('three steps')
    const step = trainingStep({
      network: model('resnet8').network,
      images,
      optimizer: sgd({ nesterov: true }),
      smoothing: 0.1,
      weightDecay: 0.01,
      clipNorm: 6,
    })
    const { parameters, buffers } = step
    const packed = (layout: typeof parameters): Tensor => ({
      shape: [layout.size],
      data: pack(layout, new Map(layout.entries.map(e => [e.name, value(seed, e)]))),
    })
    let state: Tensors = {
      parameters: packed(parameters),
      buffers: packed(buffers),
      momentum: { shape: [parameters.size], data: new Float32Array(parameters.size) },
    }
    const got = new Map<string, Numbers>()
    const compiled = await engine.compile(step.graph)
    for (const [i, rate] of RATES.slice(0, 3).entries()) {
      const x: Named = { name: `step${i + 1}.x`, shape: images }
      state = await compiled.run({
        ...state,
        ...labelFeed(4),
        images: { shape: images, data: value(seed, x) },
        learningRate: scalar(rate),
        step: scalar(i + 1),
      })
      got.set(`loss ${i + 1}`, state.loss.data)
      got.set(`gradientNorm ${i + 1}`, state.gradientNorm.data)
    }
    await compiled.dispose()
    for (const [layout, flat] of [
      [parameters, state.parameters],
      [buffers, state.buffers],
    ] as const)
      for (const [name, data] of unpack(layout, flat.data as Float32Array))
        got.set(`next/${name}`, data)
    expectNear(got, recorded, FLOAT32_NETWORK)
  })
})
