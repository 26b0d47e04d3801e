/**
 * timm's MobileNetV3 and EfficientNet (timm/models/mobilenetv3.py, efficientnet.py): stages of blocks
 * whose parts have names of their own, where torchvision counts them: blocks.1.0.conv_dw is
 * features.2.block.1.0. A block's first parts are missing where it neither widens nor excites, so
 * places depend on what a block has.
 *
 * Its tf_ networks have the same tensors and pad as TensorFlow does, to the same size, which no
 * network here can.
 */

import type { Naming } from './naming.ts'

const BLOCK = /^blocks\.(\d+)\.(\d+)\.(\w+)\.(.+)$/

/** The parts of a block in order, by its last convolution: widening, depthwise, excitation, narrowing. */
const INVERTED = ['conv_pw', 'conv_dw', 'se', 'conv_pwl']
const SEPARABLE = ['conv_dw', 'se', 'conv_pw']

const NOTE =
  "timm's tf_ networks have the same tensors but pad their images as TensorFlow does: weights of one of these would answer otherwise here"

/** Renames a block's parts; `place` says where the block stands in `features`. */
const layoutOf =
  (place: (stage: number, index: number, sizes: readonly number[]) => string, last: string) =>
  (names: readonly string[]) => {
    const parts = new Map<string, Set<string>>()
    for (const name of names) {
      const [, stage, index, part] = BLOCK.exec(name) ?? []
      if (stage === undefined) continue
      const block = `${stage}.${index}`
      parts.set(block, (parts.get(block) ?? new Set()).add(part))
    }
    const sizes: number[] = []
    for (const block of parts.keys()) {
      const stage = Number(block.split('.')[0])
      sizes[stage] = (sizes[stage] ?? 0) + 1
    }
    return (name: string): string => {
      const [, stage, index, part, rest] = BLOCK.exec(name) ?? []
      if (stage === undefined) return name
      const own = parts.get(`${stage}.${index}`) ?? new Set()
      // The last stage of MobileNetV3 is one convolution.
      if (own.has('conv')) return `${last}.${part === 'conv' ? 0 : 1}.${rest}`
      const order = (own.has('conv_pwl') ? INVERTED : SEPARABLE).filter(one => own.has(one))
      const convolutions = order.filter(one => one !== 'se')
      const norm = /^bn(\d)$/.exec(part)?.[1]
      const at = order.indexOf(norm === undefined ? part : convolutions[Number(norm) - 1])
      const within = part === 'se' ? '' : norm === undefined ? '0.' : '1.'
      const tail = rest.replace('conv_reduce.', 'fc1.').replace('conv_expand.', 'fc2.')
      return `features.${place(Number(stage), Number(index), sizes)}.block.${at}.${within}${tail}`
    }
  }

const STEM = [
  [/^conv_stem\./, 'features.0.0.'],
  [/^bn1\./, 'features.0.1.'],
] as const

export const timmMobileNet: Naming = {
  name: 'timm-mobilenetv3',
  describe: "timm's MobileNetV3: conv_stem.weight, blocks.1.0.conv_pw.weight",
  sign: /^blocks\.\d+\.0\.conv\.weight$/,
  rules: [
    ...STEM,
    [/^conv_head\./, 'classifier.0.'],
    [/^classifier\.(weight|bias)$/, 'classifier.3.$1'],
  ],
  // Blocks are counted through all stages; one convolution follows the last.
  layout: names => {
    const blocks = new Set(names.map(name => BLOCK.exec(name)?.slice(1, 3).join('.')))
    blocks.delete(undefined)
    const before = (stage: number, sizes: readonly number[]): number =>
      sizes.slice(0, stage).reduce((sum, size) => sum + size, 1)
    return layoutOf(
      (stage, index, sizes) => `${before(stage, sizes) + index}`,
      `features.${blocks.size}`,
    )(names)
  },
  networks: [[/^mobilenet_v3/, { epsilon: { theirs: 1e-5, ours: 1e-3 }, note: NOTE }]],
}

export const timmEfficientNet: Naming = {
  name: 'timm-efficientnet',
  describe: "timm's EfficientNet: conv_stem.weight, blocks.1.0.conv_pw.weight, conv_head.weight",
  sign: /^conv_stem\./,
  rules: [
    ...STEM,
    [/^conv_head\./, 'features.8.0.'],
    [/^bn2\./, 'features.8.1.'],
    [/^classifier\.(weight|bias)$/, 'classifier.1.$1'],
  ],
  layout: layoutOf((stage, index) => `${stage + 1}.${index}`, 'features.8'),
  networks: [[/^efficientnet/, { note: NOTE }]],
}
