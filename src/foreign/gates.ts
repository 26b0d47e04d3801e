/** The gates of a foreign model on images, gathered like those of our own networks. */

import type { Dataset } from '../data/dataset.ts'
import { evaluationBatches } from '../data/loader.ts'
import { type BlockExcitation, gatherGates } from '../inspect/excitation.ts'
import type { FileModel } from '../onnx/read/index.ts'
import type { ForeignBlock } from './blocks.ts'
import { fed, tensorOf } from './inputs.ts'
import { withOutputs } from './outputs.ts'
import { gatedOf, isAsked, perImage } from './perImage.ts'
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
