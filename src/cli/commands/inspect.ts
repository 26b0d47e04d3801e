/** `excite inspect`: what the attention of a network does, as a page, figures and numbers. */

import { existsSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { Command } from 'commander'
import type { Dataset, Split } from '../../data/dataset.ts'
import { UsageError } from '../../errors/index.ts'
import { chosenClasses } from '../../inspect/chosenClasses.ts'
import type { MapImage } from '../../inspect/maps.ts'
import { variationNames } from '../../models/variations.ts'
import { VERSION } from '../../platform/node/version.ts'
import { path, threadCount, whole, withDataOptions, withSplit } from '../dataOptions.ts'
import { engineText, withEngine } from '../engineOption.ts'
import { flagOf } from '../flags.ts'
import {
  FOREIGN_ONLY,
  type ForeignLimits,
  type ForeignOnly,
  withForeignOptions,
} from '../foreignOptions.ts'
import { type ModelFlags, variationFlags, withModelOptions } from '../modelOptions.ts'
import { commandLine, count, printJson, table, withJson } from '../output.ts'
import { progressLine } from '../progressLine.ts'
import { openRunData, type RunDataFlags } from '../runData.ts'

const HELP = `
Examples:
  $ excite inspect runs/se-resnet20-fashion-mnist
  $ excite inspect runs/se-resnet20-fashion-mnist --ablate-blocks --classes Trouser,Bag
  $ excite inspect runs/sk-resnet20-shapes --images 2000 --index 0,1,2,3
  $ excite inspect se-resnet50                         cost only: a name has no weights
  $ excite inspect some.onnx                           any model: its attention blocks and its cost
  $ excite inspect some.onnx --trust-model --data ./images
  $ excite inspect some.onnx --trust-model photo.jpg --order BGR --mean 0.5 --std 0.5
  $ excite inspect some.onnx --trust-model photo.jpg --input image --feed scale_factor=1

Writes report.html, which needs nothing else, with its figures as SVG and its numbers as CSV and
JSON beside it. It begins with the accuracy: what is taken for what, and the most wrong images. The
rest follows the attention: gates by class for SE and its like, selection by scale for SK, gates by
depth for GCT; for all, where the network looks, and what it costs.

An .onnx file may be anybody's: it is read strictly, and its attention blocks (SE, effective SE,
ECA, CBAM, SK, split attention, GCT) are found by their formula, however the exporter wrote them, in
branches and loops too; sizes that it leaves free are --size, or 224. Of several inputs one takes
the images; the others are given by --feed.
On images it is run only with --trust-model: ONNX Runtime is native code that was not made for
hostile models. It runs in a process of its own, which contains a crash, but not all that a
hostile file might do.`

interface InspectFlags extends RunDataFlags, ModelFlags, ForeignOnly, ForeignLimits {
  readonly split: Split
  readonly channels?: number
  readonly classes?: readonly string[]
  readonly images: number
  readonly index?: readonly number[]
  readonly ablateBlocks?: boolean
  readonly out?: string
  readonly last?: boolean
  readonly batch: number
  readonly engine?: string
  readonly threads?: number
  readonly quiet?: boolean
  readonly json?: boolean
}

const DEFAULT_EXPLAINED = 6

const explained = (dataset: Dataset, index?: readonly number[]): Promise<MapImage[]> => {
  const { labels, classes } = dataset
  const all = classes.map((_, k) => labels.indexOf(k)).filter(first => first >= 0)
  return Promise.all(
    (index ?? all.slice(0, DEFAULT_EXPLAINED)).map(async i => {
      if (i >= labels.length)
        throw new UsageError({
          where: '--index',
          expected: `0 to ${labels.length - 1}`,
          got: `${i}`,
        })
      const name = `${dataset.name} ${i}`
      return { name, pixels: await dataset.read(i), label: classes[labels[i]] }
    }),
  )
}

const footer = (): string =>
  `${commandLine()} · Excite ${VERSION} · ${new Date().toISOString().slice(0, 10)}`

const inspectName = async (name: string, flags: InspectFlags): Promise<void> => {
  const { networkOf } = await import('../../models/registry.ts')
  const { costOf } = await import('../../inspect/cost.ts')
  const { plainCost } = await import('../../inspect/analysis.ts')
  const { writeReport } = await import('../../inspect/report.ts')
  const { attention, channels } = flags
  const network = networkOf(
    { model: name, attention, ...variationFlags(flags) },
    channels === undefined ? {} : { channels },
  )
  const side = flags.size ?? network.size
  const size = [side, side] as const
  const analysis = { model: name, cost: costOf(network, size), plain: plainCost(network, size) }
  const path = await writeReport(flags.out ?? `inspect-${name}`, analysis, {
    subtitle: `${network.describe}, at ${size.join('×')} pixels. Without weights there is its cost alone.`,
    footer: footer(),
  })
  if (flags.json) return printJson({ report: path, ...analysis })
  console.log(`report  ${path}`)
}

const inspectOnnx = async (
  target: string,
  flags: InspectFlags,
  images: readonly string[],
): Promise<void> => {
  if (![undefined, 'onnx', 'onnxruntime', 'cpu'].includes(flags.engine))
    throw new UsageError({
      where: '--engine',
      expected: 'a network of ours',
      got: `${target}, a model without its layers`,
    })
  const { inspectForeign } = await import('../inspectForeign.ts')
  await inspectForeign(target, images, flags, footer())
}

const inspectRun = async (target: string, flags: InspectFlags): Promise<void> => {
  const { loadTrained } = await import('../../runs/runFolder.ts')
  const { analyze } = await import('../../inspect/analysis.ts')
  const { imagesText, writeReport } = await import('../../inspect/report.ts')
  const { openEngine } = await import('../../engines/registry.ts')
  const { split, batch, quiet = false, images, threads } = flags
  const trained = await loadTrained(target, flags.last ? 'last' : 'best')
  const { card } = trained
  const { name, dataset } = await openRunData(target, card, split, flags, quiet)
  const classes = chosenClasses(dataset, flags.classes)
  const explain = await explained(dataset, flags.index)
  const engine = await openEngine(flags.engine)
  const progress = progressLine(quiet)
  progress.line(engine.note ?? `computing with ${engineText(engine)}`)
  const analysis = await analyze(trained, dataset, {
    engine: engine.engine,
    batch,
    threads,
    images,
    explain,
    ablateBlocks: flags.ablateBlocks ?? false,
    onStep: what => progress.update(what),
  })
  progress.clear()
  const folder =
    flags.out ??
    (statSync(target).isDirectory() ? join(target, 'inspect') : `inspect-${card.model}`)
  const path = await writeReport(folder, analysis, {
    subtitle: `${card.model}${card.attention === undefined ? '' : ` with ${card.attention}`} on ${count(analysis.images)} ${dataset.split === 'all' ? '' : `${dataset.split} `}images of ${name}, ${imagesText(analysis)}.`,
    footer: footer(),
    classes,
    images: explain,
    shape: [card.channels, card.height, card.width],
    dataset,
  })
  if (flags.json) return printJson({ report: path, engine: engineText(engine), ...analysis })
  const { isRight } = await import('../../tasks/outcomes.ts')
  const { accuracyText } = await import('../../text/accuracy.ts')
  const { excitationTables } = await import('../../inspect/figures/kinds.ts')
  const { ablationTable } = await import('../../inspect/figures/ablation.ts')
  const { excitation, ablation, outcomes } = analysis
  if (outcomes.length > 0) {
    const right = outcomes.filter(isRight).length / outcomes.length
    console.log(`right for ${accuracyText(right, outcomes.length)} of these images\n`)
  }
  for (const { columns, rows } of [
    ...excitationTables(excitation),
    ...(ablation ? [ablationTable(ablation)] : []),
  ])
    console.log(`${table(columns, rows)}\n`)
  console.log(`report  ${path}`)
}

interface Target {
  /** What it is, for messages. */
  readonly text: string
  /** Options that say nothing about it, by what they are for. */
  readonly idle: Readonly<Record<string, readonly (keyof InspectFlags)[]>>
  readonly takesFiles?: boolean
  inspect(target: string, flags: InspectFlags, files: readonly string[]): Promise<void>
}

const MODEL_FLAGS = ['attention', 'channels', ...variationNames] as const

const NAME: Target = {
  text: 'a name, which has no weights',
  idle: {
    'the folder of a run': ['ablateBlocks', 'index', 'last', 'data', 'classes'],
    'an .onnx file': FOREIGN_ONLY,
  },
  inspect: inspectName,
}
const ONNX: Target = {
  text: 'a model without its layers',
  idle: {
    'the name of a model': MODEL_FLAGS,
    'a network of ours': ['ablateBlocks', 'index', 'last'],
  },
  takesFiles: true,
  inspect: inspectOnnx,
}
const RUN: Target = {
  text: 'a trained network',
  idle: { 'the name of a model': MODEL_FLAGS, 'an .onnx file': FOREIGN_ONLY },
  inspect: inspectRun,
}

/** What a file is, by its first bytes. */
const kindOf = async (path: string) => {
  const { fileKind, LOOKED_AT } = await import('../../weights/fileKinds.ts')
  const { openFileBytes } = await import('../../platform/node/fileBytes.ts')
  const { size, read, close } = openFileBytes(path)
  try {
    return fileKind(read(0, Math.min(size, LOOKED_AT)))
  } finally {
    close()
  }
}

const targetOf = async (target: string): Promise<Target> => {
  const refuse = (expected: string, got: string, hint?: string): never => {
    throw new UsageError({ where: target, expected, got, hint })
  }
  if (!existsSync(target)) {
    if (!/[\\/.]/.test(target)) return NAME
    const what = 'the folder of a run, a .safetensors file out of one, an .onnx file, or a model'
    return refuse(what, 'no such file')
  }
  if (/\.onnx$/i.test(target)) return ONNX
  if (statSync(target).isFile() && !/\.safetensors$/i.test(target)) {
    const kind = await kindOf(target)
    refuse(
      'a .safetensors file of a run, or an .onnx file',
      kind?.name ?? 'a file of another kind',
      kind?.hint ?? 'Import weights of another program first: excite import',
    )
  }
  return RUN
}

const run = async (
  target: string,
  files: readonly string[],
  flags: InspectFlags,
): Promise<void> => {
  const { text, idle, takesFiles = false, inspect } = await targetOf(target)
  for (const [expected, names] of Object.entries(idle)) {
    const given = names.find(name => flags[name] !== undefined)
    if (given !== undefined)
      throw new UsageError({ where: flagOf(given), expected, got: `${target}, ${text}` })
  }
  if (files.length > 0 && !takesFiles)
    throw new UsageError({
      where: files[0],
      expected: 'image files for an .onnx file alone',
      got: `${target}, ${text}`,
      hint: 'Images of a run: --data, --index',
    })
  await inspect(target, flags, files)
}

const list = (text: string): string[] => text.split(',').map(name => name.trim())

export const inspectCommand = (): Command => {
  const command = new Command('inspect')
    .description('look inside a network: what its attention does, and where it looks')
    .argument(
      '<run>',
      'the folder of a run, a .safetensors file out of one, an .onnx file, or the name of a model',
    )
    .argument('[images...]', 'for an .onnx file: PNG, JPEG or WebP files')
    .option('--data <name>', "a dataset (default: the run's)")
    .option(
      '--images <n>',
      'how many to look at, as many of each class as there are',
      whole('--images'),
      2000,
    )
    .option('--classes <a,b,…>', 'classes to draw, at most six', list)
    .option('--index <n,…>', 'images to explain (default: one of each of six classes)', text =>
      list(text).map(whole('--index', 0)),
    )
    .option('--channels <n>', 'of the images of a model (default: 3)', whole('--channels'))
    .option('--ablate-blocks', 'measure the network without each block, stage and all')
    .option(
      '--out <folder>',
      "for the report (default: inspect/ in the run's folder)",
      path('--out'),
    )
    .option('--last', 'the last epoch, in place of the best')
    .option('--batch <n>', 'images per batch', whole('--batch'), 50)
    .option('--threads <n>', 'threads (default: one per core)', threadCount)
  return withJson(
    withForeignOptions(
      withEngine(withModelOptions(withDataOptions(withSplit(command, 'validation')))),
    ),
  )
    .option('--quiet', 'no progress')
    .addHelpText('after', HELP)
    .action(run)
}
