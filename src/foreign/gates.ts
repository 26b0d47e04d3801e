/** The gates of a foreign model on images, gathered like those of our own networks. */

import type { Dataset } from '../data/dataset.ts'
import { evaluationBatches } from '../data/loader.ts'
import { EngineError, formatShape } from '../errors/index.ts'
import { type BlockExcitation, type Gated, gatherGates } from '../inspect/excitation.ts'
import type { FileModel } from '../onnx/read/index.ts'
import { half } from '../tensor/float16.ts'
import type { ForeignBlock } from './blocks.ts'
import type { Found } from './child.ts'
import { fed, tensorOf } from './inputs.ts'
import { withOutputs } from './outputs.ts'
import type { Preprocessing } from './preprocessing.ts'
import { openRunner } from './runner.ts'

export interface GateOptions {
  /** The model's name, for messages. */
  readonly file: string
  readonly batch: number
  readonly threads?: number | undefined
  readonly seconds: number
  readonly memory: number
  onImages?(done: number, total: number): void
}

/** Blocks by their numbers; a stage ends where maps get smaller, or wider where sizes are not known. */
export const gatedOf = (blocks: readonly ForeignBlock[]): readonly Gated[] => {
  let stage = 1
  return blocks.map(({ index, path, channels, branches, map }, i) => {
    const before = blocks[i - 1]
    const size = (of: typeof map): number => (of === undefined ? 0 : of[0] * of[1])
    if (before && (map ? size(map) < size(before.map) : channels > before.channels)) stage++
    const block = { path, block: `${index}`, stage, channels }
    return branches === undefined
      ? { ...block, kind: 'gate' }
      : { ...block, kind: 'splits', branches }
  })
}

const channelsLast = (
  images: Float32Array,
  count: number,
  { channels, height, width }: Preprocessing,
): Float32Array => {
  const plane = height * width
  const result = new Float32Array(images.length)
  for (let n = 0, to = 0; n < count; n++)
    for (let i = 0; i < plane; i++)
      for (let c = 0; c < channels; c++) result[to++] = images[(n * channels + c) * plane + i]
  return result
}

const singles = ({ data }: Found): Float32Array =>
  data instanceof Uint16Array ? Float32Array.from(data, half) : Float32Array.from(data)

/**
 * Blocks whose channels can be asked for: what a graph within a node computes never leaves it, and
 * a gate of places has none.
 */
export const isAsked = ({ inside, family, branches, axis }: ForeignBlock): boolean =>
  inside === undefined && family !== 'over places' && (branches === undefined || (axis ?? 0) > 0)

/** How the numbers of an image lie: those of a channel start so far apart, `places` at a time. */
const layoutOf = (block: ForeignBlock, shape: readonly number[], size: number) => {
  const { channels, branches = 1, axis = 0 } = block
  if (branches === 1)
    return { places: size / channels, start: (c: number) => (c * size) / channels }
  // [N, outer, M, inner]: the first branch of all channels, in their order.
  const inner = shape.slice(axis + 1).reduce((product, length) => product * length, 1)
  return {
    places: size / (channels * branches),
    start: (c: number) => Math.floor(c / inner) * branches * inner + (c % inner),
  }
}

/** One number a channel of each image; of gates at every place, their mean. */
export const perImage = (
  found: Found,
  batch: number,
  block: ForeignBlock,
  file: string,
): readonly Float32Array[] => {
  const data = singles(found)
  const { channels, path } = block
  const size = data.length / batch
  const { places, start } = layoutOf(block, found.shape, size)
  if (!Number.isInteger(places) || places < 1)
    throw new EngineError({
      where: file,
      expected: `gates of ${channels} channels for ${batch} images in ${path}`,
      got: formatShape(found.shape),
    })
  return Array.from({ length: batch }, (_, n) =>
    Float32Array.from({ length: channels }, (_, c) => {
      const first = n * size + start(c)
      let sum = 0
      for (let i = first; i < first + places; i++) sum += data[i]
      return sum / places
    }),
  )
}

/**
 * @param all - blocks, of which those are looked at whose gates can be asked for
 * @param dataset - images as the model takes them
 * @throws EngineError when the model does not run to its end, within the limits
 */
export const foreignGates = async (
  bytes: Uint8Array,
  model: FileModel,
  all: readonly ForeignBlock[],
  dataset: Dataset,
  preprocessing: Preprocessing,
  { file, threads, seconds, memory, onImages = () => {}, ...options }: GateOptions,
): Promise<readonly BlockExcitation[]> => {
  const { input, dtype, feeds, layout, channels, height, width, range } = preprocessing
  const batch = preprocessing.batch ?? Math.min(options.batch, dataset.labels.length)
  const blocks = all.filter(isAsked)
  const values = blocks.map(({ value }) => value)
  const runner = await openRunner(withOutputs(bytes, model, values), file, {
    outputs: [...new Set(values)],
    threads,
    seconds,
    memory,
  })
  const gathered = gatherGates(gatedOf(blocks), dataset.classes)
  // Batches are of pixels from 0 to 1.
  const normalization = {
    mean: preprocessing.mean.map(value => value / range),
    std: preprocessing.std.map(value => value / range),
  }
  const others = Object.fromEntries(feeds.map(feed => [feed.name, fed(feed, batch)]))
  let done = 0
  try {
    for await (const { images, indices, count } of evaluationBatches(dataset, {
      batch,
      normalization,
    })) {
      const first = layout === 'NCHW'
      const data = first ? images : channelsLast(images, batch, preprocessing)
      const shape = first ? [batch, channels, height, width] : [batch, height, width, channels]
      const found = await runner.run({ ...others, [input]: tensorOf(dtype, shape, data) })
      for (const [i, block] of blocks.entries()) {
        const gates = perImage(found[block.value], batch, block, file)
        for (let n = 0; n < count; n++) gathered.add(i, dataset.labels[indices[n]], gates[n])
      }
      done += count
      onImages(done, dataset.labels.length)
    }
  } finally {
    runner.close()
  }
  return gathered.result()
}
