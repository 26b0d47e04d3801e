/** How pictures become what a foreign model takes: what its file says, what was asked for, or a guess. */

import { z } from 'zod'
import type { FileModel, FileValue } from '../../engines/onnx/read/index.ts'
import { readable } from '../../engines/onnx/read/index.ts'
import { UsageError } from '../../errors.ts'

export interface Preprocessing {
  /** The input's name. */
  readonly input: string
  readonly layout: 'NCHW' | 'NHWC'
  readonly channels: 1 | 3
  readonly height: number
  readonly width: number
  /** Pictures that go in at once, where the file has a fixed number. */
  readonly batch: number | undefined
  readonly order: 'RGB' | 'BGR' | 'grey'
  /** White. */
  readonly range: 1 | 255
  /** In units of the range, in the order of the channels: the model sees (pixel − mean) / deviation. */
  readonly mean: readonly number[]
  readonly deviation: readonly number[]
  readonly cropPct: number
  /** Where mean, deviation and order are from. */
  readonly source: string
}

export interface Wanted {
  readonly size?: number | undefined
  readonly mean?: readonly number[] | undefined
  readonly deviation?: readonly number[] | undefined
  readonly order?: 'RGB' | 'BGR' | undefined
  readonly range?: 1 | 255 | undefined
  readonly cropPct?: number | undefined
}

/** Of photographs in colour, as torchvision and timm have it; grey has the mean of the three. */
const IMAGENET = {
  3: { mean: [0.485, 0.456, 0.406], deviation: [0.229, 0.224, 0.225] },
  1: { mean: [0.449], deviation: [0.226] },
} as const

/** Ours, in the metadata of what `excite export` writes. */
const ownSchema = z.object({
  mean: z.array(z.number()),
  deviation: z.array(z.number().positive()),
  cropPct: z.number().positive().max(1).optional(),
})

const ownOf = ({ metadata }: FileModel): z.infer<typeof ownSchema> | undefined => {
  try {
    return ownSchema.parse(JSON.parse(metadata.get('preprocessing') ?? ''))
  } catch {
    // Somebody else's metadata under the same name: not ours, then.
    return undefined
  }
}

const pictureInput = ({ graph }: FileModel, file: string): FileValue => {
  const [input, ...others] = graph.inputs
  if (input === undefined || others.length > 0)
    throw new UsageError({
      where: file,
      expected: 'a model with one input, the picture',
      got: graph.inputs.map(({ name }) => readable(name)).join(', ') || 'none',
      hint: 'Without pictures, its blocks are listed all the same',
    })
  return input
}

const isChannels = (size: unknown): size is 1 | 3 => size === 1 || size === 3

/** Numbers for each channel; one stands for all. */
const perChannel = (
  flag: string,
  given: readonly number[] | undefined,
  channels: number,
): readonly number[] | undefined => {
  if (given === undefined || given.length === channels) return given
  if (given.length === 1) return Array.from({ length: channels }, () => given[0])
  throw new UsageError({ where: flag, expected: `${channels} numbers, or one`, got: given.join() })
}

const DEFAULT_SIZE = 224

/**
 * @param file - its name, for messages
 * @throws UsageError for a model that takes no pictures, or options that do not fit it
 */
export const preprocessingOf = (
  model: FileModel,
  file: string,
  wanted: Wanted = {},
): Preprocessing => {
  const { name, dtype, shape } = pictureInput(model, file)
  const first = shape !== undefined && isChannels(shape[1])
  const channels = first ? shape[1] : shape?.[3]
  if (shape?.length !== 4 || dtype !== 'float32' || !isChannels(channels))
    throw new UsageError({
      where: file,
      expected: 'an input of float32 [N, C, H, W] or [N, H, W, C], of 1 or 3 channels',
      got: `${readable(name)}: ${dtype ?? 'no tensor'} [${(shape ?? []).map(size => (typeof size === 'string' ? readable(size) : (size ?? '?'))).join(', ')}]`,
      hint: 'Without pictures, its blocks are listed all the same',
    })
  const [height, width] = (first ? shape.slice(2) : shape.slice(1, 3)).map(size =>
    typeof size === 'number' && size > 0 ? size : (wanted.size ?? DEFAULT_SIZE),
  )
  const own = ownOf(model)
  const usual = IMAGENET[channels]
  const range = wanted.range ?? 1
  const given = {
    mean: perChannel('--mean', wanted.mean, channels),
    deviation: perChannel('--deviation', wanted.deviation, channels),
  }
  const known = own?.mean.length === channels && own.deviation.length === channels ? own : usual
  const scaled = (values: readonly number[]): readonly number[] => values.map(v => v * range)
  const asked = [wanted.mean, wanted.deviation, wanted.order, wanted.range].some(
    value => value !== undefined,
  )
  return {
    input: name,
    layout: first ? 'NCHW' : 'NHWC',
    channels,
    height,
    width,
    batch: typeof shape[0] === 'number' && shape[0] > 0 ? shape[0] : undefined,
    order: channels === 1 ? 'grey' : (wanted.order ?? 'RGB'),
    range,
    mean: given.mean ?? scaled(known.mean),
    deviation: given.deviation ?? scaled(known.deviation),
    cropPct: wanted.cropPct ?? own?.cropPct ?? (own === undefined ? 0.875 : 1),
    source: `${known === own ? 'as its file says' : "a guess, ImageNet's mean and deviation"}${asked ? ', but for what was given' : ''}`,
  }
}

const list = (values: readonly number[]): string =>
  values.map(value => Number(value.toPrecision(6))).join(', ')

/** In a line, for people. */
export const preprocessingText = (one: Preprocessing): string =>
  `${one.layout} ${one.height}×${one.width} ${one.order}, pixels 0 to ${one.range}, mean ${list(one.mean)}, deviation ${list(one.deviation)} (${one.source})`
