/** Exchanging a layer of a network. */

import { describe, expect, it } from 'vitest'
import { GraphError } from '../errors.ts'
import { model } from '../models/registry.ts'
import { lambda, replaceLayer, variables } from './index.ts'

const names = (network: Parameters<typeof variables>[0]): readonly string[] =>
  variables(network).map(({ name }) => name)

describe('replaceLayer', () => {
  const { network } = model('se-resnet20')

  it('takes out one layer with its parameters, and leaves the given network as it was', () => {
    const before = names(network)
    const after = names(
      replaceLayer(
        network,
        'layer2.1.se',
        lambda(x => x),
      ),
    )
    expect(after).toEqual(before.filter(name => !name.startsWith('layer2.1.se.')))
    expect(before.length - after.length).toBe(4)
    expect(names(network)).toEqual(before)
  })

  it('finds its way through lists', () => {
    const { network } = model('sk-resnet20')
    const all = names(network)
    const inside = all.find(name => name.includes('.paths.1.')) ?? expect.fail('no branches')
    const path = inside.slice(0, inside.indexOf('.paths.1.') + '.paths.1'.length)
    expect(
      names(
        replaceLayer(
          network,
          path,
          lambda(x => x),
        ),
      ),
    ).toEqual(all.filter(name => !name.startsWith(`${path}.`)))
  })

  it.each(['layer2.9.se', 'layer2.1.se.fc1.weight', 'toString', 'layer2.1.se.fc1.bias.x'])(
    'refuses %s, where no layer stands',
    path => {
      const change = () =>
        replaceLayer(
          network,
          path,
          lambda(x => x),
        )
      expect(change).toThrow(GraphError)
      expect(change).toThrow(`${path}: expected a layer of the network, got none`)
    },
  )
})
