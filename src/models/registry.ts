/** Networks by the names people know: a backbone, or the name of an attention before one: `se-`, `eca-`. */

import type { Attention } from '../attention/attention.ts'
import {
  type AttentionName,
  isAttention,
  type PluggedAttention,
  parseAttention,
} from '../attention/registry.ts'
import { GraphError, UsageError } from '../errors/index.ts'
import { suggestion } from '../errors/suggest.ts'
import type { AnyLayer, Initializer, TaskNetwork } from '../nn/index.ts'
import { aliasOf, lookalike } from './aliases.ts'
import type { Backbone, Family, NetworkOptions } from './backbone.ts'
import { BN_INCEPTION } from './bninception.ts'
import { CIFAR } from './cifar.ts'
import { DETECTOR, detectorOn } from './detection/detectors.ts'
import { EFFICIENTNET } from './efficientnet.ts'
import { INCEPTION_RESNET } from './inceptionresnet.ts'
import { INCEPTION_V3 } from './inceptionv3.ts'
import { MOBILENET } from './mobilenet.ts'
import { MOBILENET_V3 } from './mobilenetv3.ts'
import { RESNETS } from './resnetVariants.ts'
import { SHAKE_SHAKE } from './shakeshake.ts'
import { SHUFFLENET } from './shufflenet.ts'
import { SHUFFLENETV2 } from './shufflenetv2.ts'
import { checkVariations, type Variations, variationsIn } from './variations.ts'
import { VGG } from './vgg.ts'

/** Every family; a name stands in one of them only. */
const BACKBONES = {
  ...RESNETS,
  ...VGG,
  ...BN_INCEPTION,
  ...INCEPTION_V3,
  ...INCEPTION_RESNET,
  ...MOBILENET,
  ...SHUFFLENET,
  ...SHUFFLENETV2,
  ...MOBILENET_V3,
  ...EFFICIENTNET,
  ...CIFAR,
  ...SHAKE_SHAKE,
} satisfies Family

/** The names of the backbones that Excite knows. */
export type BackboneName = keyof typeof BACKBONES
export const backboneNames = Object.keys(BACKBONES) as readonly BackboneName[]

const registered = new Map<string, Backbone>()

const backboneOf = (name: string): Backbone | undefined =>
  Object.hasOwn(BACKBONES, name) ? BACKBONES[name as BackboneName] : registered.get(name)

/** The papers' own attentions, listed with every backbone; any other goes by its prefix too. */
const LISTED = ['se', 'sk', 'gct'] as const satisfies readonly AttentionName[]

/** Whether a backbone has a place for an attention. */
const fits = (
  { positions, replaceable }: Backbone,
  { attention }: PluggedAttention,
  at = attention.kind === 'recalibration' ? attention.at : undefined,
): boolean =>
  at === undefined ? replaceable : positions.includes(at === 'second-conv' ? 'inside' : at)

export interface ModelInfo {
  /** As it is asked for. */
  readonly name: string
  /** What it is, in a line. */
  readonly describe: string
  /** Height and width of the images it was designed for. */
  readonly size: number
  /** The task that it is for; classification unless given. */
  readonly task?: string | undefined
}

/** The networks that are listed: backbones, and their variants with the papers' attentions. */
export const modelNames: readonly string[] = Object.entries<Backbone>(BACKBONES).flatMap(
  ([name, backbone]) => [
    name,
    ...LISTED.filter(
      prefix => backbone.attention === undefined && fits(backbone, parseAttention(prefix)),
    ).map(prefix => `${prefix}-${name}`),
  ],
)

/** The detectors that are listed; any other residual backbone makes one, too. */
export const detectorNames: readonly string[] = ['resnet18', 'resnet50', 'resnet101'].flatMap(
  name => [`${DETECTOR}${name}`, ...LISTED.map(prefix => `${DETECTOR}${prefix}-${name}`)],
)

/** What a network is told besides its name. */
export interface ModelOptions extends Variations {
  /** As many logits; the paper's unless given. */
  readonly classes?: number | undefined
  /** Channels of the images: 1 or 3. */
  readonly channels?: number | undefined
  /** How convolutions begin. */
  readonly initialize?: Initializer | undefined
  /** As text, such as `se:reduction=8,at=pre`, or `none`, or built; in place of the one in the name. */
  readonly attention?: string | Attention | undefined
}

/** A network as it is written down, in a run's configuration and in a card. */
export interface NetworkRecord {
  readonly model: string
  readonly attention?: string | undefined
  readonly variations?: Variations | undefined
  /** Whether code decides it that no registry knows: it cannot be built from this record. */
  readonly custom?: boolean | undefined
}

