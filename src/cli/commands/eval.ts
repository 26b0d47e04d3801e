/** `excite eval`: loss and accuracy of a trained network on a dataset. */

import { Command } from 'commander'
import type { Split } from '../../data/dataset.ts'
import { figuresOf, metricText } from '../../tasks/metricText.ts'
import { accuracyText, shortAccuracy } from '../../text/accuracy.ts'
import {
  type DataFlags,
  path as filePath,
  imagesText,
  threadCount,
  whole,
  withDataOptions,
  withSplit,
} from '../dataOptions.ts'
import { withEngine } from '../engineOption.ts'
import { type NetworkFlags, openNetwork, withNetwork } from '../openNetwork.ts'
import { commandLine, count, percent, printJson, table, withJson } from '../output.ts'
import { bar, progressLine } from '../progressLine.ts'
import { openRunData } from '../runData.ts'

const HELP = `
Examples:
  $ excite eval runs/se-resnet20-fashion-mnist
  $ excite eval runs/se-resnet20-fashion-mnist --split train --per-class
  $ excite eval runs/flowers --data ./new-images --report wrong.html --csv answers.csv
  $ excite eval best.safetensors --data fashion-mnist --json`

interface EvalFlags extends DataFlags, Omit<NetworkFlags, keyof DataFlags> {
  readonly data?: string
  readonly split?: Split
  readonly perClass?: boolean
  readonly report?: string
  readonly csv?: string
  readonly results?: string
  readonly batch: number
  readonly quiet?: boolean
  readonly json?: boolean
}

const run = async (path: string, flags: EvalFlags): Promise<void> => {
  const { batch, quiet = false, json = false } = flags
  const classifier = await openNetwork(path, flags)
  const { card, task, engine, note } = classifier
  const { name, dataset } = await openRunData(path, card, flags.split, flags, quiet)
  const progress = progressLine(quiet)
  if (note !== undefined) progress.line(note)
  const { csvFile, reportFile, resultsFile } = await import('../../runs/evaluationFiles.ts')
  const facts = {
    model: card.model,
    subtitle: `${path} on ${imagesText(dataset)} of ${name}, computed by ${engine}.`,
    command: commandLine(),
  }
  const files = [
    ...(flags.report === undefined ? [] : [reportFile(flags.report, task, dataset, facts)]),
    ...(flags.results === undefined ? [] : [resultsFile(flags.results, dataset)]),
    ...(flags.csv === undefined ? [] : [csvFile(flags.csv, task, dataset)]),
  ]
  const { metrics, perClass } = await classifier.evaluate(dataset, {
    batch,
    observe: (outputs, one) => {
      for (const file of files) file.add(outputs, one)
    },
    onBatch: (done, total) =>
      progress.update(`${bar(done / total)} ${count(done)}/${count(total)} images`),
  })
  progress.clear()
  await classifier.close()
  for (const file of files) await file.write()
  if (json)
    return printJson({
      model: card.model,
      task: card.task,
      data: name,
      split: dataset.split,
      engine,
      ...metrics,
      perClass: perClass.rows.map((row, i) => ({ class: card.classes[i], ...row })),
    })
  const { length } = dataset.labels
  const measured = figuresOf(task, card.classes).map(one =>
    one.ofImages
      ? `${one.title} ${accuracyText(metrics[one.metric], length)}`
      : `${one.title} ${metricText(metrics[one.metric], one)}`,
  )
  console.log(
    `${card.model} on ${imagesText(dataset)} of ${name}: ${[...measured, `loss ${metrics.loss.toFixed(4)}`].join(', ')} (${engine})`,
  )
  if (!flags.perClass) return
  const { columns, rows } = perClass
  console.log(
    table(
      ['class', 'images', ...columns.map(({ title }) => title)].map((heading, i) => ({
        heading,
        right: i > 0,
      })),
      rows.map((row, i) => [
        card.classes[i],
        count(row.count),
        ...columns.map(one =>
          one.ofImages
            ? shortAccuracy(row[one.metric], row.count)
            : one.percent
              ? percent(row[one.metric], 1)
              : metricText(row[one.metric], one),
        ),
      ]),
    ),
  )
}

export const evalCommand = (): Command => {
  const command = new Command('eval')
    .description('measure a trained network')
    .argument('<network>', 'the folder of a run, a .safetensors file out of one, or an .onnx file')
    .option('--data <name>', "a dataset (default: the run's)")
    .option('--last', 'the last epoch, in place of the best')
    .option('--per-class', 'measures of each class too: recall, precision and F1')
    .option(
      '--report <file>',
      'write a page: confusion matrix, most wrong images, calibration',
      filePath('--report'),
    )
    .option(
      '--results <file>',
      "detection: write what was found as COCO's results JSON",
      filePath('--results'),
    )
    .option('--csv <file>', 'write a table: probabilities of every image', filePath('--csv'))
    .option('--batch <n>', 'images per batch', whole('--batch'), 100)
    .option('--threads <n>', 'threads (default: one per core)', threadCount)
  return withJson(withNetwork(withEngine(withDataOptions(withSplit(command)))))
    .option('--quiet', 'no progress')
    .addHelpText('after', HELP)
    .action(run)
}
