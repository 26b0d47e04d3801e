/**
 * Cadene's pretrainedmodels (Cadene/pretrained-models.pytorch), whose head is last_linear everywhere.
 * Its SE networks (models/senet.py) and timm's legacy ones taken from it (legacy_seresnet50 and others)
 * pool as Caffe does; SE-ResNet strides in the first 1×1, SE-ResNeXt and SENet-154 in the 3×3; in
 * timm's legacy_seresnet18 and 34 a ReLU stands between the last normalization and SE. Its other
 * ResNets are torchvision's (models/torchvision_models.py), but for those called cafferesnet.
 */

import type { Naming } from './naming.ts'
import { PREPROCESSING } from './preprocessing.ts'

export const cadene: Naming = {
  name: 'cadene',
  describe:
    'pretrainedmodels, timm legacy_*: layer0.conv1.weight, layer1.0.se_module.fc1.weight, last_linear.weight',
  sign: /\.se_module\./,
  rules: [
    // SENet-154 has three convolutions in its stem, the others one.
    [/^layer0\.conv2\./, 'conv1.3.'],
    [/^layer0\.bn2\./, 'conv1.4.'],
    [/^layer0\.conv3\./, 'conv1.6.'],
    [/^layer0\.bn3\./, 'bn1.'],
    [/^layer0\./, ''],
    [/\.se_module\./, '.se.'],
    [/^last_linear\./, 'fc.'],
  ],
  networks: [
    [/^se-resnet(18|34)$/, { attention: 'se:rectify=true', variations: { pooling: 'ceil' } }],
    [/^se-resnet(50|101|152)$/, { variations: { pooling: 'ceil', strideIn: '1x1' } }],
    [/^se-resnext(50|101)$/, { variations: { pooling: 'ceil', strideIn: '3x3' } }],
  ],
}

/** The same for SENet-154, whose stem's first pair is not the last. */
export const cadeneDeep: Naming = {
  ...cadene,
  name: 'cadene-deep',
  describe: 'pretrainedmodels, timm legacy_senet154: layer0.conv1 to layer0.conv3',
  sign: /^layer0\.conv3\./,
  rules: [[/^layer0\.conv1\./, 'conv1.0.'], [/^layer0\.bn1\./, 'conv1.1.'], ...cadene.rules],
  networks: [[/senet154$/, { variations: { pooling: 'ceil' } }]],
}

const HEAD = /^last_linear\./

export const pretrainedmodels: Naming = {
  name: 'pretrainedmodels',
  describe: "pretrainedmodels' other networks: conv1.weight, last_linear.weight",
  sign: HEAD,
  rules: [[HEAD, 'fc.']],
  networks: [
    [
      /^resnet101$/,
      {
        note: "read as torchvision's resnet101. pretrainedmodels' cafferesnet101 has the same tensors but strides in the first 1×1, pools in ceil mode and takes blue, green, red from 0 to 255: for that one say strideIn 1x1, pooling ceil and preprocessing caffe",
      },
    ],
    [/^bn_inception$/, { preprocessing: PREPROCESSING['caffe-bninception'] }],
    [/^inception_v3$/, { preprocessing: PREPROCESSING.inception }],
  ],
}

export const pretrainedmodelsInception: Naming = {
  name: 'pretrainedmodels-inception',
  describe: "pretrainedmodels' Inception-ResNet-v2: conv2d_1a.conv.weight, last_linear.weight",
  sign: HEAD,
  rules: [[HEAD, 'classif.']],
  networks: [[/^inception_resnet_v2$/, { preprocessing: PREPROCESSING.inception }]],
}
