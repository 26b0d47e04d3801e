/** `excite predict`: the classes of images, from files or from a dataset. */

import { Command, Option } from 'commander'
import type { Dataset, Split } from '../../data/dataset.ts'
import { imagesOptionsOf } from '../../data/imagesRecord.ts'
import { FileError, UsageError } from '../../errors/index.ts'
import type { Classifier } from '../../runs/classifier.ts'
import type { Answer, Task } from '../../tasks/task.ts'
import { csv } from '../../text/table.ts'
import { visible } from '../../text/visible.ts'
import {
  type DataFlags,
  path as filePath,
  openSplit,
  whole,
  withDataOptions,
  withSplit,
} from '../dataOptions.ts'
import { withEngine } from '../engineOption.ts'
import { type NamedImage, namedImages } from '../imageInputs.ts'
import { type NetworkFlags, openNetwork, withNetwork } from '../openNetwork.ts'
import { printJson, withJson } from '../output.ts'
import { readAs, runOf } from '../runData.ts'

const HELP = `
Examples:
  $ excite predict runs/se-resnet20-fashion-mnist shoe.png shirt.jpg
  $ excite predict runs/flowers ./new-images 'more/*.jpg' --csv > answers.csv
  $ excite predict flowers.onnx https://example.org/rose.jpg --json
  $ cat rose.jpg | excite predict runs/flowers -
  $ excite predict runs/detector street.jpg --out boxes.png
  $ excite predict runs/se-resnet20-fashion-mnist --data fashion-mnist --index 0,1,2 --top 5
  $ excite predict theirs.onnx photo.jpg --trust-model --classes cat,dog --mean 0.5 --std 0.5

Images are files, folders, patterns, addresses, and - for standard input. They are resized to cover
the network's image and cut at the center. A network that was trained on light objects on black, as
Fashion-MNIST has them, expects the same of yours. An image that cannot be read is named, and the
others are answered all the same.

An .onnx file may be anybody's: model.json beside it, or the options, say how images are prepared. A
file that Excite did not export runs only with --trust-model, in a process of its own.`

interface PredictFlags extends DataFlags, Omit<NetworkFlags, keyof DataFlags> {
  readonly data?: string
  readonly split: Split
  readonly index?: readonly number[]
  readonly top: number
  readonly csv?: boolean
  readonly out?: string
  readonly json?: boolean
}

const indices = (text: string): number[] => text.split(',').map(whole('--index', 0))

/** An image to classify; its class, where that is known. */
interface Image {
  readonly name: string
  readonly label?: string | undefined
  ask(classifier: Classifier, top: number): Promise<Answer>
}

const fromFile = ({ name, read }: NamedImage): Image => ({
  name,
  ask: async (classifier, top) => classifier.answer((await read?.()) ?? name, { top }),
})

const fromDataset = (dataset: Dataset, index: number, { answers }: Task): Image => {
  if (index >= dataset.labels.length)
    throw new UsageError({
      where: '--index',
      expected: `0 to ${dataset.labels.length - 1}`,
      got: `${index}`,
    })
  return {
    name: dataset.nameOf?.(index) ?? `${dataset.name} ${index}`,
    label: answers?.truth(dataset, index),
    ask: async (classifier, top) =>
      classifier.answer({ prepared: await dataset.read(index) }, { top }),
  }
}

const imagesOf = async (
  files: readonly string[],
  flags: PredictFlags,
  { card, task }: Pick<Classifier, 'card' | 'task'>,
  path: string,
): Promise<Image[]> => {
  const { data, index } = flags
  if (data === undefined && index !== undefined)
    throw new UsageError({
      where: '--index',
      expected: 'the dataset that it counts in',
      got: 'missing',
      hint: 'For example: --data fashion-mnist --index 0,1,2',
    })
  if (files.length === 0 && data === undefined)
    throw new UsageError({
      where: 'excite predict',
      expected: 'images: files, folders, patterns, addresses, - or --data',
      got: 'none',
    })
  const open = async (data: string): Promise<Dataset> => {
    const config = await runOf(path, data)
    const options = { ...(config && imagesOptionsOf(config)), ...readAs(card) }
    return openSplit(data, flags.split, { ...options, ...flags })
  }
  const dataset = data === undefined ? undefined : await open(data)
  if (dataset && dataset.shape.join() !== [card.channels, card.height, card.width].join())
    throw new UsageError({
      where: `--data ${data}`,
      expected: `images of ${card.channels}×${card.height}×${card.width}, as the network was trained on`,
      got: dataset.shape.join('×'),
    })
  const chosen = dataset === undefined ? [] : (index ?? dataset.labels.keys())
  return [
    ...(await namedImages(files)).map(fromFile),
    ...Array.from(chosen, i => fromDataset(dataset as Dataset, i, task)),
  ]
}

