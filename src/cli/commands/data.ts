/** `excite data`: which datasets there are, and what is in one. */

import { Command } from 'commander'
import type { Split } from '../../data/dataset.ts'
import { UsageError } from '../../errors/index.ts'
import { type DataFlags, openData, whole, withDataOptions, withSplit } from '../dataOptions.ts'
import { leftOutFiles, reportLines } from '../folderReport.ts'
import { count, printJson, table, withJson } from '../output.ts'
import { dataExportCommand } from './dataExport.ts'

const HELP = `
Examples:
  $ excite data                                       what there is
  $ excite data fashion-mnist                         counts, classes, mean and std
  $ excite data shapes --sheet shapes.png             an image of the images
  $ excite data shapes --factors 3 --json             what the first three were made from
  $ excite data cifar10 --data-dir ~/cifar-10-batches-bin
  $ excite data ./images                            a folder of your own: train/CLASS, val/CLASS, test/CLASS
  $ excite data ./images --labels labels.csv        images in any order, with a table of their labels
  $ excite data ./images --label-from-name          names such as cat.12.jpg
  $ excite data export shapes --to images           files, to try that on

Where files lie: the folder of --data-dir, and no other; else where the system installs them
(Debian: apt install dataset-fashion-mnist), else the cache folder, into which they are fetched
from the set's own address and checked by their hash.`

interface DataCommandFlags extends DataFlags {
  readonly split: Split
  readonly sheet?: string
  readonly factors?: number
  readonly json?: boolean
}

const pngFile = (text: string): string => {
  if (/.\.png$/i.test(text)) return text
  throw new UsageError({ where: '--sheet', expected: 'a name that ends in .png', got: text })
}

const list = async (json: boolean): Promise<void> => {
  const { DATASETS } = await import('../../data/registry.ts')
  const rows = Object.entries(DATASETS)
  if (json) return printJson(rows.map(([name, describe]) => ({ name, describe })))
  console.log(table([{ heading: 'name' }, { heading: 'what it is' }], rows))
}

const run = async (name: string | undefined, flags: DataCommandFlags): Promise<void> => {
  const { split, sheet, factors, json = false } = flags
  if (name === undefined) return list(json)
  if (factors !== undefined && (name !== 'shapes' || split === 'all'))
    throw new UsageError({
      where: '--factors',
      expected: 'one split of the set shapes',
      got: `${split} of ${name}`,
    })
  const { measureNormalization } = await import('../../data/normalization.ts')
  const { openShapes } = await import('../../data/shapes/shapes.ts')
  // All that is bad is listed, unless something else is asked for.
  const splits = await openData(name, { badImages: 'skip', badLimit: 1, ...flags })
  const dataset = await splits.open(split)
  const report = splits.report?.()
  const { objects } = dataset
  const ofClass: readonly number[] = objects
    ? [...dataset.labels.keys()].flatMap(index => [...objects.of(index).labels].map(one => one - 1))
    : [...dataset.labels]
  const counted = objects ? 'objects' : 'images'
  const counts = dataset.classes.map((_, label) => ofClass.filter(own => own === label).length)
  const normalization = await measureNormalization(dataset)
  if (sheet !== undefined) {
    const { writeContactSheet } = await import('../../data/folder/contactSheet.ts')
    await writeContactSheet(dataset, sheet)
  }
  const { shape, labels, classes } = dataset
  const shapes = openShapes({
    split: dataset.split === 'train' ? 'train' : 'test',
    count: labels.length,
    size: shape[1],
  })
  const made = Array.from({ length: Math.min(factors ?? 0, labels.length) }, (_, index) => ({
    index,
    ...shapes.factors(index),
  }))
  if (json)
    return printJson({
      name,
      split: dataset.split,
      images: labels.length,
      shape,
      classes: classes.map((label, i) => ({ name: label, [counted]: counts[i] })),
      ...normalization,
      factors: factors === undefined ? undefined : made,
      sheet,
      leftOut: report?.leftOut,
      notes: report?.notes,
      bad: report?.checked ? { checked: report.checked, images: report.bad } : undefined,
    })
  for (const { file, reason } of report?.bad ?? []) console.error(`bad: ${file}: ${reason}`)
  for (const line of report === undefined ? [] : [...leftOutFiles(report), ...reportLines(report)])
    console.error(line)
  console.log(`${name}, ${dataset.split}: ${count(labels.length)} images of ${shape.join('×')}
mean ${normalization.mean.join(', ')}; std ${normalization.std.join(', ')}
`)
  console.log(
    table(
      [{ heading: 'class' }, { heading: counted, right: true }],
      classes.map((label, i) => [label, count(counts[i])]),
    ),
  )
  for (const { index, label, scale, x, y, rotation, hue, texture } of made)
    console.log(
      `${index}: ${classes[label]}, scale ${scale.toFixed(2)}, at (${x.toFixed(1)}, ${y.toFixed(1)}), turned ${rotation.toFixed(2)}, hue ${hue.toFixed(2)}, ${texture}`,
    )
  if (sheet !== undefined) console.log(`\n${sheet}: one row per class`)
}

export const dataCommand = (): Command => {
  const command = new Command('data')
    .description('list the datasets, or look into one')
    .argument('[name]', 'a dataset, or a folder of images')
    .option('--sheet <file.png>', 'write a contact sheet', pngFile)
    .option('--factors <n>', 'of shapes: what the first n were made from', whole('--factors'))
    .addCommand(dataExportCommand())
  return withJson(withDataOptions(withSplit(command, 'train')))
    .addHelpText('after', HELP)
    .action(run)
}
