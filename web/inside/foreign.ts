/** Anybody's ONNX file with attention, looked into: its blocks are found by their formulas, and ONNX Runtime runs it. */

import type * as ort from 'onnxruntime-common'
import { normalized } from '../../src/data/augment/augment.ts'
import { findBlocks } from '../../src/foreign/blocks.ts'
import { describeForeign } from '../../src/foreign/describe.ts'
import { openNetwork } from '../../src/foreign/network.ts'
import { withOutputs } from '../../src/foreign/outputs.ts'
import { gatedOf, isAsked, perImage } from '../../src/foreign/perImage.ts'
import { type FileModel, readOnnx } from '../../src/onnx/read/index.ts'
import { softmax } from '../../src/tensor/probabilities.ts'
import { arranged, asLogits } from '../../src/weights/arrange.ts'
import { cardOf } from '../../src/weights/description.ts'
import { IMAGENET_CLASSES } from '../../src/weights/imagenetClasses.ts'
import { ownDescription } from '../../src/weights/onnxFile.ts'
import type { Looker } from './network.ts'

/** What is needed of ONNX Runtime. */
type Runtime = Pick<typeof ort, 'InferenceSession' | 'Tensor'>

/** Numbers in place of names that the file does not tell. */
const classesOf = ({ graph: { outputs } }: FileModel): readonly string[] | undefined => {
  const count = (outputs.find(({ shape }) => shape?.length === 2) ?? outputs[0])?.shape?.at(-1)
  if (typeof count !== 'number' || count === IMAGENET_CLASSES.length) return undefined
  return Array.from({ length: count }, (_, i) => `class ${i}`)
}

export const openForeign = async (
  bytes: Uint8Array,
  file: string,
  { InferenceSession, Tensor }: Runtime,
): Promise<Looker> => {
  const model = readOnnx(bytes, file)
  const description =
    ownDescription(model, file) ?? describeForeign(model, file, { classes: classesOf(model) })
  const { input, output, labels } = description
  const size = [input.height, input.width] as const
  const blocks = findBlocks(openNetwork(model, size)).filter(isAsked)
  const values = blocks.map(({ value }) => value)
  const session = await InferenceSession.create(withOutputs(bytes, model, values))
  const shape = [input.channels, ...size] as const
  const card = cardOf(description)
  return {
    info: {
      name: description.model,
      classes: labels,
      shape,
      blocks: gatedOf(blocks),
      canSwitch: false,
    },
    look: async pixels => {
      const { dtype, shape: own, data } = arranged(normalized(pixels, shape, card), input)
      const feeds = { [input.name]: new Tensor(dtype, data as never, own) }
      const found = await session.run(feeds, [output.name, ...new Set(values)])
      const logits = asLogits(found[output.name].data as Float32Array, description)
      return {
        probabilities: softmax(logits),
        gates: blocks.map(block => {
          const { dims, data } = found[block.value]
          const [gates] = perImage({ shape: dims, data: data as Float32Array }, 1, block, file)
          return [...gates]
        }),
      }
    },
    close: () => session.release(),
  }
}
