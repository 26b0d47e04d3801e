/**
 * What timm, torchvision and Cadene's pretrainedmodels call the networks that stand here
 * (timm/models/resnet.py, sknet.py, resnest.py, senet.py, mobilenetv3.py, efficientnet.py;
 * pretrainedmodels/models/senet.py).
 */

import type { Variations } from './variations.ts'

/** A network as it is called here. */
export interface Alias {
  readonly model: string
  readonly attention?: string
  readonly variations?: Variations
}

/** Their prefixes of ResNets, and ours. */
const PREFIXES = { '': '', tv_: '', se: 'se-', eca: 'eca-', legacy_se: 'se-', se_: 'se-' } as const

const RESNETS: readonly (readonly [theirs: string, ours: string])[] = [
  ...['18', '34', '50', '101', '152', '200'].map(
    depth => [`resnet${depth}`, `resnet${depth}`] as const,
  ),
  ...['18d', '26d', '34d', '50d', '101d', '152d', '200d'].map(
    depth => [`resnet${depth}`, `resnet${depth}`] as const,
  ),
  ['resnext50_32x4d', 'resnext50'],
  ['resnext101_32x4d', 'resnext101'],
]

/** timm's SE rounds its hidden layer up to eights; that of its legacy networks does not. */
const FLOORED: Readonly<Record<string, Alias>> = {
  seresnet18: { model: 'se-resnet18', attention: 'se:floor=8' },
  seresnet34: { model: 'se-resnet34', attention: 'se:floor=8' },
}

const SPLIT = 'sk:split=true,floor=8'

const OTHERS: Readonly<Record<string, Alias>> = {
  ...FLOORED,
  resnet50c: { model: 'resnet50', variations: { stem: 'deep' } },
  skresnet18: { model: 'skresnet18' },
  skresnet34: { model: 'skresnet34' },
  skresnet50: { model: 'resnet50', attention: SPLIT },
  skresnet50d: { model: 'resnet50d', attention: SPLIT },
  skresnext50_32x4d: { model: 'sknet50' },
  resnest14d: { model: 'resnest14' },
  resnest26d: { model: 'resnest26' },
  resnest50d: { model: 'resnest50' },
  resnest101e: { model: 'resnest101' },
  senet154: { model: 'senet154' },
  legacy_senet154: { model: 'senet154' },
  vgg16_bn: { model: 'vgg16_bn' },
  bninception: { model: 'bn_inception' },
  inception_v3: { model: 'inception_v3' },
  inceptionv3: { model: 'inception_v3' },
  inception_resnet_v2: { model: 'inception_resnet_v2' },
  inceptionresnetv2: { model: 'inception_resnet_v2' },
  mobilenet_v3_small: { model: 'mobilenet_v3_small' },
  mobilenet_v3_large: { model: 'mobilenet_v3_large' },
  mobilenetv3_small_100: { model: 'mobilenet_v3_small' },
  mobilenetv3_large_100: { model: 'mobilenet_v3_large' },
  efficientnet_b0: { model: 'efficientnet_b0' },
  shufflenet_v2_x0_5: { model: 'shufflenet_v2_x0_5' },
  shufflenet_v2_x1_0: { model: 'shufflenet_v2_x1_0' },
}

const ALIASES: ReadonlyMap<string, Alias> = new Map([
  ...Object.entries(PREFIXES).flatMap(([theirs, ours]) =>
    RESNETS.map(([name, model]): [string, Alias] => [
      `${theirs}${name}`,
      { model: `${ours}${model}` },
    ]),
  ),
  ...Object.entries(OTHERS),
])

/** The network that others call so; undefined for a name that none of them has. */
export const aliasOf = (name: string): Alias | undefined => ALIASES.get(name)

/** Networks whose tensors are those of one here, but which compute otherwise. */
const LOOKALIKES =
  /(?:se)?resnet(?:blur|aa)\w*|cafferesnet\w*|(?<![a-z])tf_\w+|ecaresnetlight\w*|resnetv2_\w+/i

/** A network that a text, such as the name of a file, speaks of and that only looks like one here. */
export const lookalike = (text: string): string | undefined => LOOKALIKES.exec(text)?.[0]
