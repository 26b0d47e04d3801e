/** A trained network in one file: read as it was written, and refused with every reason at once. */

import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { ExciteError, FileError, UsageError, WeightError } from '../errors/index.ts'
import { sizeOf } from '../graph/index.ts'
import { variables } from '../nn/index.ts'
import { random } from '../random/index.ts'
import { readSafetensors, type StoredTensor, writeSafetensors } from './safetensors.ts'
import { type Card, modelOf, readCard, readTrained, type Trained, writeTrained } from './trained.ts'

const CARD: Card = {
  model: 'resnet8',
  attention: 'se:reduction=8,at=pre',
  classes: ['cat', 'dog', 'Füchse'],
  channels: 1,
  height: 12,
  width: 10,
  mean: [0.5],
  std: [0.25],
}

const trainedOf = (card: Card): Trained => {
  const network = modelOf(card)
  const tensors = variables(network.network).map(({ name, tensor }) => {
    const draw = random(0).fork(name)
    const data = Float32Array.from({ length: sizeOf(tensor.shape) }, (_, i) => draw.normal(i))
    return [name, data] as const
  })
  return { card, model: network, tensors: new Map(tensors) }
}

const trained = trainedOf(CARD)
const bytes = writeTrained(trained)
const stored = readSafetensors(bytes, 'file')

/** The file with other tensors or another card. */
const fileOf = (
  tensors: ReadonlyMap<string, StoredTensor> = stored.tensors,
  metadata: Readonly<Record<string, string>> = stored.metadata,
): Uint8Array => writeSafetensors(tensors, metadata)

const failureOf = (file: Uint8Array): unknown => {
  try {
    readTrained(file, 'runs/best.safetensors')
  } catch (error) {
    return error
  }
  return undefined
}

describe('what is written', () => {
  const minimal: Card = { ...CARD, model: 'gct-resnet8', channels: 3, mean: [0, 0, 0] }
  const cards: Readonly<Record<string, Card>> = {
    'attention as text': CARD,
    'variations of the network': { ...CARD, variations: { dropout: 0.25 } },
    'attention in the name': {
      ...(({ attention: _, ...rest }) => rest)(minimal),
      std: [1, 1, 1],
    },
  }

  for (const [name, card] of Object.entries(cards))
    it(`is read again: ${name}`, () => {
      const written = trainedOf(card)
      const read = readTrained(writeTrained(written), 'file')
      expect(read.card).toEqual(card)
      expect(read.tensors).toEqual(written.tensors)
      expect(read.model).toMatchObject({ classes: 3, channels: card.channels })
      expect(variables(read.model.network).map(({ name: own }) => own)).toEqual([
        ...read.tensors.keys(),
      ])
    })

  it('has the names, dtype and mark of PyTorch', () => {
    expect(stored.metadata.format).toBe('pt')
    expect(stored.tensors.get('layer1.0.conv1.weight')).toMatchObject({
      dtype: 'F32',
      shape: [16, 16, 3, 3],
    })
    expect(stored.tensors.get('bn1.running_var')?.shape).toEqual([16])
  })

  it('leaves out what the network does not have', () => {
    const more = new Map([...trained.tensors, ['stray', new Float32Array(2)]])
    expect(writeTrained({ ...trained, tensors: more })).toEqual(bytes)
  })
})

/** Changes to the tensors of a good file, and the problems that must be listed. */
const MISFITS: Readonly<
  Record<
    string,
    { drop?: readonly string[]; set?: Readonly<Record<string, number[]>>; got: string }
  >
> = {
  missing: { drop: ['fc.bias'], got: 'fc.bias [3] missing' },
  unexpected: { set: { 'fc.scale': [3] }, got: 'fc.scale [3] unexpected' },
  misshapen: { set: { 'fc.bias': [4] }, got: 'fc.bias [4] instead of [3]' },
  'of another rank': { set: { 'fc.bias': [3, 1] }, got: 'fc.bias [3, 1] instead of [3]' },
  'all of these': {
    drop: ['conv1.weight', 'bn1.bias'],
    set: { 'fc.weight': [64, 3], 'fc.bias': [2], 'fc.scale': [], 'layer9.weight': [1] },
    got:
      'conv1.weight [16, 1, 3, 3] missing; bn1.bias [16] missing; fc.weight [64, 3] instead of [3, 64]; ' +
      'fc.bias [2] instead of [3]; fc.scale [] unexpected; layer9.weight [1] unexpected',
  },
}

describe('tensors that do not fit are listed all at once', () => {
  for (const [name, { drop = [], set = {}, got }] of Object.entries(MISFITS))
    it(name, () => {
      const tensors = new Map(stored.tensors)
      for (const dropped of drop) tensors.delete(dropped)
      for (const [changed, shape] of Object.entries(set))
        tensors.set(changed, { dtype: 'F32', shape, data: new Float32Array(sizeOf(shape)) })
      const failure = failureOf(fileOf(tensors))
      expect(failure).toBeInstanceOf(WeightError)
      expect(failure).toMatchObject({
        where: 'runs/best.safetensors',
        expected: `the ${trained.tensors.size} tensors of resnet8`,
        got,
      })
    })

  it('when the card is of another network', () => {
    const card = JSON.stringify({ ...CARD, attention: 'gct', classes: ['a', 'b'] })
    const failure = failureOf(fileOf(stored.tensors, { excite: card }))
    expect(failure).toBeInstanceOf(WeightError)
    expect((failure as WeightError).got).toMatch(
      /^conv1\.0\.alpha \[1, 1, 1, 1\] missing; .*; and \d+ more$/,
    )
  })

  it('a tensor of 64-bit integers', () => {
    const { shape } = stored.tensors.get('fc.bias') as StoredTensor
    const integers = { dtype: 'I64', shape, data: new BigInt64Array(3) } as const
    const failure = failureOf(fileOf(new Map([...stored.tensors, ['fc.bias', integers]])))
    expect(failure).toBeInstanceOf(ExciteError)
  })
})

