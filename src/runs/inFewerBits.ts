/** A network as an ONNX file that computes in fewer bits, and the accuracy that this costs. */

import type { Dataset } from '../data/dataset.ts'
import { evaluationBatches } from '../data/loader.ts'
import { balanced, subset } from '../data/subset.ts'
import { onnxEngine } from '../engines/onnxruntime/engine.ts'
import { UsageError } from '../errors/index.ts'
import { encodeModel } from '../onnx/encode.ts'
import { trainedTask } from '../tasks/registry.ts'
import type { Best } from '../tasks/task.ts'
import { cardOf, type Description, describe, type Serving } from '../weights/description.ts'
import { exportOnnx, onnxModelOf } from '../weights/export.ts'
import { inPrecision, type Precision } from '../weights/precision.ts'
import type { Trained } from '../weights/trained.ts'
import { openClassifier } from './classifier.ts'
import type { OnnxExport } from './writeOnnx.ts'

/** Images that a file in fewer bits needs, or is measured by. */
export interface PrecisionImages {
  /** Find the ranges of activations: some of those that the network was trained on. */
  readonly calibration: Dataset
  /** Measure what it costs. */
  readonly validation: Dataset
}

/** What fewer bits cost. */
export interface Cost {
  readonly images: number
  /** The task's metric in float32, and in fewer bits: of classification the share of right answers. */
  readonly before: number
  readonly after: number
  readonly best: Best
}

/** More do not widen the ranges much. */
const CALIBRATION_IMAGES = 256
const BATCH = 32

async function* batchesOf(dataset: Dataset, description: Description) {
  const some = subset(dataset, balanced(dataset, CALIBRATION_IMAGES))
  const batch = Math.min(BATCH, some.labels.length)
  const options = { batch, normalization: cardOf(description) }
  for await (const { images } of evaluationBatches(some, options)) yield images
}

const metricOf = async (bytes: Uint8Array, dataset: Dataset, { metric }: Best): Promise<number> => {
  const classifier = await openClassifier(bytes)
  try {
    return (await classifier.evaluate(dataset)).metrics[metric]
  } finally {
    await classifier.close()
  }
}

/**
 * Exports a network in fewer bits.
 * @throws UsageError where ranges are to be found, and there are no images
 */
export const inFewerBits = async (
  trained: Trained,
  precision: Precision,
  serving: Serving | undefined,
  images: PrecisionImages | undefined,
): Promise<OnnxExport & { readonly cost: Cost | undefined }> => {
  const description = { ...describe(trained.card, serving), precision }
  const calibration = (): AsyncIterable<Float32Array> => {
    if (images !== undefined) return batchesOf(images.calibration, description)
    throw new UsageError({
      where: 'precision',
      expected: 'images to calibrate int8 by: of the run, or of a dataset',
      got: 'none',
      hint: 'int8-dynamic needs none',
    })
  }
  const model = onnxModelOf(trained, serving, description)
  const bytes = encodeModel(
    await inPrecision(onnxEngine, model, precision, description, calibration),
  )
  if (images === undefined) return { bytes, description, cost: undefined }
  const { validation } = images
  const { best = { metric: 'loss', higher: false } } = trainedTask(trained.card) ?? {}
  const cost = {
    images: validation.labels.length,
    best,
    before: await metricOf(exportOnnx(trained), validation, best),
    after: await metricOf(bytes, validation, best),
  }
  return { bytes, description, cost }
}
