/** `excite export`: a trained network as ONNX, checked, or as safetensors, with a model card. */

import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { Command, Option } from 'commander'
import type { Split } from '../../data/dataset.ts'
import { UsageError } from '../../errors/index.ts'
import type { ExportFormat } from '../../runs/exportTrained.ts'
import type { PrecisionImages } from '../../runs/inFewerBits.ts'
import { bestText } from '../../tasks/metricText.ts'
import { accuracyText } from '../../text/accuracy.ts'
import { signed } from '../../text/numbers.ts'
import { shellWord } from '../../text/shell.ts'
import type { Serving } from '../../weights/description.ts'
import type { Precision } from '../../weights/precision.ts'
import type { Card } from '../../weights/trained.ts'
import { type DataFlags, path, withDataOptions } from '../dataOptions.ts'
import { count, printJson, withJson } from '../output.ts'

const HELP = `
Examples:
  $ excite export runs/se-resnet20-fashion-mnist
  $ excite export runs/se-resnet20-fashion-mnist --last --out clothes.onnx
  $ excite export runs/se-resnet20-fashion-mnist --with-preprocessing --out service.onnx
  $ excite export runs/se-resnet20-fashion-mnist --precision int8 --out small.onnx
  $ excite export runs/se-resnet20-fashion-mnist --format safetensors --out clothes.safetensors

The ONNX file takes images [N, C, H, W] for any N and gives logits [N, classes]; batch normalization
is folded into the convolutions. With --with-preprocessing it takes pixels as they are, uint8
[N, H, W, C] of the network's size, and gives probabilities: only resizing is left to do. Beside it,
and in its metadata: model.json, with the names of the classes and how images are prepared. The file
is checked against the network before it is saved: both must give the same answers.

--precision float16 halves the file, int8 makes it a quarter; the accuracy that it costs is measured
on the run's validation images, and said. int8 finds the ranges of activations on 256 training
images, int8-dynamic anew for every image.

The safetensors file has PyTorch's names. Beside either: a model card with the run's facts.`

interface ExportFlags extends DataFlags {
  readonly data?: string
  readonly precision: Precision
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

/** The images of the run, or of `--data`; none where neither is known. */
const precisionImages = async (
  path: string,
  card: Card,
  flags: ExportFlags,
): Promise<PrecisionImages | undefined> => {
  const hasRun = existsSync(join(path, 'config.json'))
  if (flags.data === undefined && !hasRun) return undefined
  const { openRunData } = await import('../runData.ts')
  const open = async (split: Split) =>
    (await openRunData(path, card, split, flags, flags.json === true)).dataset
  return { calibration: await open('train'), validation: await open('validation') }
}

const run = async (path: string, flags: ExportFlags): Promise<void> => {
  const { exportTrained } = await import('../../runs/exportTrained.ts')
  const format = formatOf(flags)
  const file = fileOf(path, format, flags.out)
  const which = flags.last ? 'last' : 'best'
  const serving = servingOf(flags, format)
  const { precision, card } = flags
  if (precision !== 'float32' && format !== 'onnx')
    throw new UsageError({ where: '--precision', expected: 'an ONNX file', got: format })
  const images = (card: Card) => precisionImages(path, card, flags)
  const options = { file, format, which, card, serving, precision, images } as const
  const exported = await exportTrained(path, options)
  if (flags.json) return printJson(exported)
  const { bytes, difference, modelCard, description, cost } = exported
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
  if (cost !== undefined) {
    const { before, after, images, best } = cost
    const { metric, title = metric } = best
    const text = (value: number): string => bestText(value, best, images)
    const points = best.percent ? ` (${signed(100 * (after - before))} points)` : ''
    console.log(
      `${best.ofImages ? 'accuracy' : title} on ${count(images)} images: ${best.ofImages ? accuracyText(after, images) : text(after)} in ${precision}, ${text(before)} in float32${points}`,
    )
  } else if (precision !== 'float32')
    console.log('accuracy not measured: no images; --data names some')
  if (modelCard !== undefined) console.log(`${modelCard}: its model card`)
}

export const exportCommand = (): Command =>
  withJson(
    withDataOptions(
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
        .option(
          '--with-preprocessing',
          'of ONNX: pixels as bytes [N, H, W, C] in, probabilities out',
        )
        .addOption(
          new Option(
            '--precision <name>',
            'of ONNX: float16, int8 by images of calibration, or int8 by ranges found as it runs',
          )
            .choices(['float32', 'float16', 'int8', 'int8-dynamic'] satisfies Precision[])
            .default('float32'),
        )
        .option('--data <name>', "calibrates and measures int8 and float16 (default: the run's)")
        .option('--no-card', 'no model card')
        .option('--last', 'the last epoch instead of the best'),
    ),
  )
    .addHelpText('after', HELP)
    .action(run)
