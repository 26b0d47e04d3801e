/** Somebody else's classifier, asked in a process of its own. */

import { arranged, asLogits } from '../weights/arrange.ts'
import type { Description } from '../weights/description.ts'
import { checkLabels, inChunks } from '../weights/onnxFile.ts'
import type { Predictor } from '../weights/predictor.ts'
import { type Feed, fed } from './inputs.ts'
import { openRunner, type RunnerOptions } from './runner.ts'

/** The limits of the process, and what goes in besides the images. */
export interface ForeignPredictorOptions extends Omit<RunnerOptions, 'outputs'> {
  readonly feeds?: readonly Feed[] | undefined
}

/**
 * Opens a model as it is described: normalized images in, logits out.
 * @throws EngineError when the model fails, crashes, or takes more time or memory than it may
 */
export const openForeignPredictor = async (
  bytes: Uint8Array,
  file: string,
  description: Description,
  { feeds = [], ...limits }: ForeignPredictorOptions,
): Promise<Predictor> => {
  const { input, output, labels } = description
  const runner = await openRunner(bytes, file, { ...limits, outputs: [output.name] })
  const size = input.channels * input.height * input.width
  return {
    infer: async images => {
      const logits = await inChunks(images, description, async chunk => {
        const count = chunk.length / size
        const others = Object.fromEntries(feeds.map(feed => [feed.name, fed(feed, count)]))
        const found = await runner.run({ ...others, [input.name]: arranged(chunk, input) })
        const data = asLogits(found[output.name].data, description)
        return checkLabels(data, count, labels, file)
      })
      return { logits: { shape: [images.length / size, labels.length], data: logits } }
    },
    dispose: async () => runner.close(),
  }
}
