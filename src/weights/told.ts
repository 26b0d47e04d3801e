/** What the tensors of a file tell of their network besides its name: options that change shapes. */

import { ecaKernel } from '../attention/eca.ts'
import type { Shape } from '../graph/index.ts'
import { attentionOf, type NetworkRecord } from '../models/registry.ts'
import type { Variations } from '../models/variations.ts'
import type { Named } from './match.ts'
import { ownNetwork } from './names/index.ts'

type Shapes = ReadonlyMap<string, Shape>
type Options = Readonly<Record<string, string>>

/** The tensors whose names end so, by what stands before. */
const endingIn = (shapes: Shapes, end: string): readonly (readonly [string, Shape])[] =>
  [...shapes].flatMap(([name, shape]) =>
    name.endsWith(end) ? [[name.slice(0, -end.length), shape] as const] : [],
  )

/** SE's layers: whether they have biases, and how narrow the hidden one is. */
const squeezeExcite = (shapes: Shapes): Options => {
  const hidden = endingIn(shapes, '.se.fc1.weight').map(([, [width, channels]]) => ({
    width,
    channels,
  }))
  if (hidden.length === 0) return {}
  const reduction = Math.max(...hidden.map(({ width, channels }) => channels / width))
  const floor = Math.min(...hidden.map(({ width }) => width))
  const isFloored = hidden.some(({ width, channels }) => Math.floor(channels / reduction) < width)
  return {
    ...(endingIn(shapes, '.se.fc1.bias').length === 0 ? { bias: 'false' } : {}),
    ...(reduction === 16 || !Number.isFinite(reduction) ? {} : { reduction: `${reduction}` }),
    ...(isFloored ? { floor: `${floor}` } : {}),
  }
}

/** ECA's kernels, which the authors set by stage: by the channels of the normalization before. */
const efficient = (shapes: Shapes): Options => {
  const kernels = new Map<number, number>()
  for (const [unit, shape] of endingIn(shapes, 'eca.conv.weight')) {
    const [channels = 0] = shapes.get(`${unit}bn3.weight`) ?? shapes.get(`${unit}bn2.weight`) ?? []
    kernels.set(channels, shape[2] ?? 0)
  }
  const [first, ...others] = new Set(kernels.values())
  if ([...kernels.values()].some(kernel => kernel % 2 === 0)) return {}
  if ([...kernels].every(([channels, kernel]) => kernel === ecaKernel(channels))) return {}
  if (others.length === 0) return { kernel: `${first}` }
  return { kernels: [...kernels].map(([channels, kernel]) => `${channels}x${kernel}`).join('+') }
}

const TOLD: Readonly<Record<string, (shapes: Shapes) => Options>> = {
  se: squeezeExcite,
  eca: efficient,
}

/** An attention with the options that tensors tell; those that its text says stay. */
const completed = (text: string, shapes: Shapes): string => {
  const [name, ...rest] = text.split(':')
  const given = rest
    .join(':')
    .split(',')
    .filter(option => option !== '')
  const said = given.map(option => option.split('=')[0].trim())
  const told = Object.entries(TOLD[name]?.(shapes) ?? {}).flatMap(([option, value]) =>
    said.includes(option) ? [] : [`${option}=${value}`],
  )
  const all = [...given, ...told].join(',')
  return all === '' ? name : `${name}:${all}`
}

/** CIFAR's ResNets, whose shortcuts have no weights but in some people's code. */
const PADDED = /^(?:[a-z]+-)?resnet(?:8|14|20|32|44|56|110)$/

const toldVariations = (model: string, shapes: Shapes): Variations =>
  PADDED.test(model) && shapes.has('layer2.0.downsample.0.weight') ? { shortcut: 'projection' } : {}

/** The network that a file is of: what the user says, then its source, then its tensors. */
export const networkIn = (
  { naming, sources }: Named,
  { model, attention, variations }: NetworkRecord,
): NetworkRecord => {
  const own = ownNetwork(naming, model)
  const shapes = new Map([...sources].map(([name, { entry }]) => [name, entry.shape] as const))
  const byName = attentionOf(model)
  const said = attention ?? own.attention
  const whole = said ?? byName
  const full = whole === undefined ? undefined : completed(whole, shapes)
  const all = { ...toldVariations(model, shapes), ...own.variations, ...variations }
  return {
    model,
    attention: said === undefined && full === byName ? undefined : full,
    variations: Object.keys(all).length === 0 ? undefined : all,
  }
}
