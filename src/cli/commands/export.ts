/** `excite export`: a trained network as ONNX, checked, or as safetensors, with a model card. */

import { join } from 'node:path'
import { Command, Option } from 'commander'
import { UsageError } from '../../errors/index.ts'
import type { ExportFormat } from '../../runs/exportTrained.ts'
import { shellWord } from '../../text/shell.ts'
import type { Serving } from '../../weights/description.ts'
import { path } from '../dataOptions.ts'
import { count, printJson, withJson } from '../output.ts'

const HELP = `
Examples:
  $ excite export runs/se-resnet20-fashion-mnist
  $ excite export runs/se-resnet20-fashion-mnist --last --out clothes.onnx
  $ excite export runs/se-resnet20-fashion-mnist --with-preprocessing --out service.onnx
  $ excite export runs/se-resnet20-fashion-mnist --format safetensors --out clothes.safetensors

The ONNX file takes images [N, C, H, W] for any N and gives logits [N, classes]; batch normalization
is folded into the convolutions. With --with-preprocessing it takes pixels as they are, uint8
[N, H, W, C] of the network's size, and gives probabilities: only resizing is left to do. Beside it,
and in its metadata: model.json, with the names of the classes and how images are prepared. The file
is checked against the network before it is saved: both must give the same answers. The safetensors
file has PyTorch's names. Beside either: a model card with the run's facts.`

interface ExportFlags {
  readonly out?: string
  readonly format?: ExportFormat
  readonly last?: boolean
  readonly card: boolean
  readonly softmax?: boolean
  readonly withPreprocessing?: boolean
  readonly json?: boolean
}

/** The format that was asked for, or that a file's name says. */
const formatOf = ({ format, out = '' }: ExportFlags): ExportFormat => {
  const named = /\.(onnx|safetensors)$/.exec(out)?.[1] as ExportFormat | undefined
  if (format !== undefined && named !== undefined && format !== named)
    throw new UsageError({ where: '--out', expected: `a name that ends in .${format}`, got: out })
  return format ?? named ?? 'onnx'
}

const fileOf = (path: string, format: ExportFormat, out: string | undefined): string => {
  if (out !== undefined) return out
  if (path.endsWith('.safetensors'))
    throw new UsageError({
      where: '--out',
      expected: 'a file to write, since there is no run folder to put it in',
      got: 'missing',
      hint: `For example: excite export ${shellWord(path)} --out model.onnx`,
    })
  return join(path, `model.${format}`)
}

const servingOf = (
  { softmax, withPreprocessing: preprocessing }: ExportFlags,
  format: ExportFormat,
): Serving | undefined => {
  if (!softmax && !preprocessing) return undefined
  if (format === 'onnx') return { softmax: true, preprocessing }
  throw new UsageError({
    where: preprocessing ? '--with-preprocessing' : '--softmax',
    expected: 'an ONNX file, which has a graph',
    got: format,
  })
}

const run = async (path: string, flags: ExportFlags): Promise<void> => {
  const { exportTrained } = await import('../../runs/exportTrained.ts')
  const format = formatOf(flags)
  const file = fileOf(path, format, flags.out)
  const which = flags.last ? 'last' : 'best'
  const serving = servingOf(flags, format)
  const exported = await exportTrained(path, { file, format, which, card: flags.card, serving })
  if (flags.json) return printJson(exported)
  const { bytes, difference, modelCard, description } = exported
  const checked =
    difference === undefined
      ? ''
      : `, the network's answers to within ${difference.toExponential(1)}`
  console.log(`${file}: ${count(bytes)} bytes${checked}`)
  if (description !== undefined) {
    const { input, output, labels } = description
    const { layout, channels, height, width } = input
    const shape = layout === 'NCHW' ? [channels, height, width] : [height, width, channels]
    console.log(
      `input ${input.name}: ${input.dtype} [N, ${shape.join(', ')}], output ${output.name} [N, ${labels.length}]`,
    )
  }
  if (modelCard !== undefined) console.log(`${modelCard}: its model card`)
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
      .option('--softmax', 'of ONNX: probabilities in the place of logits')
      .option('--with-preprocessing', 'of ONNX: pixels as bytes [N, H, W, C] in, probabilities out')
      .option('--no-card', 'no model card')
      .option('--last', 'the last epoch instead of the best'),
  )
    .addHelpText('after', HELP)
    .action(run)