/** An image that was asked about: what the network says of it, or why that is nothing. */
interface Result {
  readonly image: string
  readonly label?: string | undefined
  readonly answer?: Answer | undefined
  readonly error?: string
}

const resultOf = async (
  { name: image, label, ask }: Image,
  classifier: Classifier,
  top: number,
): Promise<Result> => {
  try {
    return { image, label, answer: await ask(classifier, top) }
  } catch (cause) {
    if (!(cause instanceof FileError)) throw cause
    const { expected, got } = cause
    return { image, label, error: `expected ${expected}, got ${got}` }
  }
}

const printText = ({ image, label, answer, error }: Result): void => {
  const known = label === undefined ? '' : ` (${visible(label)})`
  if (error === undefined) console.log(`${visible(image)}${known}: ${answer?.text}`)
  else console.error(`excite: ${visible(image)}: ${error}`)
}

const csvOf = (results: readonly Result[]): string => {
  const columns = Object.keys(results.find(({ answer }) => answer)?.answer?.cells ?? {})
  return csv(
    results.map(({ image, label, answer, error }) => ({
      image,
      ...(results.some(one => one.label !== undefined) ? { class: label } : {}),
      ...Object.fromEntries(columns.map(name => [name, answer?.cells[name]])),
      error,
    })),
  )
}

/** Draws what was found over the one image that was asked about. */
const drawOut = async (
  out: string,
  files: readonly string[],
  results: readonly Result[],
  { data }: PredictFlags,
): Promise<void> => {
  const [only] = results
  const found = only?.answer?.found
  if (results.length !== 1 || data !== undefined || found === undefined)
    throw new UsageError({
      where: '--out',
      expected: 'one image file, and a network that finds objects in it',
      got: found === undefined ? 'no objects' : `${results.length} images`,
    })
  const [image] = await namedImages(files)
  const { writeBoxes } = await import('../../runs/writeBoxes.ts')
  await writeBoxes((await image.read?.()) ?? image.name, found, out)
}

const run = async (path: string, files: readonly string[], flags: PredictFlags): Promise<void> => {
  const classifier = await openNetwork(path, flags)
  const { card, engine, note } = classifier
  const isText = !flags.json && !flags.csv
  const top = Math.min(flags.top, card.classes.length)
  const results: Result[] = []
  try {
    const images = await imagesOf(files, flags, classifier, path)
    if (isText) console.error(note ?? `computed with ${engine}`)
    for (const image of images) {
      const result = await resultOf(image, classifier, top)
      if (isText) printText(result)
      results.push(result)
    }
  } finally {
    await classifier.close()
  }
  if (flags.out !== undefined) await drawOut(flags.out, files, results, flags)
  if (flags.json)
    printJson({
      engine,
      results: results.map(({ answer, ...result }) => ({ ...result, ...answer?.fields })),
    })
  if (flags.csv) process.stdout.write(csvOf(results))
  if (results.some(({ error }) => error !== undefined)) process.exitCode = FAILED
}

/** An image could not be read. */
const FAILED = 1

export const predictCommand = (): Command => {
  const command = new Command('predict')
    .description('classify images, or find objects in them')
    .argument('<network>', 'the folder of a run, a .safetensors file out of one, or an .onnx file')
    .argument('[images...]', 'image files, folders, patterns, addresses, or - for standard input')
    .option('--data <name>', 'take images of a dataset')
    .option('--index <n,…>', 'which of them (default: all)', indices)
    .option('--top <n>', 'how many classes to show', whole('--top'), 3)
    .option('--last', 'the last epoch, in place of the best')
    .option('--out <file>', 'detection: draw the boxes over the image', filePath('--out'))
    .addOption(new Option('--csv', 'print the result as CSV').conflicts('json'))
  return withJson(withNetwork(withEngine(withDataOptions(withSplit(command, 'validation')))))
    .addHelpText('after', HELP)
    .action(run)
}
