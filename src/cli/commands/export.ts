/** `excite export`: a trained network as one ONNX file, checked. */

import { join } from 'node:path'
import { Command } from 'commander'
import { UsageError } from '../../errors.ts'
import { count, printJson, withJson } from '../output.ts'

const HELP = `
Examples:
  $ excite export runs/se-resnet20-fashion-mnist
  $ excite export runs/se-resnet20-fashion-mnist --last --out clothes.onnx

The file takes images [N, C, H, W] for any N and gives logits [N, classes]. In its metadata:
the names of the classes, and how pictures are to be prepared. Before it gets its name it is
run beside the network itself: both must give the same logits.`

interface ExportFlags {
  readonly out?: string
  readonly last?: boolean
  readonly json?: boolean
}

const run = async (path: string, { out, last, json = false }: ExportFlags): Promise<void> => {
  const { loadTrained, RUN_FILES } = await import('../../train/runFolder.ts')
  const { checkExport, exportOnnx } = await import('../../weights/export.ts')
  const { writeFileAtomic } = await import('../../files.ts')
  if (out === undefined && path.endsWith('.safetensors'))
    throw new UsageError({
      where: '--out',
      expected: 'a file to write, since there is no run folder to put it in',
      got: 'none',
      hint: `Such as: excite export ${path} --out model.onnx`,
    })
  const trained = await loadTrained(path, last ? 'last' : 'best')
  const bytes = exportOnnx(trained)
  const difference = await checkExport(bytes, trained)
  const file = out ?? join(path, RUN_FILES.onnx)
  await writeFileAtomic(file, bytes)
  const { card } = trained
  if (json) return printJson({ file, bytes: bytes.length, difference, card })
  console.log(`${file}: ${count(bytes.length)} bytes, logits equal to ${difference.toExponential(1)}
input images [N, ${card.channels}, ${card.height}, ${card.width}], output logits [N, ${card.classes.length}]`)
}

export const exportCommand = (): Command =>
  withJson(
    new Command('export')
      .description('write a trained network as ONNX')
      .argument('<run>', 'the folder of a run, or a .safetensors file out of one')
      .option('--out <file>', "where to (default: the run's model.onnx)")
      .option('--last', 'the last epoch, in place of the best'),
  )
    .addHelpText('after', HELP)
    .action(run)
