/** The networks by name, each made of its options: `models.resnet20({ classes: 10 })`. */

import { type BackboneName, backboneNames, type ModelMaker, model } from './registry.ts'

const makers = Object.fromEntries(
  backboneNames.map(name => [name, options => model(name, options)]),
) as Readonly<Record<BackboneName, ModelMaker>>

export const {
  resnet18,
  resnet34,
  resnet50,
  resnet101,
  resnet152,
  resnet200,
  resnet18d,
  resnet26d,
  resnet34d,
  resnet50d,
  resnet101d,
  resnet152d,
  resnet200d,
  resnext50,
  resnext50_36x4d,
  resnext56,
  resnext101,
  senet154,
  sknet26,
  sknet50,
  sknet101,
  skresnet18,
  skresnet34,
  resnest14,
  resnest26,
  resnest50,
  resnest101,
  vgg16_bn,
  bn_inception,
  inception_v3,
  inception_resnet_v2,
  mobilenet,
  shufflenet_g3,
  shufflenet_v2_x0_5,
  shufflenet_v2_x1_0,
  mobilenet_v3_small,
  mobilenet_v3_large,
  efficientnet_b0,
  resnet8,
  resnet14,
  resnet20,
  resnet32,
  resnet44,
  resnet56,
  resnet110,
  preresnet110,
  resnet164,
  wrn16_8,
  resnext29_8x64d,
  resnext29_16x32d,
  resnext29_16x64d,
  sknet29,
  shake26_2x96d,
  shake29_2x4x64d,
} = makers

export type { Backbone, NetworkOptions } from './backbone.ts'
export { type FibinetOptions, fibinet, type Interaction } from './fibinet.ts'
export { inferenceGraph } from './inferenceGraph.ts'
export {
  customModel as custom,
  describeModel as describe,
  type Model as Network,
  type ModelMaker,
  type ModelOptions,
  model as named,
  modelNames as names,
  type RegisteredModel,
} from './registry.ts'
export { type ResNetOptions, resnet } from './resnet.ts'
