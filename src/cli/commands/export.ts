/** `excite export`: a trained network as ONNX, checked, or as safetensors, with a model card. */

import { existsSync } from 'node:fs'
import { basename, join } from 'node:path'
import { Command, Option } from 'commander'
import { UsageError } from '../../errors/index.ts'
import type { RunFacts } from '../../runs/modelCard.ts'
import type { Trained } from '../../weights/trained.ts'
import { path } from '../dataOptions.ts'
import { count, printJson, withJson } from '../output.ts'

const HELP = `
Examples:
  $ excite export runs/se-resnet20-fashion-mnist
  $ excite export runs/se-resnet20-fashion-mnist --last --out clothes.onnx
  $ excite export runs/se-resnet20-fashion-mnist --format safetensors --out clothes.safetensors

The ONNX file takes images [N, C, H, W] for any N and gives logits [N, classes]; batch normalization
is folded into the convolutions. In its metadata: the names of the classes, and how images are to
be prepared. Before it gets its name it is run beside the network itself: both must give the same
logits. The safetensors file has PyTorch's names. Beside either: a model card with the run's facts.`

type Format = 'onnx' | 'safetensors'

interface ExportFlags {
  readonly out?: string
  readonly format?: Format
  readonly last?: boolean
  readonly card: boolean
  readonly json?: boolean
}

const ENDING = /\.(onnx|safetensors)$/

/** The format that was asked for, or that a file's name says. */
const formatOf = ({ format, out }: ExportFlags): Format => {
  const named = out === undefined ? undefined : (ENDING.exec(out)?.[1] as Format | undefined)
  if (format !== undefined && named !== undefined && format !== named)
    throw new UsageError({
      where: '--out',
      expected: `a name that ends in .${format}`,
      got: String(out),
    })
  return format ?? named ?? 'onnx'
}

const fileOf = async (path: string, format: Format, out: string | undefined): Promise<string> => {
  const { RUN_FILES } = await import('../../runs/runFolder.ts')
  if (out !== undefined) return out
  if (path.endsWith('.safetensors'))
    throw new UsageError({
      where: '--out',
      expected: 'a file to write, since there is no run folder to put it in',
      got: 'none',
      hint: `Such as: excite export ${path} --out model.onnx`,
    })
  return join(path, format === 'onnx' ? RUN_FILES.onnx : 'model.safetensors')
}

const runFacts = async (path: string): Promise<RunFacts | undefined> => {
  const { RUN_FILES, readMetrics, readRun } = await import('../../runs/runFolder.ts')
  if (!existsSync(join(path, RUN_FILES.config))) return undefined
  return { ...(await readRun(path)), history: await readMetrics(path) }
}

/** The bytes of the file, and for ONNX how far its logits are from the network's. */
const contentOf = async (
  trained: Trained,
  format: Format,
): Promise<{ bytes: Uint8Array; difference?: number }> => {
  if (format === 'safetensors') {
    const { writeTrained } = await import('../../weights/trained.ts')
    return { bytes: writeTrained(trained) }
  }
  const { checkExport, exportOnnx } = await import('../../weights/export.ts')
  const bytes = exportOnnx(trained)
  return { bytes, difference: await checkExport(bytes, trained) }
}

const run = async (path: string, flags: ExportFlags): Promise<void> => {
  const { loadTrained } = await import('../../runs/runFolder.ts')
  const { modelCard } = await import('../../runs/modelCard.ts')
  const { writeFileAtomic } = await import('../../platform/node/files.ts')
  const { VERSION } = await import('../../platform/node/version.ts')
  const format = formatOf(flags)
  const file = await fileOf(path, format, flags.out)
  const which = flags.last ? 'last' : 'best'
  const trained = await loadTrained(path, which)
  const { bytes, difference } = await contentOf(trained, format)
  await writeFileAtomic(file, bytes)
  const cardFile = `${file.replace(ENDING, '')}.md`
  if (flags.card) {
    const facts = await runFacts(path)
    const text = modelCard(trained, {
      file: basename(file),
      bytes: bytes.length,
      format,
      which,
      version: VERSION,
      ...(facts === undefined ? {} : { run: facts }),
    })
    await writeFileAtomic(cardFile, text)
  }
  const { card } = trained
  const written = flags.card ? { modelCard: cardFile } : {}
  if (flags.json)
    return printJson({ file, format, bytes: bytes.length, difference, ...written, card })
  const checked = difference === undefined ? '' : `, logits equal to ${difference.toExponential(1)}`
  console.log(`${file}: ${count(bytes.length)} bytes${checked}`)
  if (format === 'onnx')
    console.log(
      `input images [N, ${card.channels}, ${card.height}, ${card.width}], output logits [N, ${card.classes.length}]`,
    )
  if (flags.card) console.log(`${cardFile}: its model card`)
}

export const exportCommand = (): Command =>
  withJson(
    new Command('export')
      .description('write a trained network as ONNX or safetensors, with a model card')
      .argument('<run>', 'the folder of a run, or a .safetensors file out of one')
      .option(
        '--out <file>',
        "where to (default: the run's model.onnx or model.safetensors)",
        path('--out'),
      )
      .addOption(
        new Option('--format <name>', 'of the file (default: as --out ends, or onnx)').choices([
          'onnx',
          'safetensors',
        ]),
      )
      .option('--no-card', 'no model card')
      .option('--last', 'the last epoch, in place of the best'),
  )
    .addHelpText('after', HELP)
    .action(run)