/** A network, ready to be trained or filled with weights. */
export interface Model extends ModelInfo {
  /** Its layers. */
  readonly network: TaskNetwork
  /** How many logits it gives. */
  readonly classes: number
  /** Channels of its images. */
  readonly channels: number
  /** The attention in place of the name's own, as text. */
  readonly attention?: string | undefined
  /** What it was told besides its name and attention. */
  readonly variations?: Variations
  /** Whether code decides it that no registry knows, so that its record cannot rebuild it. */
  readonly custom?: boolean
  /** The same network begun otherwise; absent where its maker chose how it begins. */
  readonly beginning?: (initialize: Initializer) => TaskNetwork
}

interface Named {
  readonly backbone: Backbone
  readonly attention: string | undefined
}

/** Where all names are. */
const LIST = 'All names: models.names, or excite models'

/** A detector by the name of its backbone, with or without an attention. */
const findDetector = (name: string): Named => {
  const found = find(name.slice(DETECTOR.length))
  const backbone = detectorOn(found.backbone)
  if (backbone === undefined)
    throw new UsageError({
      where: `model ${name}`,
      expected: 'a residual backbone for ImageNet',
      got: name.slice(DETECTOR.length),
      hint: `For example: ${DETECTOR}resnet50`,
    })
  return { ...found, backbone }
}

const find = (name: string): Named => {
  if (name.startsWith(DETECTOR) && !registered.has(name)) return findDetector(name)
  const [, prefix, base = name] =
    backboneOf(name) === undefined ? (/^([a-z]+)-(.+)$/.exec(name) ?? []) : []
  const backbone = backboneOf(base)
  const known = prefix === undefined || isAttention(prefix)
  if (backbone === undefined || !known || (prefix !== undefined && backbone.attention)) {
    const alias = aliasOf(name)
    const here = [alias?.model, alias?.attention].filter(Boolean).join(' with attention ')
    const other = alias
      ? `It is ${here} here`
      : lookalike(name) && 'It computes otherwise than the networks here that have its tensors'
    throw new UsageError({
      where: `model ${name}`,
      expected: 'the name of a network',
      got: name || 'none',
      hint:
        other ?? suggestion(name, [...modelNames, ...detectorNames, ...registered.keys()]) ?? LIST,
    })
  }
  return { backbone, attention: prefix ?? backbone.attention }
}

/** The attention that a name brings, in front of the backbone's or as part of it, as text. */
export const attentionOf = (name: string): string | undefined => find(name).attention

/**
 * What a name stands for, without building it.
 * @param given - the attention in place of the name's own, or `none`, as text
 */
export const describeModel = (name: string, given?: string): ModelInfo => {
  const { backbone, attention } = find(name)
  const { attention: own, describe, size, task } = backbone
  const plugged = given ?? (own === undefined ? attention : undefined)
  const text =
    own !== undefined
      ? plugged && `, with ${plugged} in place of its own attention`
      : plugged && plugged !== 'none' && ` with ${plugged.split(':')[0].toUpperCase()}`
  return { name, describe: `${describe}${text || ''}`, size, ...(task && { task }) }
}

/** An attention as it is written down; one that is not registered by its name alone. */
const textOf = (attention: string | Attention | undefined): string | undefined =>
  typeof attention === 'object' ? (attention.spec ?? attention.name) : attention

/** What is to be plugged in: read where it is written down, else as it was built. */
const pluggedOf = (attention: string | Attention | undefined): PluggedAttention | undefined => {
  if (attention === undefined || attention === 'none') return undefined
  if (typeof attention === 'string') return parseAttention(attention)
  return attention.spec === undefined ? { attention } : parseAttention(attention.spec)
}

const checkPlace = (name: string, backbone: Backbone, plugged: PluggedAttention): void => {
  if (fits(backbone, plugged)) return
  const { attention } = plugged
  throw new UsageError({
    where: `model ${name}`,
    expected:
      backbone.positions.length > 0
        ? `an attention at ${backbone.positions.join(', ')}`
        : 'no attention: its own is part of it',
    got:
      attention.kind === 'recalibration'
        ? `${attention.name} at ${attention.at}`
        : `${attention.name}, which replaces a spatial convolution`,
  })
}

/** Whether a layer with a role, such as an attention, stands anywhere in a layer. */
const holdsPart = ({ role, children }: AnyLayer): boolean =>
  role !== undefined ||
  Object.values(children)
    .flat()
    .some(child => child?.kind === 'layer' && holdsPart(child))

const STAGES = [1, 2, 3, 4, 5]

