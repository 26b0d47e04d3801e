/**
 * Parity with PyTorch for the relatives of SE, SK and GCT, recorded by record_other_attention.py in float64
 * from the authors' code, written there a second time: output, loss, all gradients and running
 * statistics, on all engines.
 */

import { expect, it } from 'vitest'
import { bottleneckAttention } from '../../src/attention/bam.ts'
import { convolutionalBlockAttention } from '../../src/attention/cbam.ts'
import { coordinateAttention } from '../../src/attention/coordinate.ts'
import { efficientChannelAttention } from '../../src/attention/eca.ts'
import { frequencyChannelAttention } from '../../src/attention/fca.ts'
import { globalContext } from '../../src/attention/gc.ts'
import { gatedChannelTransformation } from '../../src/attention/gct.ts'
import { type GEOptions, gatherExcite } from '../../src/attention/ge.ts'
import { attentionNames } from '../../src/attention/registry.ts'
import { simpleAttention } from '../../src/attention/simam.ts'
import { splat, splitAttention } from '../../src/attention/splitAttention.ts'
import { styleRecalibration } from '../../src/attention/srm.ts'
import type { Shape } from '../../src/graph/index.ts'
import { resnet } from '../../src/models/resnet.ts'
import type { Layer } from '../../src/nn/index.ts'
import { CLASSES, describeParity } from './compare.ts'

const SMALL = [4, 16, 6, 5]
const SQUARE = [4, 16, 7, 7]
const NARROW = { reduction: 4 }

const ge = (channels: number, options: GEOptions): Layer =>
  gatherExcite(channels, { ...NARROW, maps: new Map([[16, 7]]), ...options })

type Block = readonly [block: Layer, shape: Shape]

const BLOCKS: Readonly<Record<string, Block>> = {
  'ge theta-minus, global': [ge(16, {}), SMALL],
  'ge theta-minus, extent 2': [ge(16, { extent: 2 }), SMALL],
  'ge theta-minus, extent 4': [ge(16, { extent: 4 }), [2, 16, 9, 11]],
  'ge theta-minus, extent 8': [ge(8, { extent: 8 }), [2, 8, 17, 10]],
  'ge theta, global': [ge(16, { variant: 'theta' }), SQUARE],
  'ge theta, extent 2': [ge(16, { variant: 'theta', extent: 2 }), SMALL],
  'ge theta, extent 4': [ge(8, { variant: 'theta', extent: 4 }), [4, 8, 9, 11]],
  'ge theta-plus, global': [ge(16, { variant: 'theta-plus' }), SQUARE],
  'ge theta-plus, extent 8': [ge(8, { variant: 'theta-plus', extent: 8 }), [4, 8, 17, 10]],
  'eca of 16': [efficientChannelAttention(16), SMALL],
  'eca of 256': [efficientChannelAttention(256), [2, 256, 3, 2]],
  'eca of 9 wide': [efficientChannelAttention(16, { kernel: 9 }), SMALL],
  cbam: [convolutionalBlockAttention(16, NARROW), SMALL],
  'cbam, frozen': [convolutionalBlockAttention(16, NARROW), SMALL],
  'cbam without places': [convolutionalBlockAttention(16, { ...NARROW, spatial: false }), SMALL],
  'cbam of kernel 3': [convolutionalBlockAttention(16, { ...NARROW, kernel: 3 }), SMALL],
  bam: [bottleneckAttention(16, NARROW), [4, 16, 9, 8]],
  'bam, frozen': [bottleneckAttention(16, NARROW), [4, 16, 9, 8]],
  'bam by addition': [bottleneckAttention(16, { ...NARROW, combine: 'add' }), [4, 16, 9, 8]],
  srm: [styleRecalibration(16), SMALL],
  'srm, frozen': [styleRecalibration(16), SMALL],
  gc: [globalContext(16, NARROW), SMALL],
  'gc of means': [globalContext(16, { ...NARROW, pooling: 'mean' }), SMALL],
  'gc by multiplication': [globalContext(16, { ...NARROW, fusion: 'mul' }), SMALL],
  'fca at 7': [frequencyChannelAttention(16, NARROW), SQUARE],
  'fca at 14': [frequencyChannelAttention(32, NARROW), [2, 32, 14, 14]],
  'fca of a map of 9 by 8': [frequencyChannelAttention(16, NARROW), [4, 16, 9, 8]],
  'fca of a map of 4 by 3': [frequencyChannelAttention(16, NARROW), [4, 16, 4, 3]],
  'fca of 32 frequencies': [
    frequencyChannelAttention(32, { ...NARROW, frequencies: 32 }),
    [4, 32, 7, 7],
  ],
  'fca of 8 low frequencies': [
    frequencyChannelAttention(16, { ...NARROW, frequencies: 8, selection: 'low' }),
    [3, 16, 7, 7],
  ],
  'fca of 12 channels': [frequencyChannelAttention(12, NARROW), [4, 12, 7, 7]],
  simam: [simpleAttention(), SMALL],
  'simam, lambda 0.1': [simpleAttention({ lambda: 0.1 }), SMALL],
  ca: [coordinateAttention(16), SMALL],
  'ca, frozen': [coordinateAttention(16), SMALL],
  'ca, wider': [coordinateAttention(16, { reduction: 2, floor: 4 }), SMALL],
  splat: [splitAttention(8, 8), [16, 8, 6, 5]],
  'splat, frozen': [splitAttention(8, 8), [4, 8, 6, 5]],
  'splat of 3, grouped, stride 2': [
    splitAttention(24, 12, { stride: 2, group: 2 }, { radix: 3, floor: 8 }),
    [4, 24, 7, 6],
  ],
  'splat of 1': [splitAttention(8, 16, {}, { radix: 1, floor: 8 }), [4, 8, 6, 5]],
  'splat, pooled stride': [
    splitAttention(8, 8, { stride: 2 }, { floor: 8, avd: true }),
    [16, 8, 7, 6],
  ],
  'gct, l1 embedding': [gatedChannelTransformation(16, { embedding: 'l1' }), SMALL],
  'gct, l-infinity embedding': [gatedChannelTransformation(16, { embedding: 'linf' }), SMALL],
  'gct, l1 normalization': [gatedChannelTransformation(16, { normalization: 'l1' }), SMALL],
  'gct, mean and variance': [gatedChannelTransformation(16, { normalization: 'meanvar' }), SMALL],
  'gct, sigmoid': [gatedChannelTransformation(16, { gate: 'sigmoid' }), SMALL],
  'gct, 1 + elu': [gatedChannelTransformation(16, { gate: 'elu' }), SMALL],
}

describeParity(
  'blocks',
  'otherAttention',
  Object.fromEntries(
    Object.entries(BLOCKS).map(([name, [network, shape]]) => [
      name,
      { network, shape, frozen: name.endsWith('frozen') },
    ]),
  ),
)

const options = {
  block: 'bottleneck',
  stem: 'deep',
  poolFirst: true,
  depths: [1, 2, 1, 1],
  planes: 8,
  stemWidth: 8,
  classes: CLASSES,
} as const
describeParity('networks', 'otherAttention', {
  'resnest, an eighth as wide': {
    network: resnet({ ...options, attention: splat({ avd: true }) }),
    shape: [8, 3, 32, 32],
  },
})

it('has a recording for every relative', () => {
  const own = attentionNames.filter(name => !['se', 'sk'].includes(name))
  expect(own.filter(name => !Object.keys(BLOCKS).some(block => block.startsWith(name)))).toEqual([])
})
