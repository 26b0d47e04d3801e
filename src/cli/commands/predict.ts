/** `excite predict`: the classes of images, from files or from a dataset. */

import { Command } from 'commander'
import type { Dataset, Split } from '../../data/dataset.ts'
import { UsageError } from '../../errors/index.ts'
import type { Card } from '../../weights/trained.ts'
import { type DataFlags, openSplit, whole, withDataOptions, withSplit } from '../dataOptions.ts'
import { deviceText, withDevice } from '../deviceOption.ts'
import { percent, printJson, withJson } from '../output.ts'

const HELP = `
Examples:
  $ excite predict runs/se-resnet20-fashion-mnist shoe.png shirt.jpg
  $ excite predict runs/se-resnet20-fashion-mnist --data fashion-mnist --index 0,1,2 --top 5
  $ excite predict runs/se-resnet20-shapes photo.jpg --json

Files are resized to cover the network's image and cut at the center. A network that was
trained on light objects before black, as Fashion-MNIST has them, expects the same of yours.`

interface PredictFlags extends DataFlags {
  readonly data?: string
  readonly split: Split
  readonly index?: readonly number[]
  readonly last?: boolean
  readonly top: number
  readonly device?: string
  readonly json?: boolean
}

interface Image {
  readonly name: string
  readonly pixels: Uint8Array
  /** Its class, where it is known. */
  readonly label?: string
}

const indices = (text: string): number[] => text.split(',').map(whole('--index', 0))

const fromFiles = async (files: readonly string[], card: Card): Promise<Image[]> => {
  const { center, readImage } = await import('../../data/images.ts')
  const shape = [card.channels, card.height, card.width] as const
  const choose = center(shape, card.cropPct)
  const read = async (name: string): Promise<Image> => ({
    name,
    pixels: await readImage(name, shape, choose),
  })
  return Promise.all(files.map(read))
}

const fromDataset = (dataset: Dataset, wanted: readonly number[]): Promise<Image[]> =>
  Promise.all(
    wanted.map(async index => {
      if (index >= dataset.labels.length)
        throw new UsageError({
          where: '--index',
          expected: `0 to ${dataset.labels.length - 1}`,
          got: `${index}`,
        })
      return {
        name: `${dataset.name} ${index}`,
        pixels: await dataset.read(index),
        label: dataset.classes[dataset.labels[index]],
      }
    }),
  )

const softmax = (logits: Float32Array): number[] => {
  const exponentials = Array.from(logits, logit => Math.exp(logit - Math.max(...logits)))
  const total = exponentials.reduce((sum, value) => sum + value, 0)
  return exponentials.map(value => value / total)
}

/** How a procedural set or a folder is read for a network. */
const ownSize = ({ height, cropPct }: Card): DataFlags => ({
  size: height,
  ...(cropPct === undefined ? {} : { cropPct }),
})

const imagesOf = async (
  files: readonly string[],
  flags: PredictFlags,
  card: Card,
): Promise<Image[]> => {
  const { data, index } = flags
  if (data === undefined && index !== undefined)
    throw new UsageError({
      where: '--index',
      expected: 'the dataset that it counts in',
      got: 'none',
      hint: 'Such as: --data fashion-mnist --index 0,1,2',
    })
  const chosen = data === undefined ? [] : (index ?? [0])
  if (files.length + chosen.length === 0)
    throw new UsageError({
      where: 'excite predict',
      expected: 'image files, or --data with --index',
      got: 'neither',
    })
  const dataset =
    data === undefined
      ? undefined
      : await openSplit(data, flags.split, { ...ownSize(card), ...flags })
  if (dataset && dataset.shape.join() !== [card.channels, card.height, card.width].join())
    throw new UsageError({
      where: `--data ${data}`,
      expected: `images of ${card.channels}×${card.height}×${card.width}, as the network was trained on`,
      got: dataset.shape.join('×'),
    })
  return [...(await fromFiles(files, card)), ...(dataset ? await fromDataset(dataset, chosen) : [])]
}

const run = async (path: string, files: readonly string[], flags: PredictFlags): Promise<void> => {
  const { loadTrained } = await import('../../runs/runFolder.ts')
  const { normalized } = await import('../../data/augment/augment.ts')
  const { openDevice } = await import('../../engines/registry.ts')
  const { openPredictor } = await import('../../weights/predictor.ts')
  const trained = await loadTrained(path, flags.last ? 'last' : 'best')
  const { card } = trained
  const images = await imagesOf(files, flags, card)
  const device = await openDevice(flags.device)
  const predictor = await openPredictor(trained, 1, device.engine)
  const results = []
  for (const { name, pixels, label } of images) {
    const shape = [card.channels, card.height, card.width] as const
    const probabilities = softmax(await predictor.infer(normalized(pixels, shape, card)))
    const classes = card.classes
      .map((name, i) => ({ class: name, probability: probabilities[i] }))
      .sort((a, b) => b.probability - a.probability)
      .slice(0, flags.top)
    results.push({ image: name, ...(label === undefined ? {} : { label }), classes })
  }
  await predictor.dispose()
  if (flags.json) return printJson({ device: deviceText(device), results })
  console.error(device.note ?? `computed with ${deviceText(device)}`)
  for (const { image, label, classes } of results) {
    const text = classes.map(one => `${one.class} ${percent(one.probability)}`).join(', ')
    console.log(`${image}${label === undefined ? '' : ` (${label})`}: ${text}`)
  }
}

export const predictCommand = (): Command => {
  const command = new Command('predict')
    .description('classify images')
    .argument('<run>', 'the folder of a run, or a .safetensors file out of one')
    .argument('[images...]', 'PNG, JPEG or WebP files')
    .option('--data <name>', 'take images of a dataset')
    .option('--index <n,…>', 'which ones', indices)
    .option('--top <n>', 'how many classes to show', whole('--top'), 3)
    .option('--last', 'the last epoch, in place of the best')
  return withJson(withDevice(withDataOptions(withSplit(command, 'test'))))
    .addHelpText('after', HELP)
    .action(run)
}