/** Refuses stages in which nothing would stand. */
const checkStages = (
  name: string,
  { attention, stages = [] }: PluggedAttention,
  build: (stages: readonly number[]) => TaskNetwork,
): void => {
  const hasPlace = (stage: number): boolean => holdsPart(build([stage]))
  const empty = stages.filter(stage => !hasPlace(stage))
  if (empty.length === 0) return
  const at = attention.kind === 'recalibration' ? ` at ${attention.at}` : ''
  throw new UsageError({
    where: `model ${name}`,
    expected: `stages with a place for ${attention.name}${at}: ${STAGES.filter(hasPlace).join(', ')}`,
    got: empty.join(', '),
  })
}

/**
 * Builds a network.
 * @throws UsageError for an unknown name or attention, with the nearest known one; for a variation
 * that the network does not know, with those it does; for stages in which the attention would not be;
 * for an attention that the network's channels cannot be divided for
 */
export const model = (name: string, options: ModelOptions = {}): Model => {
  const { backbone, attention } = find(name)
  const { attention: given = attention, initialize, ...rest } = options
  const plugged = pluggedOf(given)
  const text = textOf(given)
  const { classes = backbone.classes, channels = 3, ...variations } = rest
  if (plugged !== undefined) checkPlace(name, backbone, plugged)
  checkVariations(`model ${name}`, variations, backbone.variations)
  for (const [option, value] of Object.entries({ classes, channels }))
    if (!Number.isInteger(value) || value < 1)
      throw new UsageError({
        where: `model ${name}`,
        expected: `a whole number of ${option} from 1`,
        got: `${value}`,
      })
  const own = { ...plugged, ...variationsIn(variations), classes, channels }
  const build = (more: Partial<NetworkOptions>): TaskNetwork => {
    try {
      return backbone.build({ ...own, ...more })
    } catch (cause) {
      if (!(cause instanceof GraphError)) throw cause
      const { expected, got, hint = 'Other options of the attention may fit' } = cause
      const where = `model ${name}${text === undefined ? '' : ` with ${text}`}`
      throw new UsageError({ where, expected, got, hint }, { cause })
    }
  }
  if (plugged !== undefined) checkStages(name, plugged, stages => build({ stages }))
  return {
    ...describeModel(name, text === attention ? undefined : text),
    network: build(initialize === undefined ? {} : { initialize }),
    classes,
    channels,
    attention: text === attention ? undefined : text,
    variations: variationsIn(variations),
    ...(typeof given === 'object' && given.spec === undefined ? { custom: true } : {}),
    ...(initialize === undefined ? { beginning: initialize => build({ initialize }) } : {}),
  }
}

/** A network of the user's own layers, which only its code can build again. */
export const customModel = (
  name: string,
  network: TaskNetwork,
  options: { readonly classes: number; readonly channels?: number; readonly size?: number },
): Model => {
  const { classes, channels = 3, size = 32 } = options
  return { name, describe: 'a network of your own', size, network, classes, channels, custom: true }
}

/** What a network of the user's own must say to be registered. */
export interface RegisteredModel extends Partial<Omit<Backbone, 'build'>> {
  /** Height and width of the images that it is for. */
  readonly size: number
  /** Makes the network. */
  build(
    options: NetworkOptions & { readonly classes: number; readonly channels: number },
  ): TaskNetwork
}

/** Makes a network of options. */
export type ModelMaker = (options?: ModelOptions) => Model

/**
 * Makes a network of the user's own known by name, so that it can be built again from what is
 * written down of it, wherever it is registered.
 */
export const registerModel = (name: string, given: RegisteredModel): ModelMaker => {
  if (!/^[\w.-]+$/.test(name) || Object.hasOwn(BACKBONES, name))
    throw new UsageError({
      where: 'register.model',
      expected: 'a name of letters, digits, _ and - that no network has yet',
      got: name,
    })
  registered.set(name, {
    describe: 'a network of your own',
    classes: 10,
    positions: [],
    replaceable: false,
    variations: [],
    ...given,
  })
  return options => model(name, options)
}

/** What is written down of a network, in a configuration and in a card. */
export const recordOf = ({ name, attention, variations = {}, custom }: Model): NetworkRecord => ({
  model: name,
  ...(attention === undefined ? {} : { attention }),
  ...(Object.keys(variations).length === 0 ? {} : { variations }),
  ...(custom ? { custom } : {}),
})

/**
 * Builds the network that is written down, for images of so many channels and classes.
 * @throws UsageError for one that holds code which only its maker has
 */
export const networkOf = (
  { model: name, attention, variations, custom }: NetworkRecord,
  options: Pick<ModelOptions, 'classes' | 'channels' | 'initialize'> = {},
): Model => {
  if (custom)
    throw new UsageError({
      where: `network ${name}`,
      expected: 'the network itself, which holds code of your own',
      got: `its name${attention === undefined ? '' : ` and that of its attention, ${attention}`}`,
      hint: 'Pass it as the option network, or register its parts before you build it',
    })
  return model(name, { ...variations, attention, ...options })
}
