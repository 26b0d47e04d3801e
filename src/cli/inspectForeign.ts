/** `excite inspect some.onnx`: a model that somebody else exported, read, and run where that is allowed. */

import { basename } from 'node:path'
import type { Dataset, Split } from '../data/dataset.ts'
import { UsageError } from '../errors/index.ts'
import type { ForeignAnalysis } from '../foreign/analysis.ts'
import type { Preprocessing } from '../foreign/preprocessing.ts'
import { chosenClasses } from '../inspect/chosenClasses.ts'
import type { FileModel } from '../onnx/read/index.ts'
import { type DataFlags, openSplit } from './dataOptions.ts'
import { type ForeignLimits, type ForeignOnly, TRUST_HINT } from './foreignOptions.ts'
import { count, multiplyAdds, printJson, table } from './output.ts'
import { progressLine } from './progressLine.ts'
import { readModel } from './readModel.ts'

export interface ForeignFlags extends DataFlags, ForeignOnly, ForeignLimits {
  readonly data?: string
  readonly split: Split
  readonly classes?: readonly string[]
  readonly images: number
  readonly batch: number
  readonly threads?: number
  readonly out?: string
  readonly quiet?: boolean
  readonly json?: boolean
}

/** What says nothing about a model that is not run. */
const OF_IMAGES = ['classes', 'mean', 'std', 'order', 'range', 'input', 'feed'] as const

const openImages = async (
  files: readonly string[],
  flags: ForeignFlags,
  preprocessing: Preprocessing,
): Promise<Dataset> => {
  const { data, split, quiet = false, images } = flags
  const { filesDataset, fitted } = await import('../foreign/images.ts')
  if (data === undefined) return fitted(filesDataset(files, preprocessing), preprocessing)
  if (files.length > 0)
    throw new UsageError({
      where: '--data',
      expected: 'a dataset, or image files',
      got: 'both',
    })
  const { balanced, subset } = await import('../data/subset.ts')
  const { height, width, cropPct } = preprocessing
  const size = Math.max(height, width)
  const dataset = await openSplit(data, split, { cropPct, ...flags, size }, quiet)
  return fitted(subset(dataset, balanced(dataset, images)), preprocessing)
}

const withGates = async (
  path: string,
  files: readonly string[],
  flags: ForeignFlags,
  bytes: Uint8Array,
  model: FileModel,
  analysis: ForeignAnalysis,
): Promise<{ analysis: ForeignAnalysis; dataset?: Dataset }> => {
  if (flags.data === undefined && files.length === 0) return { analysis }
  if (flags.trustModel !== true)
    throw new UsageError({
      where: path,
      expected: '--trust-model, to run a model on images',
      got: 'images alone',
      hint: TRUST_HINT,
    })
  const { preprocessingOf } = await import('../foreign/preprocessing.ts')
  const { foreignGates } = await import('../foreign/gates.ts')
  const { isAsked } = await import('../foreign/perImage.ts')
  const progress = progressLine(flags.quiet)
  if (!analysis.blocks.some(isAsked)) {
    progress.line('not run: it has no block whose gates can be asked for')
    return { analysis }
  }
  const preprocessing = preprocessingOf(model, path, { ...flags, feeds: flags.feed })
  const dataset = await openImages(files, flags, preprocessing)
  try {
    const excitation = await foreignGates(bytes, model, analysis.blocks, dataset, preprocessing, {
      file: path,
      batch: flags.batch,
      threads: flags.threads,
      seconds: flags.timeLimit,
      memory: flags.memoryLimit * 1e9,
      onImages: (done, total) => progress.update(`image ${done} of ${total}`),
    })
    const images = dataset.labels.length
    return { analysis: { ...analysis, preprocessing, images, excitation }, dataset }
  } finally {
    progress.clear()
  }
}

const print = async ({
  model,
  producer,
  opset,
  nodes,
  size,
  blocks,
  cost,
  preprocessing,
  excitation = [],
}: ForeignAnalysis): Promise<void> => {
  const figures = await import('../foreign/figures.ts')
  const { excitationTables } = await import('../inspect/figures/kinds.ts')
  const { blocksTable, familiesText, NO_BLOCKS, unknownText } = figures
  const { preprocessingText } = await import('../foreign/preprocessing.ts')
  console.log(
    `${model}: ${producer === '' ? 'no word of who wrote it' : `by ${producer}`}, opset ${opset}, ${count(nodes)} nodes`,
  )
  console.log(
    `${count(cost.parameters)} parameters, ${multiplyAdds(cost.multiplyAdds)} multiply-adds at ${size.join('×')}.${unknownText(cost.unknown)}`,
  )
  const rows = cost.operators.filter(row => row.parameters > 0)
  if (rows.length > 0) {
    const columns = ['parameters', 'multiply-adds', 'nodes'].map(heading => ({
      heading,
      right: true,
    }))
    const cells = rows.map(({ operator, nodes, parameters, ...row }) => [
      operator,
      count(parameters),
      multiplyAdds(row.multiplyAdds),
      count(nodes),
    ])
    console.log(`\n${table([{ heading: 'operator' }, ...columns], cells)}`)
  }
  if (blocks.length === 0) return console.log(`\n${NO_BLOCKS}`)
  const { columns, rows: cells } = blocksTable(blocks)
  console.log(`\n${table(columns, cells)}`)
  console.log(`${familiesText(blocks)}; ${count(cost.blocks.parameters)} parameters.\n`)
  if (preprocessing) console.log(`images  ${preprocessingText(preprocessing)}`)
  for (const { columns, rows } of excitationTables(excitation))
    console.log(`${table(columns, rows)}\n`)
}

export const inspectForeign = async (
  path: string,
  files: readonly string[],
  flags: ForeignFlags,
  footer: string,
): Promise<void> => {
  const { analyzeForeign } = await import('../foreign/analysis.ts')
  const [idle] = OF_IMAGES.filter(name => flags[name] !== undefined)
  if (idle !== undefined && flags.data === undefined && files.length === 0)
    throw new UsageError({
      where: `--${idle}`,
      expected: 'images to go with it: files, or --data',
      got: 'missing',
    })
  const { bytes, model } = await readModel(path)
  const name = basename(path)
  const read = analyzeForeign(model, name, flags.size)
  const { analysis, dataset } = await withGates(path, files, flags, bytes, model, read)
  const classes = dataset === undefined ? [] : chosenClasses(dataset, flags.classes)
  const { writeForeignReport } = await import('../foreign/report.ts')
  const report = await writeForeignReport(
    flags.out ?? `inspect-${name.replace(/\.onnx$/i, '')}`,
    analysis,
    { classes, images: dataset?.name, footer },
  )
  if (flags.json) return printJson({ report, ...analysis })
  await print(analysis)
  console.log(`report  ${report}`)
}
