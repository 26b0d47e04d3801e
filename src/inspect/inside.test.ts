/** Looking inside small networks: what is seen is what is there. */

import { describe, expect, it } from 'vitest'
import type { Attention } from '../attention/attention.ts'
import { type AttentionName, attentionNames } from '../attention/registry.ts'
import { normalized } from '../data/augment/augment.ts'
import type { Dataset } from '../data/dataset.ts'
import { openShapes } from '../data/shapes/shapes.ts'
import { subset } from '../data/subset.ts'
import type { Tensors } from '../engines/engine.ts'
import { onnxEngine } from '../engines/onnxruntime/engine.ts'
import { referenceEngine } from '../engines/reference/engine.ts'
import { sizeOf, type Value } from '../graph/index.ts'
import { model } from '../models/registry.ts'
import { resnet } from '../models/resnet.ts'
import { summarize } from '../models/summary.ts'
import { initialize, lambda, variables } from '../nn/index.ts'
import { abs, add, mul, reduceMax, reduceMean, reduceSum, sub } from '../ops/index.ts'
import { random } from '../random/index.ts'
import { average } from '../stats/moments.ts'
import { type Card, modelOf, type Trained } from '../weights/trained.ts'
import { ablate, pairedChange } from './ablation.ts'
import { analyze, measureInside } from './analysis.ts'
import { bypass, type TapKind, tapsOf } from './attentionTaps.ts'
import { costOf } from './cost.ts'
import { gatherGates, meanGate } from './excitation.ts'
import { gateStages } from './gates.ts'
import { enlarged } from './images.ts'
import { maps, stageMaps } from './maps.ts'
import { blockName, type Intervention, named, type Observed, observe, stageOf } from './observe.ts'
import { openProbe, type ProbeOptions } from './probe.ts'
import { imagesText, partsOf } from './report.ts'
import { grouped } from './selection.ts'

const dataset = openShapes({ split: 'test', count: 40, size: 16 })
const options = { engine: onnxEngine, batch: 16, threads: 1 }

const untrained = (
  name: string,
  change: (name: string, index: number) => number | undefined = () => undefined,
): Trained => {
  const card: Card = {
    model: name,
    classes: [...dataset.classes],
    channels: 3,
    height: 16,
    width: 16,
    mean: [0.5, 0.5, 0.5],
    std: [0.25, 0.25, 0.25],
  }
  const model = modelOf(card)
  const tensors = initialize(model.network, 1)
  for (const [name, data] of tensors)
    for (const [i, value] of data.entries()) data[i] = change(name, i) ?? value
  return { card, model, tensors }
}

/** One part of what is measured inside. */
const part =
  <Name extends keyof Awaited<ReturnType<typeof measureInside>>>(name: Name) =>
  async (trained: Trained, images: Dataset, own: ProbeOptions, truth?: readonly number[]) =>
    (await measureInside(trained, images, own, { truth, intact: true }))[name]
const [excitation, gateDepth, selection, tapMeans] = [
  part('excitation'),
  part('gates'),
  part('selection'),
  part('means'),
]
const ablated = async (
  trained: Trained,
  images: Dataset,
  own: ProbeOptions,
  onStep?: (done: number) => void,
) =>
  ablate(trained, images, own, await measureInside(trained, images, own, { intact: true }), onStep)

describe('observe', () => {
  it.each([
    ['se-resnet8', 'gate', ['layer1.0.se', 'layer2.0.se', 'layer3.0.se']],
    ['resnet8', 'gate', []],
  ])('%s shows its %s at %j', (name, wanted, paths) => {
    const { observations } = observe(untrained(name).model, 2, [16, 16])
    expect(observations.filter(({ name }) => name === wanted).map(({ path }) => path)).toEqual(
      paths,
    )
  })

  it('names blocks like the papers', () => {
    expect(['layer1.2.se', 'layer3.5.se', 'layer2.0.conv1.0', 'conv1.0'].map(blockName)).toEqual([
      '2_3',
      '4_6',
      '3_1 conv1',
      'conv1.0',
    ])
    expect(['layer4.0.se', 'conv1.0'].map(stageOf)).toEqual([5, 1])
    const others = ['stage3.1.branch2.se', 'features.4.1.block.2', 'features.7.0']
    expect(others.map(blockName)).toEqual(['3_2 branch2.se', '4.1', '7'])
    expect(others.map(stageOf)).toEqual([3, 1, 1])
  })

  it('has no probe for what a network has not', async () => {
    const pick = () => ({})
    expect(await openProbe(untrained('resnet8'), options, pick)).toBeUndefined()
    expect(await excitation(untrained('resnet8'), dataset, options)).toEqual([])
  })
})

