/**
 * torchvision, timm's newer networks, and Excite itself: the names are the same. A head may be a
 * Sequential that ends in the classifier. timm's senet154 pads its pooling; torchvision's Inception-v3
 * was trained on pixels from −1 to 1, to which it turns ImageNet's normalization back by itself, and
 * has an auxiliary classifier.
 */

import type { Naming } from './naming.ts'
import { PREPROCESSING } from './preprocessing.ts'

export const torchvision: Naming = {
  name: 'torchvision',
  describe: 'torchvision and timm: layer1.0.conv1.weight, layer1.0.se.fc1.weight, fc.weight',
  rules: [
    [/^fc\.\d\./, 'fc.'],
    // Detectors before 0.14, the published ones among them, lack a Sequential around convolutions.
    [/\.(inner|layer)_blocks\.(\d)\.(weight|bias)$/, '.$1_blocks.$2.0.$3'],
    [/^rpn\.head\.conv\.(weight|bias)$/, 'rpn.head.conv.0.0.$1'],
  ],
  ignored: /^AuxLogits\./,
  networks: [
    [/senet154$/, { variations: { pooling: 'padded' } }],
    [
      /inception_v3$/,
      {
        preprocessing: PREPROCESSING.inception,
        note: 'its auxiliary classifier, where it has one, is left out',
      },
    ],
  ],
}
