/** ResNets of mmpretrain (OpenMMLab) and of Hugging Face's transformers, which compute as torchvision's. */

import type { Naming } from './naming.ts'

export const openmmlab: Naming = {
  name: 'openmmlab',
  describe: 'mmpretrain: backbone.layer1.0.se_layer.conv1.conv.weight, head.fc.weight',
  sign: /^head\.fc\./,
  rules: [
    [/\.se_layer\.conv(\d)\.conv\./, '.se.fc$1.'],
    [/^head\.fc\./, 'fc.'],
  ],
}

export const transformers: Naming = {
  name: 'transformers',
  describe: 'transformers: resnet.encoder.stages.0.layers.0.layer.0.convolution.weight',
  sign: /embedder\.convolution\.weight$/,
  rules: [
    [/^(?:resnet\.)?embedder\.embedder\.convolution\./, 'conv1.'],
    [/^(?:resnet\.)?embedder\.embedder\.normalization\./, 'bn1.'],
    [/^(?:resnet\.)?encoder\.stages\./, 'stages.'],
    ...[0, 1, 2, 3].map(i => [new RegExp(`^stages\\.${i}\\.layers\\.`), `layer${i + 1}.`] as const),
    ...[0, 1, 2].flatMap(i => [
      [new RegExp(`\\.layer\\.${i}\\.convolution\\.`), `.conv${i + 1}.`] as const,
      [new RegExp(`\\.layer\\.${i}\\.normalization\\.`), `.bn${i + 1}.`] as const,
    ]),
    [/\.shortcut\.convolution\./, '.downsample.0.'],
    [/\.shortcut\.normalization\./, '.downsample.1.'],
    [/^classifier\.1\./, 'fc.'],
  ],
}
