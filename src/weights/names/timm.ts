/** What timm calls the networks that stand here under other names (timm/models/resnet.py, sknet.py, senet.py). */

/** By timm's architecture: the model. */
export const TIMM_MODELS: Readonly<Record<string, string>> = {
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
  skresnext50_32x4d: 'sknet50',
  legacy_seresnet50: 'se-resnet50',
  legacy_seresnet101: 'se-resnet101',
  legacy_seresnet152: 'se-resnet152',
  legacy_seresnext50_32x4d: 'se-resnext50',
  legacy_seresnext101_32x4d: 'se-resnext101',
}