describe('excitation', () => {
  it('has gates of one half, the same for all, while nothing is learned', async () => {
    const still = untrained('se-resnet8', name => (name.includes('.se.fc2.') ? 0 : undefined))
    const blocks = await excitation(still, dataset, options)
    expect(blocks.map(({ block, channels }) => [block, channels])).toEqual([
      ['2_1', 16],
      ['3_1', 32],
      ['4_1', 64],
    ])
    for (const block of blocks) {
      expect(block.mean.every(value => Math.abs(value - 0.5) < 1e-6)).toBe(true)
      expect(block).toMatchObject({ specificity: 0, nearZero: 0, nearOne: 0 })
    }
  })

  it('takes rounding for no movement', () => {
    const gated = { path: 'se', kind: 'gate', block: '2_1', stage: 2, channels: 1 } as const
    const moved = (by: number) => {
      const gatherer = gatherGates([gated], ['a', 'b'])
      for (let i = 0; i < 8; i++) gatherer.add(0, i % 2, [0.5 + by * (i % 2) + by * 0.1 * (i % 3)])
      return gatherer.result()[0].specificity
    }
    expect(moved(1e-8)).toBe(0)
    expect(moved(1e-3)).toBeGreaterThan(1)
  })

  it('counts saturated gates', async () => {
    // Channels of odd number shut, the others open: σ(±9).
    const shut = untrained('se-resnet8', (name, i) =>
      name.endsWith('.se.fc2.bias') ? (i % 2 ? -9 : 9) : name.includes('.se.fc2.') ? 0 : undefined,
    )
    for (const block of await excitation(shut, dataset, options))
      expect(block).toMatchObject({ nearZero: 0.5, nearOne: 0.5, neutral: 0.5 })
  })

  it('averages what the classes have, each image once', async () => {
    const blocks = await excitation(untrained('se-resnet8'), dataset, options)
    for (const block of blocks) {
      expect(block.classes.map(({ count }) => count)).toEqual(dataset.classes.map(() => 4))
      const together = block.mean.map((_, c) => average(block.classes.map(one => one.mean[c])))
      expect(meanGate(block)).toBeCloseTo(average(together), 6)
    }
  })
})

/** What each shows: a new attention has to say it here. */
const SHOWS: Readonly<Record<AttentionName, TapKind>> = {
  se: 'gate',
  sk: 'selection',
  gct: 'gate',
  ge: 'gate',
  eca: 'gate',
  cbam: 'gate',
  bam: 'gate',
  srm: 'gate',
  gc: 'addition',
  fca: 'gate',
  simam: 'gate',
  ca: 'gate',
  splat: 'splits',
}
const shows = (attention: string): TapKind =>
  ['gc:fusion=mul', 'splat:radix=1'].includes(attention)
    ? 'gate'
    : SHOWS[attention.split(':')[0] as AttentionName]

/** Those whose options decide what is shown; every name on the list comes without options too. */
const ATTENTIONS = [
  ...attentionNames,
  'ge:extent=2',
  'gc:fusion=mul',
  'gc:pooling=mean',
  'se:gate=tanh',
  'gct:gate=elu',
  'sk:branches=3+5+7',
  'splat:radix=1',
  'splat:radix=4',
]

/** resnet8 with an attention; what would begin as nothing does not. */
const bearing = (attention: string): Trained => {
  const card: Card = { ...untrained('resnet8').card, attention }
  const model = modelOf(card)
  const tensors = initialize(model.network, 1)
  const draw = random(7)
  let drawn = 0
  for (const data of tensors.values())
    if (data.every(value => value === data[0]))
      for (const i of data.keys()) data[i] += 0.3 * draw.normal(drawn++)
  for (const [name, data] of tensors)
    if (name.endsWith('running_var'))
      data.forEach((value, i) => {
        data[i] = Math.abs(value) + 0.5
      })
  return { card, model, tensors }
}

