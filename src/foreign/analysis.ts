/** Everything that is said of a foreign model, as data. */

import type { BlockExcitation } from '../inspect/excitation.ts'
import type { FileModel } from '../onnx/read/index.ts'
import { readable } from '../text/visible.ts'
import { type ForeignBlock, findBlocks } from './blocks.ts'
import { type ForeignCost, foreignCost } from './cost.ts'
import { openNetwork } from './network.ts'
import type { Preprocessing } from './preprocessing.ts'

/** What is in a foreign model, and what it costs. */
export interface ForeignAnalysis {
  /** The path that was given. */
  readonly model: string
  /** The program that wrote the file, with its version. */
  readonly producer: string
  /** The version of the standard operators that the file is written in. */
  readonly opset: number
  /** How many nodes the graph has. */
  readonly nodes: number
  /** Local functions of the file, whose nodes are counted where they are called. */
  readonly functions: number
  /** Of the images that sizes and multiply-adds are for: [height, width]. */
  readonly size: readonly [height: number, width: number]
  /** The attention blocks that were found. */
  readonly blocks: readonly ForeignBlock[]
  /** Parameters and multiply-adds of the whole network, and of its attention. */
  readonly cost: ForeignCost
  /** What happens to pixels before the network, where images were looked at. */
  readonly preprocessing?: Preprocessing
  /** How many images were looked at. */
  readonly images?: number
  /** What the gates did on these images. */
  readonly excitation?: readonly BlockExcitation[]
}

/** The size of the model's images, where its file fixes one. */
const ownSize = (
  { graph }: FileModel,
  fallback: number,
): readonly [height: number, width: number] => {
  const shape = graph.inputs.find(({ shape }) => shape?.length === 4)?.shape ?? []
  const last = shape[1] !== 1 && shape[1] !== 3 && (shape[3] === 1 || shape[3] === 3)
  const [height, width] = (last ? shape.slice(1, 3) : shape.slice(2)).map(size =>
    typeof size === 'number' && size > 0 ? size : fallback,
  )
  return [height ?? fallback, width ?? fallback]
}

/**
 * Attention blocks and cost of a model that somebody else exported; nothing is run.
 * @param name - what to call the model
 * @param size - height and width of images in pixels, where the file fixes none
 * @example
 * const model = readOnnx(await readFile('some.onnx'), 'some.onnx')
 * for (const { path, channels, hidden } of analyzeForeign(model, 'some.onnx').blocks)
 *   console.log(path, channels, hidden)
 */
export const analyzeForeign = (model: FileModel, name: string, size = 224): ForeignAnalysis => {
  const images = ownSize(model, size)
  const network = openNetwork(model, images)
  const blocks = findBlocks(network)
  return {
    model: readable(name),
    producer: readable(model.producer),
    opset: model.opsets.get('') ?? 0,
    nodes: model.graph.nodes.length,
    functions: model.functions,
    size: images,
    // Names in a file are whatever its author liked.
    blocks: blocks.map(block => ({ ...block, path: readable(block.path) })),
    cost: foreignCost(network, blocks),
  }
}
