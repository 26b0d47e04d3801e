/**
 * Cadene's pretrainedmodels (Cadene/pretrained-models.pytorch, models/senet.py) and timm's legacy
 * networks taken from it (timm/models/senet.py: legacy_seresnet50 and others). All pool as Caffe
 * does; SE-ResNet strides in the first 1×1, SE-ResNeXt and SENet-154 in the 3×3; in timm's
 * legacy_seresnet18 and 34 a ReLU stands between the last normalization and SE.
 */

import type { Naming } from './naming.ts'

export const cadene: Naming = {
  name: 'cadene',
  describe:
    'pretrainedmodels, timm legacy_*: layer0.conv1.weight, layer1.0.se_module.fc1.weight, last_linear.weight',
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
    [/resnet(18|34)$/, { attention: 'se:rectify=true', variations: { pooling: 'ceil' } }],
    [/resnet(50|101|152)$/, { variations: { pooling: 'ceil', strideIn: '1x1' } }],
    [/resnext(50|101)$/, { variations: { pooling: 'ceil', strideIn: '3x3' } }],
  ],
}

/** The same for SENet-154, whose stem's first pair is not the last. */
export const cadeneDeep: Naming = {
  ...cadene,
  name: 'cadene-deep',
  describe: 'pretrainedmodels, timm legacy_senet154: layer0.conv1 to layer0.conv3',
  rules: [[/^layer0\.conv1\./, 'conv1.0.'], [/^layer0\.bn1\./, 'conv1.1.'], ...cadene.rules],
  networks: [[/senet154$/, { variations: { pooling: 'ceil' } }]],
}