/** Numbers from the inside of a network on two images. */
const look = async (
  trained: Trained,
  pick: (observed: Observed) => Readonly<Record<string, Value>>,
  intervention?: Intervention,
): Promise<Tensors> => {
  const probe = await openProbe(trained, { ...options, batch: 2 }, pick, intervention)
  const images = Float32Array.from({ length: 2 * 3 * 16 * 16 }, (_, i) => random(4).normal(i))
  const found = (await probe?.run(images)) ?? {}
  await probe?.dispose()
  return found
}
const apart = (a: ArrayLike<number>, b: ArrayLike<number>): number =>
  Array.from(a).reduce((most, value, i) => Math.max(most, Math.abs(value - b[i])), 0)

describe.each(ATTENTIONS)('attention %s', attention => {
  const trained = bearing(attention)
  const taps = tapsOf(observe(trained.model, 2, [16, 16]))

  it('shows what it does: the output is what follows from it', async () => {
    expect(taps.length).toBeGreaterThan(0)
    expect([...new Set(taps.map(({ kind }) => kind))]).toEqual([shows(attention)])
    const off = (observed: Observed) =>
      Object.fromEntries(
        tapsOf(observed).flatMap(({ path, kind, value, input }) => {
          if (kind === 'selection' || kind === 'splits')
            return [[path, reduceMax(abs(sub(reduceSum(value, [1]), 1)))]]
          const output = named(observed, 'output').find(one => one.path === path)?.value
          if (input === undefined || output === undefined) return []
          const made = kind === 'addition' ? add(input, value) : mul(input, value)
          return [[path, reduceMax(abs(sub(made, output)))]]
        }),
      )
    const found = await look(trained, off)
    if (attention !== 'splat:radix=1') expect(Object.keys(found)).toHaveLength(taps.length)
    for (const { data } of Object.values(found)) expect(data[0]).toBeLessThan(1e-5)
  })

  it('is drawn over depth, by class, and priced, in words that are true of it', async () => {
    const excited = await excitation(trained, dataset, options)
    expect(excited.map(({ path }) => path)).toEqual(taps.map(({ path }) => path))
    for (const { mean } of excited) expect(mean.every(Number.isFinite)).toBe(true)
    const ablation = await ablated(trained, subset(dataset, [0, 1]), { ...options, batch: 2 })
    const analysis = {
      model: 'resnet8',
      cost: costOf(trained.model, [16, 16]),
      excitation: excited,
      ...(ablation ? { ablation } : {}),
    }
    const parts = await partsOf(analysis, { subtitle: '', footer: '', classes: ['circle', 'ring'] })
    const headings = parts.map(({ heading }) => heading)
    expect(headings).toContain('Channels by depth')
    expect(headings).toContain('Without the blocks')
    const text = parts.flatMap(({ body }) => body.map(({ markup }) => markup)).join('')
    expect(text).not.toMatch(/NaN|undefined|Infinity/)
    const kind = shows(attention)
    expect(text.includes('mean gate')).toBe(kind === 'gate')
    expect(text.includes('below 0.1')).toBe(kind === 'gate' || kind === 'splits')
    expect(text.includes('share of the first of')).toBe(kind === 'splits')
    expect(text.includes('largest kernel')).toBe(kind === 'selection')
  })

  it('left out has no weights left, and with what it did on average changes only what differed', async () => {
    const logits = ({ outputs }: Observed) => ({ ...outputs })
    const own = (await look(trained, logits)).logits.data
    const identity = (await look(trained, logits, bypass(taps))).logits.data
    if (attention !== 'simam') expect(apart(own, identity)).toBeGreaterThan(1e-4)
    // What each inside was at each of its places, held: nothing changes.
    const places = taps.map(({ value }) => value.shape.slice(-2))
    if (places.some(([height, width]) => height * width > 1)) return
    const shown = await look(trained, observed =>
      Object.fromEntries(tapsOf(observed).map(({ path, value }) => [path, reduceMean(value, [0])])),
    )
    const one = subset(dataset, [3])
    const means = await tapMeans(trained, one, { ...options, batch: 1 })
    expect([...means.keys()]).toEqual(Object.keys(shown))
    const predictor = await openProbe(trained, { ...options, batch: 1 }, logits)
    const held = await openProbe(trained, { ...options, batch: 1 }, logits, bypass(taps, means))
    const images = normalized(await one.read(0), [3, 16, 16], trained.card)
    const [a, b] = [await predictor?.run(images), await held?.run(images)]
    expect(apart(a?.logits.data ?? [], b?.logits.data ?? [])).toBeLessThan(1e-4)
  })

  it('counts as attention in the cost, and is saved by leaving it out', async () => {
    const cost = costOf(trained.model, [16, 16])
    const own = variables(trained.model.network).filter(({ name, tensor, role }) => {
      if (tensor.kind === 'buffer' || role === undefined || role === '') return false
      if (attention.startsWith('sk')) return name.includes('.attn.')
      return attention.startsWith('splat') ? /\.(fc1|bn1|fc2)\./.test(name) : true
    })
    const parameters = own.reduce((sum, { tensor }) => sum + sizeOf(tensor.shape), 0)
    expect(cost.attention.parameters).toBe(parameters)
    const ablation = await ablated(trained, subset(dataset, [0]), { ...options, batch: 1 })
    expect(ablation?.rows.at(-1)).toMatchObject({ removed: 'all', parametersSaved: parameters })
  })
})

