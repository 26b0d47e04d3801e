/** `excite predict`: the classes of images, from files or from a dataset. */

import { existsSync } from 'node:fs'
import { Command } from 'commander'
import type { Dataset, Split } from '../../data/dataset.ts'
import { UsageError } from '../../errors/index.ts'
import type { Classifier } from '../../runs/classifier.ts'
import type { Guess } from '../../weights/guesses.ts'
import type { Card } from '../../weights/trained.ts'
import { type DataFlags, openSplit, whole, withDataOptions, withSplit } from '../dataOptions.ts'
import { withEngine } from '../engineOption.ts'
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
  readonly engine?: string
  readonly json?: boolean
}

const indices = (text: string): number[] => text.split(',').map(whole('--index', 0))

/** An image to classify; its class, where that is known. */
interface Image {
  readonly name: string
  readonly label?: string
  ask(classifier: Classifier, top: number): Promise<readonly Guess[]>
}

const fromFile = (name: string): Image => {
  if (!existsSync(name))
    throw new UsageError({ where: name, expected: 'an image file', got: 'no such file' })
  return { name, ask: (classifier, top) => classifier.classify(name, { top }) }
}

const fromDataset = (dataset: Dataset, index: number): Image => {
  if (index >= dataset.labels.length)
    throw new UsageError({
      where: '--index',
      expected: `0 to ${dataset.labels.length - 1}`,
      got: `${index}`,
    })
  return {
    name: `${dataset.name} ${index}`,
    label: dataset.classes[dataset.labels[index]],
    ask: async (classifier, top) => classifier.classifyPrepared(await dataset.read(index), top),
  }
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
      got: 'missing',
      hint: 'For example: --data fashion-mnist --index 0,1,2',
    })
  const chosen = data === undefined ? [] : (index ?? [0])
  if (files.length + chosen.length === 0)
    throw new UsageError({
      where: 'excite predict',
      expected: 'image files, or --data with --index',
      got: 'missing',
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
  return [...files.map(fromFile), ...(dataset ? chosen.map(i => fromDataset(dataset, i)) : [])]
}

const run = async (path: string, files: readonly string[], flags: PredictFlags): Promise<void> => {
  const { openClassifier } = await import('../../runs/classifier.ts')
  const classifier = await openClassifier(path, {
    weights: flags.last ? 'last' : 'best',
    engine: flags.engine,
  })
  const { card, engine, note } = classifier
  const results = []
  for (const { name, label, ask } of await imagesOf(files, flags, card)) {
    const guesses = await ask(classifier, flags.top)
    const classes = guesses.map(({ label, probability }) => ({ class: label, probability }))
    results.push({ image: name, label, classes })
  }
  await classifier.close()
  if (flags.json) return printJson({ engine, results })
  console.error(note ?? `computed with ${engine}`)
  for (const { image, label, classes } of results) {
    const text = classes.map(one => `${one.class} ${percent(one.probability)}`).join(', ')
    console.log(`${image}${label === undefined ? '' : ` (${label})`}: ${text}`)
  }
}

export const predictCommand = (): Command => {
  const command = new Command('predict')
    .description('classify images')
    .argument('<run>', 'the folder of a run, or a .safetensors file out of one')
    .argument('[images...]', 'image files')
    .option('--data <name>', 'take images of a dataset')
    .option('--index <n,…>', 'which ones', indices)
    .option('--top <n>', 'how many classes to show', whole('--top'), 3)
    .option('--last', 'the last epoch, in place of the best')
  return withJson(withEngine(withDataOptions(withSplit(command, 'validation'))))
    .addHelpText('after', HELP)
    .action(run)
}
