/** `excite data export`: a dataset as files that other tools, and `--data FOLDER`, read. */

import { Command, Option } from 'commander'
import type { ImageFormat } from '../../data/folder/exportFolder.ts'
import { UsageError } from '../../errors/index.ts'
import { shellWord } from '../../text/shell.ts'
import { type DataFlags, openData, path, withDataOptions } from '../dataOptions.ts'
import { interruptedCode, interruptible } from '../interrupt.ts'
import { count, printJson, withJson } from '../output.ts'
import { progressLine } from '../progressLine.ts'

const HELP = `
Examples:
  $ excite data export shapes --to images --samples 500,100 --size 64
  $ excite train se-resnet20 --data ./images --size 64

The folder has train/CLASS, val/CLASS and test/CLASS, as far as the dataset has these splits, with
one file per image. It appears when it is complete. A set for detection is written in COCO's layout:
train, val, and annotations/instances_train.json and so on; --data FOLDER reads it.`

interface ExportFlags extends DataFlags {
  readonly to?: string
  readonly format: string
  readonly images: ImageFormat
  readonly quiet?: boolean
  readonly json?: boolean
}

const run = async (name: string, own: object, command: Command): Promise<void> => {
  // Options that `excite data` has too are taken by it, wherever they stand.
  const flags = command.optsWithGlobals() as ExportFlags
  const { to, images, quiet = false, json = false } = { ...flags, ...own } as ExportFlags
  if (to === undefined)
    throw new UsageError({
      where: '--to',
      expected: 'a folder to write',
      got: 'missing',
      hint: `For example: excite data export ${name} --to images`,
    })
  const { exportFolder } = await import('../../data/folder/exportFolder.ts')
  const source = await openData(name, flags, quiet)
  const [train, validation] = [await source.open('train'), await source.open('validation')]
  const splits =
    validation.split === 'test' || !source.hasTest
      ? [train, validation]
      : [train, validation, await source.open('test')]
  const total = splits.reduce((sum, { labels }) => sum + labels.length, 0)
  const progress = progressLine(quiet)
  const written = await interruptible(
    signal =>
      exportFolder(splits, to, {
        format: images,
        signal,
        onWritten: done => progress.update(`${count(done)}/${count(total)} images`),
      }),
    () => {},
  )
  progress.clear()
  if (written === undefined) {
    process.exitCode = interruptedCode()
    return
  }
  if (json) return printJson({ folder: to, images: written, classes: train.classes })
  console.log(`${to}: ${count(written)} images of ${train.classes.length} classes
next: excite train ${train.objects ? 'fasterrcnn-se-resnet18' : 'se-resnet20'} --data ${shellWord(/^[./]/.test(to) ? to : `./${to}`)} --size ${train.shape[1]}`)
}

export const dataExportCommand = (): Command => {
  const command = new Command('export')
    .description('write a dataset as a folder of images')
    .argument('<name>', 'a dataset')
    .option('--to <folder>', 'the folder to write; must not exist', path('--to'))
    .addOption(
      new Option('--format <name>', 'how the folder is laid out')
        .choices(['imagefolder'])
        .default('imagefolder'),
    )
    .addOption(
      new Option('--images <type>', 'the kind of file')
        .choices(['png', 'jpeg', 'webp'])
        .default('png'),
    )
    .option('--quiet', 'no progress')
  return withJson(withDataOptions(command)).addHelpText('after', HELP).action(run)
}
