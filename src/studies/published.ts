/**
 * What the papers print about the size and cost of their networks, under the names that these have
 * here: SENet (arXiv:1709.01507v4), SKNet (arXiv:1903.06586), GCT (CVPR 2020).
 *
 * The papers' GFLOPs are multiply-adds of convolutions and fully connected layers, with none or some
 * of the other operations. SENet's and GCT's parameters include running statistics; of SKNet's, some
 * rows do, and most do not.
 */

import type { ModelOptions } from '../models/registry.ts'

/** What a paper prints of a network. */
export interface Published {
  /** The paper and its table. */
  readonly source: string
  /** What the paper's network has that the name does not say. */
  readonly options?: ModelOptions | undefined
  /** Height and width at which the cost is counted, if not the network's own. */
  readonly size?: number | undefined
  /** In millions, with the digits printed. */
  readonly parameters?: string | undefined
  /** Whether these include running statistics. */
  readonly statistics?: boolean | undefined
  /** In 10⁹, with the digits printed. */
  readonly multiplyAdds?: string | undefined
  /** Why ours differ by more than the rounding. */
  readonly difference?: string | undefined
}

type Figures = readonly [parameters: string | undefined, multiplyAdds: string | undefined]

const row = (
  source: string,
  [parameters, multiplyAdds]: Figures,
  more: Omit<Published, 'source' | 'parameters' | 'multiplyAdds'> = {},
): Published => ({
  source,
  parameters,
  multiplyAdds,
  ...more,
})

const V1 = { strideIn: '1x1' } as const
const biasFree = (options = ''): ModelOptions => ({ attention: `se:bias=false${options}`, ...V1 })
const sk = (attention: string): { options: ModelOptions } => ({ options: { attention } })

const senet = (multiplyAdds: string, more: Partial<Published> = {}): Published =>
  row('SENet, Table 2', [undefined, multiplyAdds], more)
const mobile = (...[figures, more]: [Figures, Partial<Published>?]): Published =>
  row('SENet, Table 3', figures, more)
const ablation = (table: number, figures: Figures, options: string): Published =>
  row(`SENet, Table ${table}`, figures, { statistics: true, options: biasFree(options) })
const gct = (figures: Figures, more: Partial<Published> = {}): Published =>
  row('GCT, Table 2', figures, { statistics: true, size: 224, ...more })
/** Its convolutions have no biases there, ours, torchvision's, do: half of the running statistics. */
const vgg = (figures: Figures): Published => gct(figures, { statistics: false })
const sknet = (...[figures, more]: [Figures, Partial<Published>?]): Published =>
  row('SKNet, Table 2', figures, more)
const kernels = (figures: Figures, attention: string): Published =>
  row('SKNet, Table 7', figures, sk(attention))
const second = (figures: Figures, branch: string, statistics = false): Published =>
  row('SKNet, Table 6', figures, { ...sk(`sk:branches=3+${branch}`), statistics })
const light = (figures: Figures, difference: string): Published =>
  row('SKNet, Table 4', figures, { difference })
const cifar = (parameters: string, difference?: string): Published =>
  row('SKNet, Table 5', [parameters, undefined], { difference })

const OWN_V2 =
  "the authors' own variant of ShuffleNetV2, which they do not describe; ours is torchvision's"
const OTHER_SE = `${OWN_V2}, and where they put SE is not said`
const INCEPTION_RESNET =
  'ours has the parameters of timm and Cadene, at 299²; SENet does not say what it counts'
const SHUFFLE = 'the paper seems to cut digits off'

