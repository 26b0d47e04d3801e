/** Parity with PyTorch: the same blocks, networks, losses and optimizers, recorded by record.py in float64. */

import { describe, it } from 'vitest'
import { gatedChannelTransformation, gct } from '../../src/attention/gct.ts'
import { se, squeezeExcite } from '../../src/attention/se.ts'
import { selectiveKernel, sk } from '../../src/attention/sk.ts'
import { gradients } from '../../src/autodiff/index.ts'
import type { Engine, Tensor, Tensors } from '../../src/engines/engine.ts'
import { referenceEngine } from '../../src/engines/reference/engine.ts'
import { graph, input } from '../../src/graph/index.ts'
import { type ModelOptions, model } from '../../src/models/registry.ts'
import { resnet } from '../../src/models/resnet.ts'
import type { Layer } from '../../src/nn/index.ts'
import { mul } from '../../src/ops/index.ts'
import { classification } from '../../src/tasks/classification.ts'
import { crossEntropy } from '../../src/tasks/crossEntropy.ts'
import { pack, unpack } from '../../src/train/layout.ts'
import { adamw, type Optimizer, sgd } from '../../src/train/optimizers.ts'
import { trainingStep } from '../../src/train/step.ts'
import {
  type Case,
  CLASSES,
  dataOf,
  describeParity,
  expectNear,
  FLOAT32_BLOCK,
  FLOAT32_ENGINES,
  FLOAT32_NETWORK,
  FLOAT64,
  feedsOf,
  fixtures,
  type Numbers,
  runOnce,
} from './compare.ts'
import { labels, type Named, value } from './formula.ts'

const SMALL = [2, 16, 5, 4]
const FAINT = 2 ** -10
const WIDER = [1, 2, 3].map(dilation => ({ kernel: 3, dilation }))

const BLOCKS: Readonly<Record<string, Case>> = {
  se: { network: squeezeExcite(16, { reduction: 4 }), shape: SMALL },
  'se without bias': { network: squeezeExcite(16, { reduction: 4, bias: false }), shape: SMALL },
  'se max squeeze': { network: squeezeExcite(16, { reduction: 4, squeeze: 'max' }), shape: SMALL },
  'se tanh gate': { network: squeezeExcite(16, { reduction: 4, gate: 'tanh' }), shape: SMALL },
  'se relu gate': { network: squeezeExcite(16, { reduction: 4, gate: 'relu' }), shape: SMALL },
  sk: { network: selectiveKernel(8, 8, {}, { floor: 8 }), shape: [4, 8, 6, 5] },
  'sk of 3 branches': {
    network: selectiveKernel(8, 16, {}, { branches: WIDER, reduction: 2, floor: 4 }),
    shape: [8, 8, 6, 5],
  },
  'sk grouped, stride 2': {
    network: selectiveKernel(8, 16, { stride: 2, group: 4 }, { floor: 8 }),
    shape: [4, 8, 7, 6],
  },
  'gct l2': { network: gatedChannelTransformation(16), shape: SMALL },
  'gct l2, faint input': { network: gatedChannelTransformation(16), shape: SMALL, scale: FAINT },
  'gct l1': { network: gatedChannelTransformation(16, { norm: 'l1' }), shape: SMALL },
  'gct l1, faint input': {
    network: gatedChannelTransformation(16, { norm: 'l1' }),
    shape: SMALL,
    scale: FAINT,
  },
  'gct l1 after relu': {
    network: gatedChannelTransformation(16, { norm: 'l1', afterRelu: true }),
    shape: SMALL,
  },
}

const IMAGES = [8, 3, 32, 32]
/** A classifier gives one value, its logits. */
const classifier = (name: string, options?: ModelOptions): Layer =>
  model(name, options).network as Layer

const bottlenecks = { block: 'bottleneck', stem: 'imagenet', classes: CLASSES } as const
const cifar = { stem: 'cifar', classes: CLASSES } as const

const NETWORKS: Readonly<Record<string, Case>> = {
  resnet18: {
    network: classifier('resnet18', { classes: CLASSES }),
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
    shape: IMAGES,
  },
  'sknet26, frozen statistics': {
    network: classifier('sknet26', { classes: CLASSES }),
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
    shape: IMAGES,
  },
  'gct-resnet': {
    network: resnet({ ...bottlenecks, depths: [1, 1, 1, 1], planes: 16, attention: gct() }),
    shape: IMAGES,
  },
  'resnext, half as wide': {
    network: resnet({ ...bottlenecks, depths: [1, 2, 1, 1], planes: 32, group: 32, groupWidth: 4 }),
    shape: IMAGES,
    engines: FLOAT32_ENGINES,
  },
  resnet20: { network: classifier('resnet20'), shape: [2, 3, 16, 16] },
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
        isForGpu: at === 'pre',
      },
    ]),
  ),
}

const VARIATIONS: Readonly<Record<string, Case>> = {
  'se-resnet of Caffe': {
    network: resnet({
      ...bottlenecks,
      depths: [1, 1],
      planes: 16,
      strideIn: '1x1',
      pooling: 'ceil',
      attention: se(),
    }),
    shape: [8, 3, 36, 32],
  },
  'senet154, an eighth as wide': {
    network: resnet({
      ...bottlenecks,
      depths: [1, 1],
      planes: 8,
      group: 8,
      groupWidth: 32,
      stem: 'deep',
      stemWidth: 16,
      pooling: 'ceil',
      halfBottleneck: true,
      shortcutKernel: 3,
      attention: se(),
    }),
    shape: IMAGES,
  },
  "se-resnet18 of timm's legacy, a quarter as wide": {
    network: resnet({
      ...bottlenecks,
      block: 'basic',
      depths: [1, 1],
      planes: 16,
      pooling: 'ceil',
      attention: se({ rectify: true }),
    }),
    shape: IMAGES,
  },
}

describeParity('blocks', 'blocks', BLOCKS)
describeParity('networks', 'networks', NETWORKS)
describeParity('networks', 'variations', VARIATIONS)

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
    const loss = crossEntropy(logits, input('labels', [8], 'int32'), smoothing)
    const made = graph({ loss, 'gradient/logits': gradients(loss, [logits])[0] })
    const { recorded } = fixture(`smoothing ${smoothing}`)
    const feeds = feedsOf(made, 0)
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
      network: classifier('resnet8'),
      images,
      optimizer: sgd({ nesterov: true }),
      task: classification({ labelSmoothing: 0.1 }),
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
        labels: { shape: [4], data: labels(4, CLASSES) },
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
