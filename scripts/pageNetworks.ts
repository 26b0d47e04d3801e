/**
 * Trains the networks that come with the page, on `shapes`, and writes them in half precision, with what
 * is measured of them, to web/public/networks. A few minutes each: npx tsx scripts/pageNetworks.ts [NETWORK…]
 */

import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { openEngine } from '../src/engines/registry.ts'
import { type Images, models, openImages, train } from '../src/index.ts'
import { analyze } from '../src/inspect/analysis.ts'
import { average, std } from '../src/stats/moments.ts'
import { readTrained, type Trained, writeTrained } from '../src/weights/trained.ts'
import type { Measured } from '../web/inside/measured.ts'
import { openNetwork } from '../web/inside/network.ts'
import { paintScene, SCALES, SHAPE_CLASSES } from '../web/inside/scene.ts'

const NETWORKS = ['sk-resnet8', 'se-resnet8', 'gct-resnet8']
const FOLDER = fileURLToPath(new URL('../web/public/networks/', import.meta.url))
const ENGINE = 'onednn'
const IMAGES = 1000
const SCENES = 100

const trainNetwork = async (name: string, images: Images): Promise<Trained> => {
  const folder = await mkdtemp(join(tmpdir(), 'excite-page-'))
  await train(models.named(name, { classes: images.train.classes.length }), images, {
    epochs: 12,
    batch: 64,
    engine: ENGINE,
    threads: 1,
    out: join(folder, 'run'),
    onEpoch: ({ epoch, validation }) => console.log(name, epoch, validation.top1),
  })
  const trained = readTrained(await readFile(join(folder, 'run/best.safetensors')), name)
  await rm(folder, { recursive: true })
  return trained
}

/** The average of every block at each scale, over scenes that differ in all else. */
const sweepOf = async (trained: Trained) => {
  const { info, look, close } = openNetwork(trained, (await openEngine(ENGINE)).engine)
  const values = info.blocks.map(() => SCALES.map((): number[] => []))
  for (let scene = 0; scene < SCENES; scene++)
    for (const [s, scale] of SCALES.entries()) {
      const name = SHAPE_CLASSES[scene % SHAPE_CLASSES.length]
      const rest = { x: 0.5, y: 0.5, turn: 0, hue: scene / SCENES, texture: 'plain' }
      const { gates } = await look(
        paintScene({ class: name, scale, ...rest, background: scene }, info.shape[1]),
      )
      for (const [b, own] of gates.entries()) values[b][s].push(average(own))
    }
  await close()
  return values.map(block => ({
    mean: block.map(own => rounded(average(own))),
    std: block.map(own => rounded(std(own))),
  }))
}

const rounded = (value: number): number => Math.round(value * 1000) / 1000

const measureNetwork = async (trained: Trained, images: Images): Promise<Measured> => {
  const { engine } = await openEngine(ENGINE)
  const options = { engine, batch: 50, images: IMAGES, ablateBlocks: true }
  const { excitation, ablation, selection, gates } = await analyze(
    trained,
    images.validation,
    options,
  )
  const without = (block: string) =>
    ablation?.rows.find(row => row.removed === block && row.replacement === 'identity')
  const sweeps = await sweepOf(trained)
  return {
    images: IMAGES,
    scenes: SCENES,
    top1: rounded(ablation?.top1 ?? 0),
    without: rounded(without('all')?.top1 ?? 0),
    blocks: excitation.map(({ path, block, specificity, mean, classes }, i) => {
      const ratio = gates.find(layer => layer.path === path)?.varianceRatio
      const own = selection.find(unit => unit.path === path)
      return {
        path,
        specificity: rounded(specificity),
        mean: mean.map(rounded),
        classes: classes.map(one => one.mean.map(rounded)),
        change: rounded(without(block)?.change ?? 0),
        standardError: rounded(without(block)?.standardError ?? 0),
        rankCorrelation: own?.truth && rounded(own.truth.rankCorrelation),
        sweep: own && sweeps[i],
        varianceRatio: ratio && rounded(ratio),
      }
    }),
  }
}

const wanted = process.argv.slice(2).filter(name => name !== '--measure')
const images = await openImages('shapes', { samples: { train: 10_000, test: IMAGES } })
await mkdir(FOLDER, { recursive: true })
for (const name of wanted.length > 0 ? wanted : NETWORKS) {
  const file = join(FOLDER, `${name}.safetensors`)
  if (!process.argv.includes('--measure'))
    await writeFile(file, writeTrained(await trainNetwork(name, images), true))
  const measured = await measureNetwork(readTrained(await readFile(file), name), images)
  await writeFile(join(FOLDER, `${name}.json`), `${JSON.stringify(measured)}\n`)
  console.log(name, measured.top1, 'without its attention', measured.without)
}
await images.close()
