/**
 * A model card in Markdown: what a network is, what it was trained on, how well it does, and how to
 * use it (Mitchell et al.: Model Cards for Model Reporting, arXiv:1810.03993), from facts alone.
 */

import { summarize } from '../models/summary.ts'
import { variationTexts } from '../models/variations.ts'
import { figuresOf, metricText } from '../tasks/metricText.ts'
import { trainedTask } from '../tasks/registry.ts'
import type { Best, Curve, Task } from '../tasks/task.ts'
import { count } from '../text/numbers.ts'
import { markdownText as plain, tableMarkdown } from '../text/table.ts'
import { bestRow, columnOf, type EpochRow, metricsOf } from '../train/epochRow.ts'
import { type Description, describe } from '../weights/description.ts'
import { descriptionPath } from '../weights/onnxFile.ts'
import type { Card, Trained } from '../weights/trained.ts'
import type { Cost } from './inFewerBits.ts'

/** What a run knows of a training. */
export interface RunFacts {
  readonly data: string
  readonly seed: number
  readonly engine: string
  readonly recipe: {
    readonly epochs: number
    readonly batch: number
    readonly learningRate: number
    readonly weightDecay: number
    readonly labelSmoothing: number
    readonly optimizer: { readonly kind: string }
    readonly schedule: { readonly kind: string }
  }
  /** Finished epochs, in their order. */
  readonly history: readonly EpochRow[]
}

export interface ModelCardOptions {
  /** The file that the card stands beside. */
  readonly file: string
  readonly bytes: number
  readonly format: 'onnx' | 'safetensors'
  /** Of a network that was trained here. */
  readonly run?: RunFacts | undefined
  /** Which epoch's weights these are. */
  readonly which: 'best' | 'last'
  readonly version: string
  /** What an ONNX file takes and gives. */
  readonly description?: Description | undefined
  /** What fewer bits cost. */
  readonly cost?: Cost | undefined
}

const table = (rows: readonly (readonly [string, string])[]): string =>
  tableMarkdown([{ heading: '' }, { heading: '' }], rows)

const numbers = (values: readonly number[]): string =>
  values.map(value => Number(value.toPrecision(6))).join(', ')

/** What the deciding metric is called in a sentence. */
const bestName = ({ metric, title = metric, ofImages }: Best): string =>
  ofImages ? 'accuracy' : title

/** The metrics of a task that is not known here. */
const namesOf = (row: EpochRow): readonly Curve[] =>
  Object.keys(metricsOf('test', row)).map(metric => ({ metric, title: metric }))

const networkRows = ({ card, model }: Trained): [string, string][] => {
  const { parameters, multiplyAdds } = summarize(model, [card.height, card.width])
  return [
    ['Network', plain(card.model)],
    ...(card.attention ? [['Attention', plain(card.attention)] as [string, string]] : []),
    ...(card.variations
      ? [['Variations', variationTexts(card.variations).join(', ')] as [string, string]]
      : []),
    ['Parameters', count(parameters)],
    ['Multiply-adds', `${count(multiplyAdds)} an image (convolutions and fully connected layers)`],
  ]
}

const precisionRows = ({ description, cost }: ModelCardOptions): [string, string][] => {
  if (description?.precision === undefined) return []
  const text =
    cost === undefined
      ? '; its accuracy was not measured'
      : `; ${bestName(cost.best)} ${metricText(cost.after, cost.best)} on ${count(cost.images)} validation images, in float32 ${metricText(cost.before, cost.best)}`
  return [['Precision', `${description.precision}${text}`]]
}

const inputText = (
  { channels, height, width, cropPct = 1, mean, std }: Card,
  { input: { layout, dtype } }: Description,
): string => {
  const shape = layout === 'NCHW' ? [channels, height, width] : [height, width, channels]
  const values =
    dtype === 'uint8'
      ? 'pixels from 0 to 255, which the file normalizes'
      : `pixels scaled to 0 … 1, then (pixel − mean) / std with mean ${numbers(mean)} and std ${numbers(std)}`
  return (
    `Images as \`[N, ${shape.join(', ')}]\`, ${dtype}, ${channels === 3 ? 'red, green, blue' : 'gray'}: ` +
    `resized to cover ${width}×${height}${cropPct < 1 ? ` divided by ${cropPct}` : ''}, ${width}×${height} cut out of the center, ${values}.`
  )
}

