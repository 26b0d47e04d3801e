/** `excite inspect some.onnx`: a model that somebody else exported, read, and run where that is allowed. */

import { readFile, stat } from 'node:fs/promises'
import { basename } from 'node:path'
import type { Dataset, Split } from '../data/dataset.ts'
import type { FileModel } from '../engines/onnx/read/index.ts'
import { FileError, UsageError } from '../errors.ts'
import type { ForeignAnalysis } from '../inspect/foreign/analysis.ts'
import type { Preprocessing, Wanted } from '../inspect/foreign/preprocessing.ts'
import { chosenClasses } from './chosenClasses.ts'
import { type DataFlags, openSplit } from './dataOptions.ts'
import type { ForeignLimits, ForeignOnly } from './foreignOptions.ts'
import { count, multiplyAdds, percent, printJson, table } from './output.ts'
import { progressLine } from './progressLine.ts'

export interface ForeignFlags extends DataFlags, ForeignOnly, ForeignLimits {
  readonly data?: string
  readonly split: Split
  readonly classes?: readonly string[]
  readonly pictures: number
  readonly batch: number
  readonly threads?: number
  readonly out?: string
  readonly quiet?: boolean
  readonly json?: boolean
}

/** What says nothing about a model that is not run. */
const OF_PICTURES = ['classes', 'mean', 'deviation', 'order', 'range', 'input', 'feed'] as const

const readModel = async (path: string): Promise<{ bytes: Uint8Array; model: FileModel }> => {
  const { LIMITS, readOnnx } = await import('../engines/onnx/read/index.ts')
  try {
    const { size } = await stat(path)
    if (size > LIMITS.bytes)
      throw new FileError({
        where: path,
        expected: `at most ${LIMITS.bytes} bytes, as protobuf has it`,
        got: `${size}`,
      })
    const bytes = await readFile(path)
    return { bytes, model: readOnnx(bytes, path) }
  } catch (cause) {
    if (cause instanceof FileError) throw cause
    throw new FileError(
      {
        where: path,
        expected: 'a readable file',
        got: cause instanceof Error ? cause.message : String(cause),
      },
      { cause },
    )
  }
}

const wantedOf = ({
  size,
  mean,
  deviation,
  order,
  range,
  cropPct,
  input,
  feed,
}: ForeignFlags): Wanted => ({
  input,
  feeds: feed,
  size,
  mean,
  deviation,
  order,
  range,
  cropPct,
})

const openPictures = async (
  files: readonly string[],
  flags: ForeignFlags,
  preprocessing: Preprocessing,
): Promise<Dataset> => {
  const { data, split, quiet = false, pictures } = flags
  const { filesDataset, fitted } = await import('../inspect/foreign/pictures.ts')
  if (data === undefined) return fitted(filesDataset(files, preprocessing), preprocessing)
  if (files.length > 0)
    throw new UsageError({
      where: '--data',
      expected: 'a dataset, or picture files',
      got: 'both',
    })
  const { balanced, subset } = await import('../data/subset.ts')
  const { height, width, cropPct } = preprocessing
  const size = Math.max(height, width)
  const dataset = await openSplit(data, split, { cropPct, ...flags, size }, quiet)
  return fitted(subset(dataset, balanced(dataset, pictures)), preprocessing)
}

const TRUST_HINT =
  'Running it hands the file to native code that was not made for hostile models. It runs in a process of its own, whose crash is contained, but which may do what you may: add --trust-model where you know who made it'

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
      expected: '--trust-model, to run a model on pictures',
      got: 'pictures alone',
      hint: TRUST_HINT,
    })
  const { preprocessingOf } = await import('../inspect/foreign/preprocessing.ts')
  const { foreignGates, isAsked } = await import('../inspect/foreign/gates.ts')
  const progress = progressLine(flags.quiet)
  if (!analysis.blocks.some(isAsked)) {
    progress.line('not run: it has no block whose gates can be asked for')
    return { analysis }
  }
  const preprocessing = preprocessingOf(model, path, wantedOf(flags))
  const dataset = await openPictures(files, flags, preprocessing)
  try {
    const excitation = await foreignGates(bytes, model, analysis.blocks, dataset, preprocessing, {
      file: path,
      batch: flags.batch,
      threads: flags.threads,
      seconds: flags.timeLimit,
      memory: flags.memoryLimit * 1e9,
      onPictures: (done, total) => progress.update(`picture ${done} of ${total}`),
    })
    const pictures = dataset.labels.length
    return { analysis: { ...analysis, preprocessing, pictures, excitation }, dataset }
  } finally {
    progress.clear()
    if ('close' in dataset) await (dataset.close as () => Promise<void>)()
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
  const figures = await import('../inspect/figures/foreign.ts')
  const { hasEnds, wordsOf } = await import('../inspect/figures/words.ts')
  const { BLOCK_COLUMNS, blockRow, familiesText, NO_BLOCKS, unknownText } = figures
  const { preprocessingText } = await import('../inspect/foreign/preprocessing.ts')
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
  console.log(`\n${table(BLOCK_COLUMNS, blocks.map(blockRow))}`)
  console.log(`${familiesText(blocks)}; ${count(cost.blocks.parameters)} parameters.\n`)
  if (preprocessing) console.log(`pictures  ${preprocessingText(preprocessing)}`)
  for (const block of excitation) {
    const { many } = wordsOf([block])
    const moved =
      block.classes.length > 1
        ? `classes move its ${many} by ${block.betweenDeviation.toFixed(3)}, specificity ${block.specificity.toFixed(2)}`
        : `pictures move its ${many} by ${block.withinDeviation.toFixed(3)}`
    const ends = `; below 0.1 ${percent(block.nearZero)}, above 0.9 ${percent(block.nearOne)}`
    console.log(`block ${block.block.padEnd(4)} ${moved}${hasEnds([block]) ? ends : ''}`)
  }
}

export const inspectForeign = async (
  path: string,
  files: readonly string[],
  flags: ForeignFlags,
  footer: string,
): Promise<void> => {
  const { analyseForeign } = await import('../inspect/foreign/analysis.ts')
  const [idle] = OF_PICTURES.filter(name => flags[name] !== undefined)
  if (idle !== undefined && flags.data === undefined && files.length === 0)
    throw new UsageError({
      where: `--${idle}`,
      expected: 'pictures to go with it: files, or --data',
      got: 'none',
    })
  const { bytes, model } = await readModel(path)
  const name = basename(path)
  const read = analyseForeign(model, name, flags.size)
  const { analysis, dataset } = await withGates(path, files, flags, bytes, model, read)
  const classes = dataset === undefined ? [] : chosenClasses(dataset, flags.classes)
  const { writeForeignReport } = await import('../inspect/foreign/report.ts')
  const report = await writeForeignReport(
    flags.out ?? `inspect-${name.replace(/\.onnx$/i, '')}`,
    analysis,
    { classes, pictures: dataset?.name, footer },
  )
  if (flags.json) return printJson({ report, ...analysis })
  await print(analysis)
  console.log(`report  ${report}`)
}
