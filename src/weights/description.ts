/**
 * `model.json`: what a program must know to ask an ONNX file about an image. It stands beside the file,
 * and in its metadata under `excite`. docs/model-json.md tells it field by field.
 */

import { z } from 'zod'
import { FileError } from '../errors/index.ts'
import { type Card, cardSchema } from './trained.ts'

/** The version of the format that is written. */
const VERSION = 1

const inputSchema = z
  .strictObject({
    name: z.string(),
    dtype: z.enum(['float32', 'float16', 'uint8']),
    layout: z.enum(['NCHW', 'NHWC']),
    /** Images that go in at once, where the file has a fixed number. */
    batch: z.number().int().min(1).optional(),
    channels: cardSchema.shape.channels,
    height: cardSchema.shape.height,
    width: cardSchema.shape.width,
    cropPct: cardSchema.shape.cropPct,
    background: cardSchema.shape.background,
    order: z.enum(['RGB', 'BGR', 'gray']),
    /** White. */
    range: z.union([z.literal(1), z.literal(255)]),
    /** In units of the range, in the order of the channels: (pixel − mean) / std goes in. */
    mean: z.array(z.number()),
    std: z.array(z.number().positive()),
  })
  .refine(({ channels, mean, std }) => mean.length === channels && std.length === channels, {
    path: ['mean and std'],
    message: 'not one number per channel',
  })

/** What a program must know to ask an ONNX file about an image. */
export const descriptionSchema = z.object({
  excite: z.literal(VERSION, { error: `expected ${VERSION}, the version of the format` }),
  model: z.string().default('model'),
  attention: cardSchema.shape.attention,
  variations: cardSchema.shape.variations,
  task: cardSchema.shape.task,
  thresholds: cardSchema.shape.thresholds,
  origin: cardSchema.shape.origin,
  labels: z.array(z.string()).min(1),
  /** In which numbers it computes, where that is not float32. */
  precision: z.string().optional(),
  input: inputSchema,
  output: z.strictObject({
    name: z.string(),
    /** Whether a softmax is still to be taken (of labels a sigmoid); or numbers, as they are. */
    values: z.enum(['logits', 'probabilities', 'numbers']),
  }),
})

/** What a program must know to ask an ONNX file about an image: the content of `model.json`. */
export type Description = z.infer<typeof descriptionSchema>

/** What of a network's ending and beginning is within its graph. */
export interface Serving {
  /** Images go in as bytes [N, H, W, C], as canvases and decoders have them; the graph normalizes them. */
  readonly preprocessing?: boolean | undefined
  /** Probabilities come out in the place of logits. */
  readonly softmax?: boolean | undefined
}

/** The description of a network that is exported. */
export const describe = (card: Card, { preprocessing, softmax }: Serving = {}): Description => {
  const { model, attention, variations, task, thresholds, output = 'logits', origin } = card
  const { classes } = card
  const { channels, height, width, cropPct, background, mean, std } = card
  const each = (value: number): number[] => new Array<number>(channels).fill(value)
  const size = { channels, height, width, cropPct, background }
  const order = channels === 3 ? 'RGB' : 'gray'
  return {
    excite: VERSION,
    ...{ model, attention, variations, task, thresholds, origin },
    labels: classes,
    input: {
      name: 'images',
      ...(preprocessing
        ? {
            dtype: 'uint8',
            layout: 'NHWC',
            ...size,
            order,
            range: 255,
            mean: each(0),
            std: each(1),
          }
        : { dtype: 'float32', layout: 'NCHW', ...size, order, range: 1, mean, std }),
    },
    output:
      softmax && !card.targets
        ? { name: 'probabilities', values: 'probabilities' }
        : { name: output, values: card.targets ? 'numbers' : 'logits' },
  }
}

/** What of a description a card says: the classes, and how pixels of 0 to 1 become what goes in, as planes of RGB. */
export const cardOf = ({
  labels,
  input,
  output: _,
  excite: __,
  precision: ___,
  ...network
}: Description): Card => {
  const { channels, height, width, cropPct, background, order, range, mean, std } = input
  const scaled = (values: readonly number[]): number[] => {
    const own = values.map(value => value / range)
    return order === 'BGR' ? own.reverse() : own
  }
  const size = { channels, height, width, cropPct, background }
  return { ...network, classes: labels, ...size, mean: scaled(mean), std: scaled(std) }
}

/**
 * Reads the text of `model.json`.
 * @param where - its file, for the error
 * @throws FileError for what is no such description
 */
export const readDescription = (text: string, where: string): Description => {
  const refuse = (got: string): never => {
    throw new FileError({
      where,
      expected: 'the description of a model: labels, input and output',
      got,
      hint: 'docs/model-json.md has every field',
    })
  }
  let candidate: unknown
  try {
    candidate = JSON.parse(text)
  } catch {
    return refuse('text that is not JSON')
  }
  const { success, data, error } = descriptionSchema.safeParse(candidate)
  return success
    ? data
    : refuse(`${error.issues[0].path.join('.') || 'its fields'}: ${error.issues[0].message}`)
}
