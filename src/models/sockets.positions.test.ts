/** Where attention stands in the networks that are not ResNets: how often, and at which positions. */

import { describe, expect, it } from 'vitest'
import { POSITIONS, type Position } from '../attention/attention.ts'
import { variables } from '../nn/index.ts'
import { inferenceGraph } from './inferenceGraph.ts'
import { type Model, type ModelOptions, model } from './registry.ts'

const RESIDUAL: readonly Position[] = [
  'standard',
  'pre',
  'post',
  'identity',
  'inside',
  'before-conv',
]
const LINE: readonly Position[] = ['standard', 'inside', 'before-conv']
const MODULES: readonly Position[] = ['standard', 'pre', 'before-conv']
const BRANCH: readonly Position[] = ['standard', 'pre', 'inside', 'before-conv']
const MIXED: readonly Position[] = ['standard', 'pre', 'post', 'identity', 'before-conv']

interface Place {
  readonly positions: readonly Position[]
  /** Blocks that SE, and convolutions that GCT, comes to; spatial convolutions that SK replaces. */
  readonly se: number
  readonly gct: number
  readonly sk?: number
}

const PLACES: Readonly<Record<string, Place>> = {
  vgg16_bn: { positions: LINE, se: 13, gct: 13, sk: 13 },
  bn_inception: { positions: MODULES, se: 10, gct: 69 },
  inception_v3: { positions: MODULES, se: 11, gct: 94 },
  inception_resnet_v2: { positions: RESIDUAL, se: 40, gct: 244 },
  mobilenet: { positions: BRANCH, se: 13, gct: 27, sk: 13 },
  shufflenet_g3: { positions: [...RESIDUAL, 'stage-end'], se: 16, gct: 49, sk: 16 },
  shufflenet_v2_x0_5: { positions: [...BRANCH, 'stage-end'], se: 16, gct: 56, sk: 16 },
  shake26_2x96d: { positions: MIXED, se: 12, gct: 55, sk: 24 },
  shake29_2x4x64d: { positions: MIXED, se: 9, gct: 58, sk: 18 },
}

const smallest = (name: string): number => (name.includes('inception') ? 75 : 32)

const countOf = ({ network }: Model, ending: string): number =>
  variables(network).filter(({ name }) => name.endsWith(ending)).length

/** How many of a network's variables its logits depend on: all, where nothing stands unused. */
const used = (found: Model): number => {
  const side = smallest(found.name)
  return inferenceGraph(found, 1, [side, side]).inputs.length - 1
}

const plug = (attention: string): ModelOptions => ({ attention })

describe.each(Object.entries(PLACES))('%s', (name, { positions, se, gct, sk }) => {
  it(`has ${se} places for SE, ${gct} for GCT, ${sk ?? 0} for SK`, () => {
    expect(countOf(model(name, plug('se')), '.se.fc1.weight')).toBe(se)
    expect(countOf(model(name, plug('gct')), '.alpha')).toBe(gct)
    if (sk === undefined) expect(() => model(name, plug('sk'))).toThrow('spatial convolution')
    else expect(countOf(model(name, plug('sk')), '.attn.fc_reduce.weight')).toBe(sk)
  })

  it.each(positions)('uses SE at %s', at => {
    const found = model(name, plug(`se:at=${at}`))
    const all = variables(found.network).length
    expect(all).toBeGreaterThan(variables(model(name).network).length)
    expect(used(found)).toBe(all)
  })

  it('has no place elsewhere', () => {
    // The second convolution of a unit is its inside where units are no sequences.
    const within = positions.includes('inside') ? [...positions, 'second-conv'] : positions
    for (const at of POSITIONS.filter(at => !within.includes(at)))
      expect(() => model(name, plug(`se:at=${at}`))).toThrow(`got se at ${at}`)
  })

  it('gives the stages asked for only', () => {
    const inStage = (stage: number): number => {
      try {
        return countOf(model(name, plug(`se:stages=${stage}`)), '.se.fc1.weight')
      } catch (error) {
        expect(error).toMatchObject({ got: `${stage}` })
        return 0
      }
    }
    const all = [1, 2, 3, 4, 5].map(inStage)
    expect(all.reduce((sum, count) => sum + count)).toBe(se)
    expect(all[3]).toBeGreaterThan(0)
    expect(all[3]).toBeLessThan(se)
  })
})
