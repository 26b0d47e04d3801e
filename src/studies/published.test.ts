/** Every figure that the papers print, against what the networks here count. */

import { describe, expect, it } from 'vitest'
import { type ModelOptions, model, modelNames } from '../models/registry.ts'
import { summarize } from '../models/summary.ts'
import { compared } from './comparison.ts'
import { PUBLISHED, type Published } from './published.ts'

/** Which printed figures ours do not bear out. */
const unlike = (name: string, published: Published): readonly string[] => {
  const { agrees, ours } = compared(name, published)
  return [
    ...(agrees.parameters ? [] : [`${ours.parameters / 1e6} M`]),
    ...(agrees.multiplyAdds
      ? []
      : [`${ours.multiplyAdds / 1e9} G to ${ours.allOperations / 1e9} G`]),
  ]
}

const rows = Object.entries(PUBLISHED).flatMap(([name, all]) =>
  all.map(published => [name, published] as const),
)
const title = ([name, { source, options = {}, parameters, multiplyAdds }]: (typeof rows)[number]) =>
  `${name} ${JSON.stringify(options)}, ${source}: ${parameters ?? '-'} M, ${multiplyAdds ?? '-'} G`

describe('the papers print', () => {
  for (const one of rows) {
    const [name, published] = one
    if (published.difference === undefined)
      it(title(one), () => {
        expect(unlike(name, published)).toEqual([])
      })
    else
      it(`${title(one)}, which ours is not: ${published.difference}`, () => {
        expect(unlike(name, published)).not.toEqual([])
      })
  }

  it('of networks that are listed', () => {
    expect(Object.keys(PUBLISHED).filter(name => !modelNames.includes(name))).toEqual([])
  })
})

describe('learnable parameters', () => {
  const biasFree: ModelOptions = { attention: 'se:bias=false' }
  it.each<readonly [name: string, options: ModelOptions, wanted: number]>([
    ['senet154', {}, 115_088_984],
    ['resnet200', {}, 64_673_832],
    ['skresnet18', {}, 11_958_056],
    ['skresnet34', {}, 22_282_376],
    ['preresnet110', {}, 1_730_522],
    ['preresnet110', biasFree, 1_742_618],
    ['wrn16_8', {}, 10_961_370],
    ['wrn16_8', biasFree, 11_047_386],
    ['vgg16_bn', {}, 138_365_992],
    ['vgg16_bn', biasFree, 138_365_992 + 226_304],
    ['se-vgg16_bn', {}, 138_365_992 + 226_304 + 4488],
    ['gct-vgg16_bn', {}, 138_365_992 + 11_145],
    ['mobilenet', biasFree, 4_231_976 + 479_744],
    // 216 / 16 hidden features are 13, not 13.5: 216 weights less than (2/r)·Σ C² = 610,632.
    ['shufflenet_g3', biasFree, 1_865_728 + 610_632 - 216],
    ['shufflenet_v2_x0_5', {}, 1_366_792],
    ['shufflenet_v2_x1_0', {}, 2_278_604],
    ['inception_v3', {}, 23_834_568],
    ['mobilenet_v3_small', {}, 2_542_856],
    ['mobilenet_v3_large', {}, 5_483_032],
    ['efficientnet_b0', {}, 5_288_548],
    ['inception_resnet_v2', {}, 55_843_464],
    ['resnext29_8x64d', {}, 34_426_698],
    ['resnext29_16x32d', {}, 25_136_970],
    ['resnext29_16x64d', {}, 68_155_210],
    ['sknet29', {}, 27_813_450],
    ['se-resnext29_16x32d', {}, 25_658_778],
  ])('%s %j: %d', (name, options, wanted) => {
    expect(summarize(model(name, options)).parameters).toBe(wanted)
  })

  it('SENet-154 costs 20.69 G', () => {
    expect((summarize(model('senet154')).multiplyAdds / 1e9).toFixed(2)).toBe('20.69')
  })
})
