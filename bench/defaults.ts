/**
 * Small folders of images, and what trainings of them come to: the grid that the defaults of
 * `excite train --data FOLDER` are held against. Results are appended to DIR/results.jsonl; what is
 * there is not trained again.
 *
 *   npx tsx bench/defaults.ts folders DIR        writes the folders, once
 *   npx tsx bench/defaults.ts grid DIR [SIZES]   trains what is missing, such as 50,150
 */

import { appendFileSync, existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { exportFolder } from '../src/data/folder/exportFolder.ts'
import { openImages } from '../src/data/openImages.ts'
import { balancedSubset } from '../src/data/subset.ts'
import { openClassifier, type TrainOptions, train } from '../src/index.ts'
import { model } from '../src/models/registry.ts'
import { suggestTraining } from '../src/train/suggest.ts'

const SETS = ['fashion-mnist', 'shapes']
const SIZES = [50, 150, 500, 5000]
const TESTED = 2000

const [work, dir = 'small', only = SIZES.join()] = process.argv.slice(2)
const sizes = only.split(',').map(Number)

const writeFolders = async (): Promise<void> => {
  for (const name of SETS) {
    const images = await openImages(name, { samples: { train: Math.max(...SIZES), test: TESTED } })
    const write = (set: typeof images.train, to: string) =>
      exportFolder([{ ...set, split: 'all' }], join(dir, name, to))
    for (const size of SIZES) await write(balancedSubset(images.train, size), `${size}`)
    await write(images.validation, 'test')
    await images.close()
  }
}

interface Candidate extends TrainOptions {
  readonly network: string
}

/** The defaults, and each of them otherwise. */
const candidates = (images: number, classes: number): Readonly<Record<string, Candidate>> => {
  const { model: network, recipe } = suggestTraining({ images, classes, side: 32 })
  const { epochs, learningRate } = recipe
  const half = Math.ceil(epochs / 2)
  return {
    default: { network, recipe },
    'a third of the rate': { network, recipe, learningRate: learningRate / 3 },
    'half the epochs': { network, recipe, epochs: half },
    'twice the epochs': { network, recipe, epochs: 2 * epochs },
    'resnet20, half the epochs': { network: 'resnet20', recipe, epochs: half },
  }
}

const RESULTS = join(dir, 'results.jsonl')
const lines = (): string[] =>
  existsSync(RESULTS) ? readFileSync(RESULTS, 'utf8').trim().split('\n') : []

const measure = async (set: string, size: number): Promise<void> => {
  const options = { size: 32, cropPct: 1 }
  const images = await openImages(join(dir, set, `${size}`), options)
  const test = await openImages(join(dir, set, 'test'), { ...options, valFraction: 0.5 })
  const { train: own, classes } = images
  for (const [name, candidate] of Object.entries(candidates(own.labels.length, classes.length))) {
    const key = { set, size, candidate: name }
    if (lines().some(line => line.startsWith(JSON.stringify(key).slice(0, -1)))) continue
    const { network, ...recipe } = candidate
    const out = join(dir, 'runs', `${set}-${size}-${name.replaceAll(/\W+/g, '-')}`)
    await train(model(network, { classes: classes.length }), images, { ...recipe, out })
    const classifier = await openClassifier(out)
    const {
      metrics: { top1 },
    } = await classifier.evaluate(test.validation)
    await classifier.close()
    appendFileSync(RESULTS, `${JSON.stringify({ ...key, top1 })}\n`)
    console.log(set, size, name, top1)
  }
  await images.close()
  await test.close()
}

if (work === 'folders') await writeFolders()
if (work === 'grid') for (const size of sizes) for (const set of SETS) await measure(set, size)
