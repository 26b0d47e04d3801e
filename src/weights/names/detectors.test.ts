/** Names of torchvision's detectors, of newer files and of older ones, are those here. */

import { expect, it } from 'vitest'
import { model } from '../../models/registry.ts'
import { initialize, variables } from '../../nn/index.ts'
import { importWeights } from '../import.ts'
import { writeSafetensors } from '../safetensors.ts'
import { bareNames, renamed } from './index.ts'
import { torchvision } from './torchvision.ts'

const { network } = model('fasterrcnn-resnet18', { classes: 1, pyramid: 32 })
const ours = variables(network).map(({ name }) => name)
const older = (name: string): string =>
  name.replace(/(_blocks\.\d)\.0/, '$1').replace('head.conv.0.0', 'head.conv')

it.each([
  ['newer', ours],
  ['older', ours.map(older)],
])('%s', (_, theirs) => {
  const bare = bareNames(theirs)
  const own = renamed(torchvision, [...bare.values()])
  expect(theirs.map(name => own.get(bare.get(name) ?? ''))).toEqual(ours)
})

it('a file is read as a detector of one class less than its rows', () => {
  const values = initialize(network, 0)
  const tensors = new Map(
    variables(network).map(({ name, tensor: { shape } }) => [
      older(name),
      { dtype: 'F32' as const, shape, data: values.get(name) ?? new Float32Array() },
    ]),
  )
  const made = importWeights(writeSafetensors(tensors), 'detector.safetensors', {
    model: 'fasterrcnn-resnet18',
    variations: { pyramid: 32 },
  })
  expect(made.trained.card).toMatchObject({ task: 'detection', classes: ['0'] })
  expect(made.trained.model.classes).toBe(1)
})
