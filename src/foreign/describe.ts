/** The description of somebody else's classifier: what its file tells, what was asked for, or a guess. */

import { UsageError } from '../errors/index.ts'
import type { FileModel, FileNode } from '../onnx/read/index.ts'
import { readable } from '../text/visible.ts'
import { type Description, describe } from '../weights/description.ts'
import { IMAGENET_CLASSES } from '../weights/imagenetClasses.ts'
import { preprocessingOf, type Wanted } from './preprocessing.ts'

/** What is said of a classifier besides what goes in. */
export interface WantedClasses extends Wanted {
  /** Class names, in the order of the numbers that come out. */
  readonly classes?: readonly string[] | undefined
}

/** What hands on what it gets, number by number. */
const PASSING = new Set(['Identity', 'Cast', 'Reshape', 'Flatten', 'Squeeze', 'Unsqueeze'])

/** Whether an output is a softmax, seen through what only changes its shape. */
const isSoftmax = (nodes: readonly FileNode[], output: string): boolean => {
  const node = nodes.findLast(({ outputs }) => outputs.includes(output))
  if (node === undefined) return false
  return node.opType === 'Softmax' || (PASSING.has(node.opType) && isSoftmax(nodes, node.inputs[0]))
}

/** @throws UsageError for a model without an output of numbers by class, or without labels for them */
export const describeForeign = (
  model: FileModel,
  file: string,
  { classes, ...wanted }: WantedClasses,
): Description => {
  const { nodes, outputs } = model.graph
  const preprocessing = preprocessingOf(model, file, wanted)
  const output = outputs.find(({ shape }) => shape?.length === 2) ?? outputs[0]
  if (output === undefined)
    throw new UsageError({
      where: file,
      expected: 'an output with a number per class',
      got: 'none',
    })
  const count = output.shape?.at(-1)
  const known = classes ?? (count === IMAGENET_CLASSES.length ? IMAGENET_CLASSES : undefined)
  if (known === undefined || (typeof count === 'number' && known.length !== count))
    throw new UsageError({
      where: file,
      expected: `${typeof count === 'number' ? `${count} ` : ''}class names, for the output ${readable(output.name)}`,
      got: known === undefined ? 'none' : `${known.length}`,
      hint: 'Give them by --classes: names with commas between, or a file with one per line; or write model.json beside the model',
    })
  const { input, dtype, layout, batch, channels, height, width, order, range } = preprocessing
  const { mean, std, cropPct } = preprocessing
  const size = { channels, height, width, cropPct }
  const own = { model: 'model', classes: [...known], ...size, mean: [...mean], std: [...std] }
  return {
    ...describe(own),
    input: {
      ...{ name: input, dtype, layout, batch, ...size, order, range },
      ...{ mean: [...mean], std: [...std] },
    },
    output: {
      name: output.name,
      values: isSoftmax(nodes, output.name) ? 'probabilities' : 'logits',
    },
  }
}
