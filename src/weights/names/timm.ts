/**
 * timm where its names are not torchvision's: in SK networks a convolution and its normalization are
 * one layer; ECA is called se (timm/models/resnet.py: attn_layer='eca'); VGG's classifier is made of
 * convolutions (timm/models/vgg.py).
 */

import type { Naming } from './naming.ts'

export const timmSK: Naming = {
  name: 'timm-sk',
  describe: "timm's SK networks: layer1.0.conv1.conv.weight, layer1.0.conv1.bn.weight",
  sign: /\.conv\d\.bn\.weight$/,
  rules: [
    [/\.conv(\d)\.conv\./, '.conv$1.'],
    [/\.conv(\d)\.bn\./, '.bn$1.'],
  ],
  networks: [
    // The floor of its fused features is 8 where ours, as the authors', is 32.
    [/^resnet(?:50|101|152)d?$/, { attention: 'sk:split=true,floor=8' }],
  ],
}

export const timmECA: Naming = {
  name: 'timm-eca',
  describe: "timm's ECA networks: layer1.0.se.conv.weight",
  sign: /\.se\.conv\.weight$/,
  rules: [[/\.se\.conv\./, '.eca.conv.']],
  networks: [[/^resne(?:x?t)\d+/, { attention: 'eca' }]],
}

export const timmVGG: Naming = {
  name: 'timm-vgg',
  describe: "timm's VGG: features.0.weight, pre_logits.fc1.weight, head.fc.weight",
  sign: /^pre_logits\.fc1\./,
  rules: [
    [/^pre_logits\.fc1\./, 'classifier.0.'],
    [/^pre_logits\.fc2\./, 'classifier.3.'],
    [/^head\.fc\./, 'classifier.6.'],
  ],
}
