/** A network as ONNX, checked against itself, and written with its `model.json` beside it. */

import { writeFileAtomic } from '../platform/node/files.ts'
import { checkExport } from '../weights/checkExport.ts'
import { type Description, describe, type Serving } from '../weights/description.ts'
import { exportOnnx } from '../weights/export.ts'
import { descriptionPath } from '../weights/onnxFile.ts'
import type { Trained } from '../weights/trained.ts'

/** An ONNX file that is to be written. */
export interface OnnxExport {
  readonly bytes: Uint8Array
  readonly description: Description
  /** How far its answers are from the network's; not known of a file that was read. */
  readonly difference?: number | undefined
}

/** @throws WeightError where the file does not answer as the network does */
export const checkedOnnx = async (trained: Trained, serving?: Serving): Promise<OnnxExport> => {
  const bytes = exportOnnx(trained, serving)
  const difference = await checkExport(bytes, trained, serving)
  return { bytes, description: describe(trained.card, serving), difference }
}

/** Writes `model.onnx`, the description first: who finds the file can read it. */
export const writeOnnx = async (
  file: string,
  { bytes, description }: OnnxExport,
): Promise<void> => {
  await writeFileAtomic(descriptionPath(file), `${JSON.stringify(description, null, 2)}\n`)
  await writeFileAtomic(file, bytes)
}
