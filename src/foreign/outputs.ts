/** A model that answers with values from its inside: the same bytes, and a few more outputs. */

import { model as modelMessage } from '../onnx/format/messages.ts'
import type { FileModel } from '../onnx/read/index.ts'

/**
 * Protobuf joins a message that comes twice, and the lists in it: a second graph with nothing but
 * outputs, appended to the file, adds them to the first. No other byte changes.
 */
export const withOutputs = (
  bytes: Uint8Array,
  { graph }: FileModel,
  values: readonly string[],
): Uint8Array => {
  const known = new Set(graph.outputs.map(({ name }) => name))
  const more = [...new Set(values)].filter(name => !known.has(name))
  if (more.length === 0) return bytes
  const appended = modelMessage.encode({ graph: { output: more.map(name => ({ name })) } })
  const result = new Uint8Array(bytes.length + appended.length)
  result.set(bytes)
  result.set(appended, bytes.length)
  return result
}