const WRITTEN_BY_TRAIN = 'weights that excite wrote, with an excite card in their metadata'

describe('a damaged card', () => {
  const without = (key: keyof Card): object =>
    Object.fromEntries(Object.entries(CARD).filter(([name]) => name !== key))

  const CARDS: Readonly<Record<string, readonly [card: object | string | undefined, got: string]>> =
    {
      absent: [undefined, 'none'],
      empty: ['', 'a card that is not JSON'],
      'cut off': [JSON.stringify(CARD).slice(0, -1), 'a card that is not JSON'],
      'of no object': ['null', 'a card with '],
      'without a model': [without('model'), 'a card with model: '],
      'without a height': [without('height'), 'a card with height: '],
      'of one class': [{ ...CARD, classes: ['all'] }, 'a card with classes: '],
      'of classes without names': [{ ...CARD, classes: ['a', 2] }, 'a card with classes.1: '],
      'of no channels': [{ ...CARD, channels: 0 }, 'a card with channels: '],
      'of an image that nobody has': [
        { ...CARD, height: 1e9, width: 1e9 },
        'a card with height: expected a whole number from 1 to 4096',
      ],
      'of half a pixel': [{ ...CARD, width: 9.5 }, 'a card with width: '],
      'of a mean that is text': [{ ...CARD, mean: ['0'] }, 'a card with mean.0: '],
      'of a std of zero': [{ ...CARD, std: [0] }, 'a card with std.0: '],
      'of an unknown stride': [
        { ...CARD, variations: { strideIn: '2x2' } },
        'a card with variations.strideIn: expected strideIn among 1x1, 3x3',
      ],
      'of an unknown variation': [
        { ...CARD, variations: { width: 2 } },
        'a card with variations: ',
      ],
      'of fields unknown': [{ ...CARD, strideIn: '1x1' }, 'Unrecognized key: "strideIn"'],
    }

  for (const [name, [card, got]] of Object.entries(CARDS))
    it(`is refused: ${name}`, () => {
      const text = typeof card === 'object' ? JSON.stringify(card) : card
      const failure = failureOf(fileOf(stored.tensors, text === undefined ? {} : { excite: text }))
      expect(failure).toBeInstanceOf(FileError)
      expect(failure).toMatchObject({ where: 'runs/best.safetensors', expected: WRITTEN_BY_TRAIN })
      expect((failure as FileError).got).toContain(got)
    })

  it.each([
    [{ model: 'resnet9' }, 'Did you mean resnet8?'],
    [{ attention: 'see' }, 'Did you mean se?'],
    [
      { variations: { pooling: 'ceil' } },
      'expected variations among norm, dropout, shortcut, got pooling',
    ],
    [{ attention: 'se:reduction=0' }, 'expected reduction as a number above 0'],
  ])('that asks for %j says what there is', (change, message) => {
    const failure = failureOf(
      fileOf(stored.tensors, { excite: JSON.stringify({ ...CARD, ...change }) }),
    )
    expect(failure).toBeInstanceOf(UsageError)
    expect((failure as UsageError).message).toContain(message)
  })

  it('that asks for an attention that every object has', () => {
    const excite = JSON.stringify({ ...CARD, attention: 'constructor' })
    expect(failureOf(fileOf(stored.tensors, { excite }))).toBeInstanceOf(ExciteError)
  })

  it('whose mean is not one number a channel', () => {
    const excite = JSON.stringify({ ...CARD, mean: [] })
    expect(failureOf(fileOf(stored.tensors, { excite }))).toBeInstanceOf(FileError)
  })
})

it('a card of version 0.1, which said deviation, is read as of now', () => {
  const { std, ...rest } = CARD
  const excite = JSON.stringify({ ...rest, deviation: std })
  expect(readTrained(fileOf(stored.tensors, { excite }), 'old').card).toEqual(CARD)
})

it('a card of version 0.1 keeps SimAM where it stood', () => {
  const { std, ...rest } = CARD
  const attentionOf = (attention: object): string | undefined => {
    const excite = JSON.stringify({ ...rest, attention: undefined, deviation: std, ...attention })
    return readCard(excite, 'old').attention
  }
  expect(attentionOf({ model: 'simam-resnet8' })).toBe('simam:at=inside')
  expect(attentionOf({ attention: 'simam:lambda=0.1' })).toBe('simam:lambda=0.1,at=inside')
  expect(attentionOf({ attention: 'simam:at=pre' })).toBe('simam:at=pre')
  const now = JSON.stringify({ ...CARD, attention: 'simam' })
  expect(readCard(now, 'new').attention).toBe('simam')
})

it('a damaged file is the reader’s to refuse', () => {
  expect(failureOf(bytes.subarray(0, -1))).toBeInstanceOf(FileError)
  expect(failureOf(Buffer.from('no weights at all'))).toBeInstanceOf(FileError)
})

it('reads or refuses a file whose header has changed bytes', () => {
  const header = Number(new DataView(bytes.buffer).getBigUint64(0, true))
  const change = fc.tuple(fc.nat(7 + header), fc.integer({ min: 32, max: 126 }))
  fc.assert(
    fc.property(fc.array(change, { minLength: 1, maxLength: 3 }), changes => {
      const copy = Uint8Array.from(bytes)
      for (const [at, value] of changes) copy[at] = value
      const failure = failureOf(copy)
      if (failure !== undefined && !(failure instanceof ExciteError)) throw failure
    }),
    { seed: 1, numRuns: 200 },
  )
})
