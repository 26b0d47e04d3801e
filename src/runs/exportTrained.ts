/** A trained network written for others: as ONNX or safetensors, checked, with a model card beside it. */

import { existsSync } from 'node:fs'
import { basename, join } from 'node:path'
import { writeFileAtomic } from '../platform/node/files.ts'
import { VERSION } from '../platform/node/version.ts'
import type { Description, Serving } from '../weights/description.ts'
import type { Precision } from '../weights/precision.ts'
import { type Card, writeTrained } from '../weights/trained.ts'
import { type Cost, inFewerBits, type PrecisionImages } from './inFewerBits.ts'
import { modelCard, type RunFacts } from './modelCard.ts'
import { loadTrained, RUN_FILES, readMetrics, readRun } from './runFolder.ts'
import { checkedOnnx, type OnnxExport, writeOnnx } from './writeOnnx.ts'

/** The formats of files that are written. */
export type ExportFormat = 'onnx' | 'safetensors'

/** What is written, and where. */
export interface ExportOptions {
  readonly file: string
  readonly format: ExportFormat
  /** Which weights of a run. */
  readonly which: 'best' | 'last'
  /** Whether a model card is written beside the file. */
  readonly card: boolean
  /** What of preprocessing and softmax an ONNX file has within it. */
  readonly serving?: Serving | undefined
  /** In which numbers an ONNX file computes; float32 unless told. */
  readonly precision?: Precision | undefined
  /** Opens the images that fewer bits are found and measured by, where there are any. */
  images?(card: Card): Promise<PrecisionImages | undefined>
}

/** What was written. */
export interface Exported {
  readonly file: string
  readonly format: ExportFormat
  readonly bytes: number
  /** Of an ONNX file: how far its logits are from the network's. */
  readonly difference: number | undefined
  /** The file of the model card. */
  readonly modelCard: string | undefined
  readonly card: Card
  /** Of an ONNX file: what `model.json` beside it says. */
  readonly description: Description | undefined
  /** Of one in fewer bits: the accuracy that they cost, where there were images to measure it by. */
  readonly cost: Cost | undefined
}

const factsOf = async (path: string): Promise<RunFacts | undefined> =>
  existsSync(join(path, RUN_FILES.config))
    ? { ...(await readRun(path)), history: await readMetrics(path) }
    : undefined

/**
 * Writes the network of a run or of a file of weights.
 * @throws WeightError where the ONNX file does not answer as the network does
 */
export const exportTrained = async (
  path: string,
  { file, format, which, card, serving, precision = 'float32', images }: ExportOptions,
): Promise<Exported> => {
  const trained = await loadTrained(path, which)
  const asOnnx = async (): Promise<OnnxExport & { readonly cost?: Cost | undefined }> =>
    precision === 'float32'
      ? checkedOnnx(trained, serving)
      : inFewerBits(trained, precision, serving, await images?.(trained.card))
  const onnx = format === 'onnx' ? await asOnnx() : undefined
  const bytes = onnx?.bytes ?? writeTrained(trained)
  await (onnx === undefined ? writeFileAtomic(file, bytes) : writeOnnx(file, onnx))
  const beside = card ? `${file.replace(/\.(onnx|safetensors)$/, '')}.md` : undefined
  if (beside !== undefined) {
    const run = await factsOf(path)
    const facts = {
      file: basename(file),
      bytes: bytes.length,
      format,
      which,
      version: VERSION,
      run,
      description: onnx?.description,
      cost: onnx?.cost,
    }
    await writeFileAtomic(beside, modelCard(trained, facts))
  }
  const { length } = bytes
  const { difference, description, cost } = onnx ?? {}
  return {
    file,
    format,
    bytes: length,
    difference,
    modelCard: beside,
    description,
    cost,
    card: trained.card,
  }
}
