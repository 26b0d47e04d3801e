/** Names of torchvision's detectors, of newer files and of older ones, are those here. */

import { expect, it } from 'vitest'
import { model } from '../../models/registry.ts'
import { variables } from '../../nn/index.ts'
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