const trainingText = (
  { data, seed, engine, recipe, history }: RunFacts,
  which: ModelCardOptions['which'],
  task: Task | undefined,
  classes: readonly string[],
): string => {
  const seconds = history.reduce((sum, row) => sum + row.seconds, 0)
  const last = history[history.length - 1]
  const row = which === 'best' ? (bestRow(history, task?.best) ?? last) : last
  return `## Training

${table([
  ['Data', plain(data)],
  ['Epochs', `${history.length} of ${recipe.epochs}`],
  ['Batch', count(recipe.batch)],
  [
    'Optimizer',
    `${recipe.optimizer.kind}, learning rate ${recipe.learningRate}, weight decay ${recipe.weightDecay}`,
  ],
  ['Schedule', recipe.schedule.kind],
  ['Label smoothing', `${recipe.labelSmoothing}`],
  ['Seed', `${seed}`],
  ['Engine', plain(engine)],
  ['Time', `${count(Math.round(seconds))} s`],
])}

## Results

${table([
  ['Epoch', `${row.epoch}`],
  ...(task ? figuresOf(task, classes) : namesOf(row)).map((one): [string, string] => [
    `${one.title[0].toUpperCase()}${one.title.slice(1)}`,
    metricText(row[columnOf('test', one.metric)], one),
  ]),
  ['Loss', row.testLoss.toFixed(4)],
])}

Measured on the test images of ${plain(data)}${which === 'best' ? `. The epoch was chosen by this same ${task ? bestName(task.best) : 'metric'}, which is therefore slightly optimistic` : ''}.`
}

const originText = ({ source, sha256, naming, notes }: NonNullable<Card['origin']>): string =>
  `## Origin

Imported, not trained by Excite: from ${plain(source)} (SHA-256 \`${sha256}\`), names as ${plain(naming)}'s. Its accuracy was not measured here; its licence is its source's.${notes.map(note => `\n\n- ${plain(note)}`).join('')}`

const useText = (
  { file, format }: ModelCardOptions,
  { input, output: { name, values } }: Description,
): string =>
  format === 'onnx'
    ? `\`\`\`ts
import { openClassifier } from 'excite'            // in a page: 'excite/browser'
const classifier = await openClassifier('${file}')
const [guess] = await classifier.classify('image.jpg', { top: 1 })
\`\`\`

Or in any ONNX Runtime:

\`\`\`ts
import { InferenceSession, Tensor } from 'onnxruntime-node'
const session = await InferenceSession.create('${file}')
const { ${name} } = await session.run({ ${input.name}: new Tensor('${input.dtype}', data, shape) })
\`\`\`

It gives ${values} \`[N, classes]\`. Class names and preprocessing are in \`${descriptionPath(file)}\` beside it, and in its metadata.`
    : `\`\`\`python
from safetensors.torch import load_file
network.load_state_dict(load_file('${file}'))
\`\`\`

Names are PyTorch's; \`excite predict ${file} image.jpg\` reads it as it is.`

const SHOWN = 100

const classesText = (classes: readonly string[]): string => {
  const more = classes.length - SHOWN
  const shown = classes.slice(0, SHOWN).map(plain).join(', ')
  return `${count(classes.length)}, in the order of the logits: ${shown}${more > 0 ? ` and ${count(more)} more` : ''}.`
}

/** The card of an exported network. */
export const modelCard = (trained: Trained, options: ModelCardOptions): string => {
  const { card } = trained
  const { run, which, file, bytes, version, description = describe(card) } = options
  const trainedHere = run !== undefined && run.history.length > 0
  const sections = [
    `# ${plain(card.model)}`,
    table([
      ...networkRows(trained),
      ['File', `${plain(file)}, ${count(bytes)} bytes`],
      ...precisionRows(options),
    ]),
    `## Input\n\n${inputText(card, description)}`,
    `## Classes\n\n${classesText(card.classes)}`,
    ...(trainedHere ? [trainingText(run, which, trainedTask(card), card.classes)] : []),
    ...(card.origin ? [originText(card.origin)] : []),
    `## Use\n\n${useText(options, description)}`,
    `Written by Excite ${version}.`,
  ]
  return `${sections.join('\n\n')}\n`
}
