/** A model that answers with values from its inside: the same bytes, and a few more outputs. */

import { model as modelMessage } from '../onnx/format/messages.ts'
import { type FileModel, withoutFunctions } from '../onnx/read/index.ts'

/**
 * Protobuf joins a message that comes twice, and the lists in it: a second graph with nothing but
 * outputs, appended to the file, adds them to the first. No other byte changes.
 */
export const withOutputs = (
  file: Uint8Array,
  { graph, functions }: FileModel,
  values: readonly string[],
): Uint8Array => {
  const known = new Set(graph.outputs.map(({ name }) => name))
  const more = [...new Set(values)].filter(name => !known.has(name))
  if (more.length === 0) return file
  // What a function makes has no name outside of it.
  const bytes = functions > 0 ? withoutFunctions(file, '') : file
  const appended = modelMessage.encode({ graph: { output: more.map(name => ({ name })) } })
  const result = new Uint8Array(bytes.length + appended.length)
  result.set(bytes)
  result.set(appended, bytes.length)
  return result
}
