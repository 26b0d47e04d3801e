/** Model cards: the facts of the run stand in them, and text from outside is no markup. */

import { expect, it } from 'vitest'
import { modelOf, type Trained } from '../weights/trained.ts'
import { modelCard, type RunFacts } from './modelCard.ts'

const card = {
  model: 'se-resnet8',
  classes: ['cat', '<b>|dog'],
  channels: 3,
  height: 16,
  width: 12,
  mean: [0.5, 0.25, 0.125],
  std: [1, 1, 1],
}
const trained: Trained = { card, model: modelOf(card), tensors: new Map() }
const epoch = { learningRate: 0.1, testLoss: 0.5, testTop5: 0.99, seconds: 30 }
const run: RunFacts = {
  data: 'shapes',
  seed: 7,
  engine: 'onnxruntime',
  recipe: {
    epochs: 3,
    batch: 32,
    learningRate: 0.1,
    weightDecay: 5e-4,
    labelSmoothing: 0.1,
    optimizer: { kind: 'sgd' },
    schedule: { kind: 'cosine' },
  },
  history: [
    { ...epoch, epoch: 1, testTop1: 0.5 },
    { ...epoch, epoch: 2, testTop1: 0.75 },
    { ...epoch, epoch: 3, testTop1: 0.625 },
  ],
}
const options = {
  file: 'model.onnx',
  bytes: 12345,
  format: 'onnx',
  which: 'best',
  version: '1.2.3',
} as const

it('tells what was trained, on what and how well', () => {
  const text = modelCard(trained, { ...options, run })
  for (const fact of [
    '# se-resnet8',
    'model.onnx, 12,345 bytes',
    '`[N, 3, 16, 12]`',
    'mean 0.5, 0.25, 0.125',
    '| Data | shapes |',
    '| Epochs | 3 of 3 |',
    '| Seed | 7 |',
    '| Epoch | 2 |',
    '| Top-1 | 75.00 % |',
    'slightly optimistic',
    "InferenceSession.create('model.onnx')",
    'Written by Excite 1.2.3.',
  ])
    expect(text).toContain(fact)
  expect(text).toMatch(/\| Parameters \| \d\d,\d{3} \|/)
  expect(text).toContain('cat, \\<b\\>\\|dog.')
})

it('tells how a network differs from its name, and how images are cut', () => {
  const varied = { ...card, variations: { dropout: 0.1 }, cropPct: 0.875 }
  const text = modelCard({ card: varied, model: modelOf(varied), tensors: new Map() }, options)
  expect(text).toContain('| Variations | dropout 0.1 |')
  expect(text).toContain('12×16 divided by 0.875, 12×16 cut out of the center')
})

it('tells the last epoch where that was asked for', () => {
  const text = modelCard(trained, { ...options, run, which: 'last' })
  expect(text).toContain('| Top-1 | 62.50 % |')
  expect(text).not.toContain('optimistic')
})

it('tells where imported weights come from, and claims no accuracy', () => {
  const origin = { source: 'a_file.pth', sha256: 'abc', naming: 'cadene', notes: ['mind this'] }
  const text = modelCard(
    { ...trained, card: { ...card, origin } },
    { ...options, format: 'safetensors', file: 'a.safetensors' },
  )
  expect(text).toContain('from a\\_file.pth (SHA-256 `abc`)')
  expect(text).toContain('- mind this')
  expect(text).toContain("load_file('a.safetensors')")
  expect(text).not.toContain('## Results')
})
