/** How images become what a foreign model takes: what its file says, what was asked for, or a guess. */

import { UsageError } from '../errors/index.ts'
import { suggestion } from '../errors/suggest.ts'
import type { FileModel, FileValue } from '../onnx/read/index.ts'
import { readable } from '../text/visible.ts'
import { cardOf } from '../weights/description.ts'
import { ownDescription } from '../weights/onnxFile.ts'
import type { Card } from '../weights/trained.ts'
import { type Feed, feedsOf, inputText } from './inputs.ts'

export interface Preprocessing {
  /** The input's name. */
  readonly input: string
  readonly dtype: 'float32' | 'float16'
  /** What goes in besides the image. */
  readonly feeds: readonly Feed[]
  readonly layout: 'NCHW' | 'NHWC'
  readonly channels: 1 | 3
  readonly height: number
  readonly width: number
  /** Images that go in at once, where the file has a fixed number. */
  readonly batch: number | undefined
  readonly order: 'RGB' | 'BGR' | 'gray'
  /** White. */
  readonly range: 1 | 255
  /** In units of the range, in the order of the channels: the model sees (pixel − mean) / std. */
  readonly mean: readonly number[]
  readonly std: readonly number[]
  readonly cropPct: number
  /** Where mean, std and order are from. */
  readonly source: string
}

export interface Wanted {
  /** The name of the input that takes the image, where several might. */
  readonly input?: string | undefined
  /** Numbers for other inputs, by name. */
  readonly feeds?: ReadonlyMap<string, readonly number[]> | undefined
  readonly size?: number | undefined
  readonly mean?: readonly number[] | undefined
  readonly std?: readonly number[] | undefined
  readonly order?: 'RGB' | 'BGR' | undefined
  readonly range?: 1 | 255 | undefined
  readonly cropPct?: number | undefined
}

/** Of photographs in color, as torchvision and timm have it; gray has the mean of the three. */
const IMAGENET = {
  3: { mean: [0.485, 0.456, 0.406], std: [0.229, 0.224, 0.225] },
  1: { mean: [0.449], std: [0.226] },
} as const

/** Of what `excite export` wrote. */
const ownOf = (model: FileModel, file: string): Card | undefined => {
  try {
    const own = ownDescription(model, file)
    return own && cardOf(own)
  } catch {
    // Somebody else's metadata under the same name: not ours, then.
    return undefined
  }
}

const isChannels = (size: unknown): size is 1 | 3 => size === 1 || size === 3

const LISTED = 'Without images, its blocks are listed all the same'

interface ImageInput {
  readonly value: FileValue
  readonly layout: 'NCHW' | 'NHWC'
  readonly channels: 1 | 3
  readonly dtype: 'float32' | 'float16'
}

/** Nothing for an input that is no image; one pixel is a number. */
const asImage = (value: FileValue): ImageInput | undefined => {
  const { shape, dtype } = value
  if (shape?.length !== 4 || (dtype !== 'float32' && dtype !== 'float16')) return undefined
  const [, first, middle, last] = shape
  const several = (a: unknown, b: unknown): boolean => a !== 1 || b !== 1
  if (isChannels(first) && several(middle, last))
    return { value, dtype, layout: 'NCHW', channels: first }
  if (isChannels(last) && several(first, middle))
    return { value, dtype, layout: 'NHWC', channels: last }
  return undefined
}

const imageInput = (
  { graph: { inputs } }: FileModel,
  file: string,
  { input: wanted, feeds }: Wanted,
): ImageInput => {
  const names = inputs.map(({ name }) => readable(name))
  const named = inputs.filter(({ name }) =>
    wanted === undefined ? feeds?.has(name) !== true : name === wanted,
  )
  if (wanted !== undefined && named.length === 0)
    throw new UsageError({
      where: `${file}, \`input\``,
      expected: `one of ${names.join(', ')}`,
      got: readable(wanted),
      hint: suggestion(wanted, names),
    })
  const images = named.flatMap(value => asImage(value) ?? [])
  const [image] = images
  if (image === undefined)
    throw new UsageError({
      where: file,
      expected: 'an input of float32 or float16 [N, C, H, W] or [N, H, W, C], of 1 or 3 channels',
      got: named.map(inputText).join('; ') || 'none',
      hint: LISTED,
    })
  if (images.length > 1)
    throw new UsageError({
      where: file,
      expected: 'one input that takes images, or the one that is meant named by `input`',
      got: images.map(({ value }) => inputText(value)).join('; '),
      hint: LISTED,
    })
  return image
}

/** Numbers for each channel; one stands for all. */
const perChannel = (
  field: string,
  given: readonly number[] | undefined,
  channels: number,
): readonly number[] | undefined => {
  if (given === undefined || given.length === channels) return given
  if (given.length === 1) return Array.from({ length: channels }, () => given[0])
  throw new UsageError({ where: field, expected: `${channels} numbers, or one`, got: given.join() })
}

const DEFAULT_SIZE = 224

/**
 * @param file - its name, for messages
 * @throws UsageError for a model that takes no images, or options that do not fit it
 */
export const preprocessingOf = (
  model: FileModel,
  file: string,
  wanted: Wanted = {},
): Preprocessing => {
  const { value, layout, channels, dtype } = imageInput(model, file, wanted)
  const { name, shape = [] } = value
  const first = layout === 'NCHW'
  const [height, width] = (first ? shape.slice(2) : shape.slice(1, 3)).map(size =>
    typeof size === 'number' && size > 0 ? size : (wanted.size ?? DEFAULT_SIZE),
  )
  const own = ownOf(model, file)
  const usual = IMAGENET[channels]
  const range = wanted.range ?? 1
  const given = {
    mean: perChannel('mean', wanted.mean, channels),
    std: perChannel('std', wanted.std, channels),
  }
  const known = own?.mean.length === channels && own.std.length === channels ? own : usual
  const scaled = (values: readonly number[]): readonly number[] => values.map(v => v * range)
  const asked = [wanted.mean, wanted.std, wanted.order, wanted.range].some(
    value => value !== undefined,
  )
  return {
    input: name,
    dtype,
    feeds: feedsOf(model, name, wanted.feeds ?? new Map(), file),
    layout,
    channels,
    height,
    width,
    batch: typeof shape[0] === 'number' && shape[0] > 0 ? shape[0] : undefined,
    order: channels === 1 ? 'gray' : (wanted.order ?? 'RGB'),
    range,
    mean: given.mean ?? scaled(known.mean),
    std: given.std ?? scaled(known.std),
    cropPct: wanted.cropPct ?? own?.cropPct ?? (own === undefined ? 0.875 : 1),
    source: `${known === own ? 'as its file says' : "a guess, ImageNet's mean and std"}${asked ? ', but for what was given' : ''}`,
  }
}

const list = (values: readonly number[]): string =>
  values.map(value => Number(value.toPrecision(6))).join(', ')

/** In a line, for people. */
export const preprocessingText = (one: Preprocessing): string => {
  const fed = one.feeds.map(({ name, values }) => `; ${readable(name)} = ${list(values)}`).join('')
  return `${one.layout} ${one.height}×${one.width} ${one.order}, pixels 0 to ${one.range}, mean ${list(one.mean)}, std ${list(one.std)} (${one.source})${fed}`
}
