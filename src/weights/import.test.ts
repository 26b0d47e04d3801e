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
import { NAMINGS, ownNetwork, renamed } from './names/index.ts'
import type { Naming } from './names/naming.ts'
import { PREPROCESSING } from './names/preprocessing.ts'
import { openPredictor } from './predictor.ts'
import { readWeights } from './readWeights.ts'
import { type StoredTensor, writeSafetensors } from './safetensors.ts'
import type { Entry } from './stored.ts'
import { readTrained, writeTrained } from './trained.ts'

/** For each naming, names as they stand in its files, and what they are here. */
const NAMES: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  torchvision: {
    'conv1.weight': 'conv1.weight',
    'module.layer1.0.downsample.1.running_var': 'layer1.0.downsample.1.running_var',
    'layer1.0.se.fc1.bias': 'layer1.0.se.fc1.bias',
    'layer1.0.conv2.attn.fc_select.weight': 'layer1.0.conv2.attn.fc_select.weight',
    'layer1.0.conv2.paths.1.conv.weight': 'layer1.0.conv2.paths.1.conv.weight',
    'layer1.0.conv2.attn.bn.bias': 'layer1.0.conv2.attn.bn.bias',
    'layer1.0.conv3.conv.weight': 'layer1.0.conv3.weight',
    'layer1.0.conv1.bn.running_mean': 'layer1.0.bn1.running_mean',
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
}

describe('names', () => {
  it.each(NAMINGS.map(naming => [naming.name, naming] as const))('of %s', (name, naming) => {
    const names = NAMES[name]
    const got = Object.keys(names).map(theirs => renamed(naming, theirs))
    expect(got).toEqual(Object.values(names))
    expect(renamed(naming, 'module.bn1.num_batches_tracked')).toBeUndefined()
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
  torchvision_sk: {
    model: 'skresnet18',
    call: name =>
      name.replace(/\.conv2\.weight/, '.conv2.conv.weight').replace('.bn2.', '.conv2.bn.'),
  },
  gct: { model: 'gct-resnet50', call: name => name.replace(/^(conv1|bn1)\./, 'stem.$1.') },
}

describe("a source's networks where they differ from ours", () => {
  const CAFFE = { pooling: 'ceil', strideIn: '1x1' }
  it.each([
    ['cadene', 'se-resnet50', { variations: CAFFE }],
    ['cadene', 'resnet152', { variations: CAFFE }],
    ['cadene', 'se-resnext101', { variations: { pooling: 'ceil', strideIn: '3x3' } }],
    ['cadene', 'se-resnet34', { attention: 'se:rectify=true', variations: { pooling: 'ceil' } }],
    ['cadene', 'se-resnet20', {}],
    ['cadene-deep', 'senet154', { variations: { pooling: 'ceil' } }],
    ['torchvision', 'senet154', { variations: { pooling: 'padded' } }],
    ['torchvision', 'se-resnet50', {}],
    ['moskomule', 'se-resnet50', { attention: 'se:bias=false' }],
    ['moskomule', 'resnet50', {}],
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
      naming => networkOf({ model: name, ...ownNetwork(naming, name) }),
      'file',
    )
    expect(naming.name).toBe(wanted.split('_')[0])
    expect([...sources.keys()]).toEqual(variables(network.network).map(({ name }) => name))
  })
})

const recorded = (name: string): ReadonlyMap<string, Entry> => {
  const path = new URL(`../../test/parity/fixtures/${name}.pth`, import.meta.url)
  return readWeights(readFileSync(path), name)
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
  const got = await predictor.infer(known.get('images')?.read() ?? new Float32Array())
  await predictor.dispose()
  const wanted = known.get('logits')?.read() ?? []
  expect(got).toHaveLength(10)
  for (const [i, logit] of got.entries()) expect(Math.abs(logit - wanted[i])).toBeLessThan(1e-4)
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
      return [name, { dtype: 'F32', shape, data } as StoredTensor]
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
    expect(naming.name).toBe('moskomule')
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
    expect(notes).toEqual([])
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
    const before = readWeights(bytes, 'a').get('conv1.weight')?.read() ?? new Float32Array()
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
    expect(error.hint).toContain('--model')
    const other = failure(fileOf('resnet14'), { model: 'resnet8' }) as WeightError
    expect(other.hint).toMatch(/^These are the tensors of resnet14: --model resnet14\. Check/)
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