it.each([
  ['se', /\.se\.fc2\.bias/, 50],
  ['gct', /\.(gamma|beta)$/, 0],
  ['gc', /channel_add_conv\.3\./, 0],
  ['sk', /fc_select/, 0],
  ['splat', /\.fc2\./, 0],
  ['splat:radix=1', /\.fc2\.bias/, 50],
])('leaving out %s that does nothing changes nothing', async (attention, names, value) => {
  const trained = bearing(attention)
  for (const [name, data] of trained.tensors) if (names.test(name)) data.fill(value)
  const taps = tapsOf(observe(trained.model, 2, [16, 16]))
  const logits = ({ outputs }: Observed) => ({ ...outputs })
  const own = (await look(trained, logits)).logits.data
  const without = (await look(trained, logits, bypass(taps))).logits.data
  expect(apart(own, without)).toBeLessThan(1e-4)
})

/** An attention that shows nothing, as somebody else may write it. */
it('of an attention that shows nothing there is what it does to the size of each channel', async () => {
  const quiet: Attention = {
    kind: 'recalibration',
    name: 'own',
    at: 'standard',
    build: () => lambda(x => mul(x, 1.5)),
  }
  const trained = untrained('resnet8')
  const options8 = { block: 'basic', stem: 'cifar', shortcut: 'pad', classes: 10 } as const
  const network = resnet({ ...options8, depths: [1, 1, 1], attention: quiet })
  const own = { ...trained, model: { ...trained.model, network } }
  const blocks = await excitation(own, dataset, options)
  expect(blocks.map(({ kind }) => kind)).toEqual(['gain', 'gain', 'gain'])
  for (const { mean } of blocks) for (const value of mean) expect(value).toBeCloseTo(1.5, 4)
  const ablation = await ablated(own, subset(dataset, [0]), { ...options, batch: 1 })
  expect(ablation?.rows.map(({ replacement }) => replacement)).toEqual(Array(7).fill('identity'))
})

it('there is nothing to take out of a network without attention, and it is said', async () => {
  expect(await ablated(untrained('resnet8'), dataset, options)).toBeUndefined()
  const asked = analyze(untrained('resnet8'), dataset, {
    ...options,
    images: 20,
    ablateBlocks: true,
  })
  await expect(asked).rejects.toThrow('expected a network with attention to take out, got resnet8')
})

it('attention to kernels is what the largest gets', async () => {
  const units = await selection(bearing('sk'), dataset, options)
  const blocks = await excitation(bearing('sk'), dataset, options)
  expect(blocks.map(({ kind, block }) => [kind, block])).toEqual(
    units.map(({ block }) => ['selection', block]),
  )
  for (const [u, { mean }] of blocks.entries())
    for (const [c, value] of units[u].scales[0].channels.entries())
      expect(mean[c]).toBeCloseTo(value, 6)
})

