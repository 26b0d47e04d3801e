/**
 * What timm, torchvision and Cadene's pretrainedmodels call the networks that stand here
 * (timm/models/resnet.py, sknet.py, senet.py, inception_v3.py; pretrainedmodels/models/senet.py).
 */

/** By their name for it: the model here. */
export const OTHER_NAMES: Readonly<Record<string, string>> = {
  resnet18: 'resnet18',
  resnet34: 'resnet34',
  resnet50: 'resnet50',
  resnet101: 'resnet101',
  resnet152: 'resnet152',
  resnext50_32x4d: 'resnext50',
  resnext101_32x4d: 'resnext101',
  seresnet50: 'se-resnet50',
  seresnet101: 'se-resnet101',
  seresnet152: 'se-resnet152',
  seresnext50_32x4d: 'se-resnext50',
  seresnext101_32x4d: 'se-resnext101',
  senet154: 'senet154',
  skresnet18: 'skresnet18',
  skresnet34: 'skresnet34',
  skresnext50_32x4d: 'sknet50',
  inception_v3: 'inception_v3',
  inception_resnet_v2: 'inception_resnet_v2',
  legacy_seresnet18: 'se-resnet18',
  legacy_seresnet34: 'se-resnet34',
  legacy_seresnet50: 'se-resnet50',
  legacy_seresnet101: 'se-resnet101',
  legacy_seresnet152: 'se-resnet152',
  legacy_seresnext50_32x4d: 'se-resnext50',
  legacy_seresnext101_32x4d: 'se-resnext101',
  legacy_senet154: 'senet154',
  se_resnet50: 'se-resnet50',
  se_resnet101: 'se-resnet101',
  se_resnet152: 'se-resnet152',
  se_resnext50_32x4d: 'se-resnext50',
  se_resnext101_32x4d: 'se-resnext101',
}