/** The papers' figures, by the name of the network. */
export const PUBLISHED: Readonly<Record<string, readonly Published[]>> = {
  resnet50: [
    senet('3.86', { options: V1 }),
    row('SENet, Table 10', ['25.6', '3.86'], { statistics: true, options: V1 }),
    ablation(10, ['45.7', undefined], ',reduction=2'),
    ablation(10, ['35.7', undefined], ',reduction=4'),
    {
      ...ablation(10, ['30.7', undefined], ',reduction=8'),
      difference: 'with its running statistics 30.64, as every other row of the table has it',
    },
    ablation(10, ['28.1', undefined], ''),
    ablation(10, ['26.9', undefined], ',reduction=32'),
    ablation(13, ['25.6', '3.86'], ',stages=2'),
    ablation(13, ['25.7', '3.86'], ',stages=3'),
    ablation(13, ['26.4', '3.86'], ',stages=4'),
    ablation(13, ['28.1', '3.87'], ',stages=2+3+4+5'),
    ablation(15, ['25.8', '3.86'], ',at=inside'),
    ablation(16, ['28.1', '4.27'], ',squeeze=none'),
    gct(['25.61', '3.879'], { options: V1 }),
  ],
  resnet101: [senet('7.58', { options: V1 })],
  resnet152: [senet('11.30', { options: V1 })],
  resnext50: [
    senet('4.24'),
    sknet(['25.0', '4.24']),
    gct(['25.10', '3.795'], { options: V1 }),
    sknet(['25.4', '4.31'], { options: { attention: 'bam' } }),
    sknet(['27.7', '4.25'], {
      options: { attention: 'cbam' },
      difference: 'as much less as with SE',
    }),
  ],
  resnext50_36x4d: [row('SKNet, Table 3', ['27.6', '4.70'], { statistics: true })],
  resnext56: [row('SKNet, Table 3', ['27.3', '4.67'])],
  resnext101: [
    senet('7.99'),
    sknet(['44.3', '7.99'], { statistics: true }),
    sknet(['44.6', '8.05'], {
      options: { attention: 'bam' },
      difference: 'with running statistics 44.67 M; the paper seems to cut digits off',
    }),
    sknet(['49.2', '8.00'], {
      options: { attention: 'cbam' },
      difference: 'as much less as with SE',
    }),
  ],
  'se-resnet50': [senet('3.87', { options: V1 }), gct(['28.14', '3.893'], { options: V1 })],
  'se-resnet101': [senet('7.60', { options: V1 })],
  'se-resnet152': [senet('11.32', { options: V1 })],
  'se-resnext50': [
    senet('4.25'),
    sknet(['27.7', '4.25'], { difference: "ours is timm's size; unexplained" }),
    gct(['27.63', '3.809'], { options: V1 }),
  ],
  'se-resnext101': [
    senet('8.00'),
    sknet(['49.2', '8.00'], { difference: "ours is timm's size; unexplained" }),
  ],
  'gct-resnet50': [gct(['25.68', '3.900'], { options: V1 })],
  'gct-resnext50': [gct(['25.19', '3.821'], { options: V1 })],
  sknet50: [
    sknet(['27.5', '4.47']),
    second(['27.5', '4.47'], '7'),
    second(['27.5', '4.47'], '5'),
    second(['27.5', '4.47'], '3'),
    second(['28.1', '4.56'], '5x5/2', true),
    second(['28.1', '4.55'], '7x7/4', true),
    kernels(['27.5', '4.47'], 'sk:branches=3+7'),
    kernels(['27.5', '4.47'], 'sk:branches=5+7'),
    { ...kernels(['29.3', '4.70'], 'sk:branches=3+5+7'), statistics: true },
    kernels(['25.0', '4.24'], 'sk:branches=3,select=false'),
    kernels(['25.0', '4.24'], 'sk:branches=5,select=false'),
    kernels(['25.0', '4.24'], 'sk:branches=7,select=false'),
    kernels(['26.5', '4.46'], 'sk:branches=3+5,select=false'),
    kernels(['26.5', '4.46'], 'sk:branches=3+7,select=false'),
    kernels(['26.5', '4.46'], 'sk:branches=5+7,select=false'),
    { ...kernels(['28.0', '4.69'], 'sk:branches=3+5+7,select=false'), statistics: true },
  ],
  sknet101: [sknet(['48.9', '8.46'], { statistics: true })],
  vgg16_bn: [senet('15.47'), vgg(['138.37', '15.497'])],
  'se-vgg16_bn': [senet('15.48'), vgg(['138.60', '15.525'])],
  'gct-vgg16_bn': [vgg(['138.38', '15.516'])],
  bn_inception: [senet('2.03')],
  'se-bn_inception': [senet('2.04')],
  inception_v3: [
    gct(['23.87', '2.847']),
    sknet(['27.1', '5.73'], {
      difference: 'with the auxiliary classifier, 27.16 M; ours has none',
    }),
  ],
  'se-inception_v3': [gct(['25.53', '2.851'])],
  'gct-inception_v3': [gct(['23.99', '2.862'])],
  inception_resnet_v2: [
    senet('11.75', { difference: INCEPTION_RESNET }),
    sknet(['55.0', '13.22'], { difference: "ours is timm's size; unexplained" }),
  ],
  'se-inception_resnet_v2': [senet('11.76', { difference: INCEPTION_RESNET })],
  mobilenet: [mobile(['4.2', '0.569'])],
  'se-mobilenet': [mobile(['4.7', '0.572'])],
  shufflenet_g3: [mobile(['1.8', '0.140'], { difference: SHUFFLE })],
  'se-shufflenet_g3': [mobile(['2.4', '0.142'], { difference: SHUFFLE })],
  shufflenet_v2_x0_5: [
    light(['1.40', '0.04039'], OWN_V2),
    row('SKNet, Table 4 (reference)', ['1.4', '0.041']),
  ],
  'se-shufflenet_v2_x0_5': [light(['1.56', '0.04085'], OTHER_SE)],
  'sk-shufflenet_v2_x0_5': [light(['1.48', '0.04258'], OWN_V2)],
  shufflenet_v2_x1_0: [
    light(['2.45', '0.14035'], OWN_V2),
    row('SKNet, Table 4 (reference)', ['2.3', '0.146']),
  ],
  'se-shufflenet_v2_x1_0': [light(['2.66', '0.14173'], OTHER_SE)],
  'sk-shufflenet_v2_x1_0': [light(['2.63', '0.14566'], OWN_V2)],
  resnext29_16x32d: [{ ...cifar('25.2'), statistics: true }],
  resnext29_8x64d: [cifar('34.4')],
  resnext29_16x64d: [cifar('68.1', 'the paper seems to cut digits off')],
  'se-resnext29_16x32d': [
    cifar('35.0', 'no reduction of SE on this network gives 35.0 M; r = 16 gives 25.66'),
  ],
  sknet29: [cifar('27.7', 'its branches are in a supplement; 1×1 and 3×3, r = 32 give 27.81')],
}