describe('ablation', () => {
  const constantGates = untrained('se-resnet8', (name, i) =>
    name.endsWith('.se.fc2.bias') ? (i % 5) - 2 : name.includes('.se.fc2.') ? 0 : undefined,
  )

  it('with mean gates changes nothing where gates are constant; with identity it does', async () => {
    const means = await tapMeans(constantGates, dataset, options)
    const taps = tapsOf(observe(constantGates.model, 2, [16, 16]))
    const logits = async (intervention?: Intervention) =>
      (await look(constantGates, ({ outputs }) => ({ ...outputs }), intervention)).logits.data
    const own = await logits()
    expect(apart(own, await logits(bypass(taps, means)))).toBeLessThan(1e-4)
    expect(apart(own, await logits(bypass(taps)))).toBeGreaterThan(1e-2)
  })

  it('measures each block, each stage and all, and what they cost', async () => {
    const steps: number[] = []
    const found = await ablated(constantGates, dataset, options, done => steps.push(done))
    const rows = found?.rows ?? []
    expect(rows.filter(row => row.replacement === 'mean').map(row => row.removed)).toEqual([
      ...['2_1', '3_1', '4_1', 'stage 2', 'stage 3', 'stage 4', 'all'],
    ])
    expect(steps).toEqual(Array.from({ length: 14 }, (_, i) => i))
    const plain = summarize(untrained('resnet8').model, [16, 16])
    const full = summarize(constantGates.model, [16, 16])
    expect(found?.parameters).toBe(full.parameters)
    expect(rows.at(-1)).toMatchObject({
      parametersSaved: full.parameters - plain.parameters,
      multiplyAddsSaved: full.multiplyAdds - plain.multiplyAdds,
    })
    expect(rows.filter(row => row.replacement === 'mean').every(row => row.change === 0)).toBe(true)
  }, 30_000)

  it('pairs outcomes image by image', () => {
    const [yes, no] = [true, false]
    expect(pairedChange([yes, no, yes, no], [yes, yes, yes, no])).toEqual({
      change: -0.25,
      standardError: Math.sqrt((0.25 - 0.0625) / 3),
    })
  })
})

describe('selection', () => {
  it('is even between branches before anything is learned, and knows the true scale', async () => {
    const even = untrained('sk-resnet8', name => (name.includes('fc_select') ? 0 : undefined))
    const truth = Array.from({ length: 40 }, (_, i) => dataset.factors(i).scale)
    const units = await selection(even, dataset, options, truth)
    expect(units.map(({ block, branches }) => [block, branches])).toEqual([
      ['2_1', 2],
      ['3_1', 2],
      ['4_1', 2],
    ])
    for (const { scales, truth } of units) {
      expect(scales.map(({ scale }) => scale)).toEqual([1, 1.5, 2])
      for (const { channels, difference } of scales) {
        expect(channels.every(value => Math.abs(value - 0.5) < 1e-6)).toBe(true)
        expect(difference).toBeCloseTo(0, 6)
      }
      expect(truth?.scale).toHaveLength(40)
      expect(truth?.rankCorrelation).toBe(0)
    }
  })

  it('gathers channels in groups', () => {
    expect(grouped([1, 3, 5, 7], 2)).toEqual([2, 6])
    expect(grouped([1, 2], 16)).toEqual([1, 2])
  })
})

describe('gates by depth', () => {
  it('of a new GCT pass everything: ratio 1, all near zero', async () => {
    const layers = await gateDepth(untrained('gct-resnet8'), dataset, options)
    expect(layers.map(({ index }) => index)).toEqual(layers.map((_, i) => i + 1))
    for (const layer of layers) {
      expect(layer).toMatchObject({ mean: 0, nearZero: 1, reading: 'competition' })
      expect(layer.varianceRatio).toBeCloseTo(1, 5)
    }
  })

  it('with β alone multiply variance by (1 + tanh β)²', async () => {
    const opened = untrained('gct-resnet8', name =>
      name.endsWith('.beta') ? 0.5 : name.endsWith('.gamma') ? -0.0 : undefined,
    )
    for (const { varianceRatio } of await gateDepth(opened, dataset, options))
      expect(varianceRatio).toBeCloseTo((1 + Math.tanh(0.5)) ** 2, 3)
  })

  it('gathers stages', async () => {
    const damped = untrained('gct-resnet8', name => (name.endsWith('.gamma') ? -0.3 : undefined))
    const layers = await gateDepth(damped, dataset, options)
    expect(layers.every(({ reading }) => reading === 'cooperation')).toBe(true)
    const stages = gateStages(layers)
    expect(stages.map(({ stage }) => stage)).toEqual([1, 2, 3, 4])
    for (const { mean, nearZero } of stages) {
      expect(mean).toBeCloseTo(-0.3, 6)
      expect(nearZero).toBe(0)
    }
  })
})

