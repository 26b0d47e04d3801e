/** Networks that differ in their attention begin with the same values in all that they share. */

import { expect, it } from 'vitest'
import { gct } from '../attention/gct.ts'
import { initialize, variables } from '../nn/index.ts'
import { type Model, model } from './registry.ts'
import { resnet } from './resnet.ts'

const SEED = 5

/** First values by the name without the place that an attention before a convolution takes. */
const first = ({ network }: Model): ReadonlyMap<string, Float32Array> => {
  const values = initialize(network, SEED)
  return new Map(
    [...values].map(([name, data]) => [name.replace(/(conv\d)\.1\.weight$/, '$1.weight'), data]),
  )
}

it.each([
  ['gct', 'resnet8'],
  ['se:at=before-conv', 'resnet8'],
  ['se', 'resnet8'],
  ['se:squeeze=none,at=inside', 'resnet8'],
  ['sk', 'resnet8'],
])('%s in %s', (attention, name) => {
  const plain = first(model(name))
  const other = first(model(name, { attention }))
  const shared = [...plain.keys()].filter(key => other.has(key))
  const random = shared.filter(key => /(conv\d|fc)\.weight$/.test(key))
  expect(random.length).toBeGreaterThan(4)
  for (const key of shared) expect(other.get(key), key).toEqual(plain.get(key))
})

it('behind a projection too', () => {
  const size = { block: 'basic', depths: [1, 1], stem: 'cifar', planes: 4 } as const
  const plain = initialize(resnet(size), SEED)
  const gated = initialize(resnet({ ...size, attention: gct() }), SEED)
  const wanted = plain.get('layer2.0.downsample.0.weight')
  expect(wanted).toBeDefined()
  expect(gated.get('layer2.0.downsample.1.weight')).toEqual(wanted)
})

it('and no two parameters draw the same values', () => {
  for (const attention of ['gct', 'se:at=before-conv', 'sk']) {
    const drawn = variables(model('resnet8', { attention }).network).map(({ seedName }) => seedName)
    expect(new Set(drawn).size).toBe(drawn.length)
  }
})
