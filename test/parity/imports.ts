/**
 * Networks of timm, mmpretrain, transformers and of authors' code, imported by the names of their makers
 * and compared with what PyTorch computes. Needs Python with timm and torchvision, so this is run by hand:
 *
 *     npx tsx test/parity/imports.ts [part of a name ...]     PYTHON names a Python with both
 *
 * It prints a table in Markdown, and exits 1 when anything is further away than it may be.
 */

import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { onnxEngine } from '../../src/engines/onnxruntime/engine.ts'
import { importFile } from '../../src/weights/importFile.ts'
import { openPredictor } from '../../src/weights/predictor.ts'
import { readWeights } from '../../src/weights/readWeights.ts'

const NAMES = [
  'resnet50',
  'resnet18d',
  'resnet26d',
  'resnet34d',
  'resnet50d',
  'resnet101d',
  'resnet50c',
  'resnext50_32x4d',
  'seresnet18',
  'seresnet34',
  'seresnet50',
  'seresnet152d',
  'ecaresnet50d',
  'ecaresnet101d',
  'skresnet18',
  'skresnet34',
  'skresnet50',
  'skresnet50d',
  'skresnext50_32x4d',
  'resnest14d',
  'resnest26d',
  'resnest50d',
  'resnest101e',
  'legacy_seresnet18',
  'legacy_seresnet50',
  'legacy_seresnext50_32x4d',
  'legacy_senet154',
  'vgg16_bn',
  'inception_v3',
  'inception_resnet_v2',
  'mobilenetv3_small_100',
  'mobilenetv3_large_100',
  'efficientnet_b0',
  'fca/resnet50',
  'srm/resnet50',
  'simam/resnet18',
  'simam/resnet50',
  'bam/resnet50',
  'openmmlab/resnet50',
  'openmmlab/se-resnet50',
  'transformers/resnet18',
  'transformers/resnet50',
]
/** Of the largest logit. */
const TOLERANCE = 1e-5

const largest = (numbers: Float32Array): number =>
  numbers.reduce((most, number) => Math.max(most, Math.abs(number)), 0)

/** The relative difference of the logits, and what the network was taken for. */
const compare = async (name: string, folder: string): Promise<readonly [number, string]> => {
  const script = join(import.meta.dirname, 'imports.py')
  execFileSync(process.env.PYTHON ?? 'python3', [script, folder, name], { stdio: 'ignore' })
  const { entries } = readWeights(readFileSync(join(folder, 'known.pth')), 'known.pth')
  const [images, logits] = ['images', 'logits'].map(key => entries.get(key))
  if (images === undefined || logits === undefined) throw new Error(`${name} has no recording`)
  const [count, , size] = images.shape
  const named = name.slice(name.indexOf('/') + 1)
  const { trained } = importFile(join(folder, 'weights.pth'), { model: named, size })
  const predictor = await openPredictor(trained, count, onnxEngine)
  const got = (await predictor.infer(images.read())).logits.data as Float32Array
  const wanted = logits.read()
  await predictor.dispose()
  const { model, attention = '', variations = {} } = trained.card
  return [
    largest(got.map((logit, i) => logit - wanted[i])) / largest(wanted),
    [model, attention, ...Object.entries(variations).map(([key, value]) => `${key}=${value}`)]
      .filter(Boolean)
      .join(' '),
  ]
}

const asked = process.argv.slice(2)
console.log('| there | here | logits |\n|---|---|---|')
for (const name of NAMES) {
  if (asked.length > 0 && !asked.some(part => name.includes(part))) continue
  const folder = mkdtempSync(join(tmpdir(), 'excite-imports-'))
  try {
    const [difference, here] = await compare(name, folder)
    if (!(difference <= TOLERANCE)) process.exitCode = 1
    console.log(`| ${name} | ${here} | ${difference.toExponential(1)} |`)
  } catch (error) {
    process.exitCode = 1
    console.log(`| ${name} | ${error instanceof Error ? error.message : error} | |`)
  } finally {
    rmSync(folder, { recursive: true })
  }
}