describe('maps', () => {
  it.each([
    [
      'resnet8',
      32,
      [
        [2, 32],
        [3, 16],
        [4, 8],
      ],
    ],
    [
      'shufflenet_v2_x0_5',
      64,
      [
        [2, 8],
        [3, 4],
        [4, 2],
      ],
    ],
    [
      'mobilenet_v3_small',
      64,
      [
        [1, 32],
        [2, 16],
        [3, 8],
        [4, 4],
        [5, 2],
      ],
    ],
  ])('of %s are at the end of every stage, or of every size', (name, side, wanted) => {
    const own = model(name, { classes: 10 })
    const found = stageMaps(observe(own, 1, [side, side]))
    expect(found.map(({ stage, value }) => [stage, value.shape[2]])).toEqual(wanted)
  })

  it('have the gradient of the score by pixel, as differences find it', async () => {
    const whole = untrained('se-resnet8')
    const trained = { ...whole, card: { ...whole.card, height: 8, width: 8 } }
    const small = openShapes({ split: 'test', count: 4, size: 8 })
    const pixels = small.read(3) as Uint8Array
    const engine = referenceEngine
    const [map] = await maps(trained, [{ name: 'one', pixels }], { engine })
    const predictor = await openProbe(trained, { engine, batch: 1 }, ({ outputs }) => ({
      ...outputs,
    }))
    const images = Float32Array.from(pixels, pixel => (pixel / 255 - 0.5) / 0.25)
    const k = trained.card.classes.indexOf(map.predicted)
    const score = async (at: number, step: number): Promise<number> => {
      const moved = images.slice()
      moved[at] += step
      return (await predictor?.run(moved))?.logits.data[k] ?? Number.NaN
    }
    const slope = async (pixel: number): Promise<number> => {
      const each = []
      for (const color of [0, 1, 2]) {
        const at = color * 64 + pixel
        each.push(Math.abs((await score(at, 2 ** -10)) - (await score(at, -(2 ** -10)))) * 512)
      }
      return Math.max(...each)
    }
    expect(map.gradient.values.length).toBe(64)
    expect(Math.max(...map.gradient.values)).toBe(1)
    const brightest = map.gradient.values.indexOf(1)
    const most = await slope(brightest)
    for (const pixel of [20, 37])
      expect(map.gradient.values[pixel]).toBeCloseTo((await slope(pixel)) / most, 2)
    expect(map.gradCam.map(({ stage, height }) => [stage, height])).toEqual([
      [2, 8],
      [3, 4],
      [4, 2],
    ])
  }, 30_000)
})

describe('cost', () => {
  it('adds up, and counts all of an attention as attention', () => {
    const cost = costOf(untrained('se-resnet8').model, [16, 16])
    const plain = costOf(untrained('resnet8').model, [16, 16])
    const sum = (of: 'parameters' | 'multiplyAdds') =>
      cost.kinds.reduce((total, kind) => total + kind[of], 0)
    expect([sum('parameters'), sum('multiplyAdds')]).toEqual([cost.parameters, cost.multiplyAdds])
    expect(cost.attention.parameters).toBe(cost.parameters - plain.parameters)
    expect(plain.attention.parameters).toBe(0)
  })
})

describe('images', () => {
  it('are those of the part where others prepare them too', async () => {
    const prepare = async (indices: Uint32Array): Promise<Float32Array> =>
      Float32Array.from(indices)
    const whole: Dataset = { ...dataset, prepare }
    const part = subset(whole, [7, 3])
    const preparation = { normalization: options, augmentation: {}, seed: 0, epoch: 0 }
    expect(await part.prepare?.(Uint32Array.of(1, 0), preparation as never)).toEqual(
      Float32Array.of(3, 7),
    )
  })

  it('are enlarged about their center', () => {
    const ramp = Uint8Array.from({ length: 8 }, (_, x) => 20 * x)
    expect([...enlarged(ramp, [1, 1, 8], 1)]).toEqual([...ramp])
    // Twice as large: places 1.75, 2.25, … of the image.
    expect([...enlarged(ramp, [1, 1, 8], 2)]).toEqual([35, 45, 55, 65, 75, 85, 95, 105])
  })
})

it.each([
  [[5, 5, 5], '5 of each of 3 classes'],
  [[20, 8, 1, 11], '1 to 20 of each of 4 classes'],
  [[1, 1], '1 of each of 2 classes; two of one class are needed to tell what classes do'],
])('says how many images of each class there were: %j', (imagesByClass, text) =>
  expect(imagesText({ imagesByClass })).toBe(text),
)
