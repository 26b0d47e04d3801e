/**
 * Whole networks against PyTorch: imported under the names of every source, from every format;
 * logits, and one training step's loss and gradients; written back, as safetensors and as ONNX.
 * What whole.py records is too large to be stored, so this is run by hand, and removes it again:
 *
 *     npx tsx test/parity/whole.ts [part of a name ...]     PYTHON names one with torchvision and onnx
 *
 * It prints a table in Markdown, and exits 1 when anything is further away than it may be.
 */

import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gradients } from '../../src/autodiff/index.ts'
import { compileOnnx, onnxEngine } from '../../src/engines/onnxruntime/engine.ts'
import { graph, input, sizeOf, type Value } from '../../src/graph/index.ts'
import { inferenceGraph } from '../../src/models/inferenceGraph.ts'
import { namedValues, trace, variables } from '../../src/nn/index.ts'
import { crossEntropy } from '../../src/tasks/crossEntropy.ts'
import { exportOnnx } from '../../src/weights/export.ts'
import { importWeights } from '../../src/weights/import.ts'
import { openPredictor } from '../../src/weights/predictor.ts'
import { readWeights } from '../../src/weights/readWeights.ts'
import { type Trained, writeTrained } from '../../src/weights/trained.ts'

/** By source and name there: the network here, whose other options the import finds out. */
const NETWORKS: Readonly<Record<string, string>> = {
  'torchvision/resnet18': 'resnet18',
  'torchvision/resnet50': 'resnet50',
  'torchvision/resnext50_32x4d': 'resnext50',
  'torchvision/vgg16_bn': 'vgg16_bn',
  'torchvision/inception_v3': 'inception_v3',
  'torchvision/shufflenet_v2_x0_5': 'shufflenet_v2_x0_5',
  'torchvision/shufflenet_v2_x1_0': 'shufflenet_v2_x1_0',
  'torchvision/mobilenet_v3_small': 'mobilenet_v3_small',
  'torchvision/mobilenet_v3_large': 'mobilenet_v3_large',
  'torchvision/efficientnet_b0': 'efficientnet_b0',
  'timm/seresnet50': 'se-resnet50',
  'timm/senet154': 'senet154',
  'timm/skresnext50_32x4d': 'sknet50',
  'timm/skresnet18': 'skresnet18',
  'timm/legacy_seresnet18': 'se-resnet18',
  'pretrainedmodels/se_resnet50': 'se-resnet50',
  'pretrainedmodels/se_resnext50_32x4d': 'se-resnext50',
  'pretrainedmodels/senet154': 'senet154',
  'senet.pytorch/se_resnet50': 'se-resnet50',
  'gct/gct_resnet50': 'gct-resnet50',
}
const FORMATS = ['zip.pth', 'legacy.pth', 'plain.safetensors']
const LOGITS = 1e-4
const GRADIENTS = 1e-3
/** Of the whole gradient: less is none, in float64; and what none is measured by. */
const VANISHING = 1e-10
const SMALL = 1e-3

const norm = (numbers: Float32Array): number =>
  Math.sqrt(numbers.reduce((sum, number) => sum + number * number, 0))

const largest = (numbers: Float32Array): number =>
  numbers.reduce((most, number) => Math.max(most, Math.abs(number)), 0)

const minus = (a: Float32Array, b: Float32Array): Float32Array =>
  a.map((number, i) => number - b[i])

type Known = (name: string) => { shape: readonly number[]; data: Float32Array }

const python = (action: 'record' | 'check', folder: string, name: string): string =>
  execFileSync(
    process.env.PYTHON ?? 'python3',
    [join(import.meta.dirname, 'whole.py'), action, folder, name],
    { encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] },
  )

/** What the network gives, and what its ONNX file does. */
const logitDifferences = async (trained: Trained, onnx: Uint8Array, known: Known) => {
  const { shape, data } = known('images')
  const wanted = known('logits').data
  const predictor = await openPredictor(trained, shape[0], onnxEngine)
  const own = (await predictor.infer(data)).logits.data as Float32Array
  await predictor.dispose()
  const { card, model } = trained
  const { inputs, outputs } = inferenceGraph(model, shape[0], [card.height, card.width])
  const images = inputs.filter(({ name }) => name === 'images')
  const file = await compileOnnx(onnx, { inputs: images, outputs })
  const exported = (await file.run({ images: { shape, data } })).logits.data as Float32Array
  await file.dispose()
  return {
    size: largest(wanted),
    own: largest(minus(own, wanted)),
    exported: largest(minus(exported, wanted)),
  }
}

/** Relative errors of the loss, and of gradients by their L2 norm: all as one vector, and a tensor's. */
const stepDifference = async ({ model, tensors }: Trained, known: Known) => {
  const { shape, data } = known('images')
  const all = variables(model.network)
  const values = new Map(all.map(({ name, tensor }) => [name, input(name, tensor.shape)]))
  let masks = 0
  const given = trace(model.network, name => values.get(name) as Value, input('images', shape), {
    training: true,
    batchStatistics: true,
    update: () => {},
    mask: wanted => input(`mask ${masks++}`, wanted),
    uniform: wanted => input('uniform', wanted),
  })
  const { logits } = namedValues(given, 'logits')
  const loss = crossEntropy(logits, input('labels', [shape[0]], 'int32'))
  const parameters = all.filter(({ tensor }) => tensor.kind === 'parameter')
  const slopes = gradients(
    loss,
    parameters.map(({ name }) => values.get(name) as Value),
  )
  const step = graph({
    loss,
    ...Object.fromEntries(parameters.map(({ name }, i) => [`gradient.${name}`, slopes[i]])),
  })
  const compiled = await onnxEngine.compile(step)
  const feeds = step.inputs.map(({ name = '', shape }) => {
    // PyTorch's dropout was off: nothing is masked.
    const data = tensors.get(name) ?? new Float32Array(sizeOf(shape)).fill(1)
    return [name, { shape, data }] as const
  })
  const results = await compiled.run({
    ...Object.fromEntries(feeds),
    images: { shape, data },
    labels: { shape: [shape[0]], data: Int32Array.from(known('labels').data) },
  })
  await compiled.dispose()
  const rows = parameters.map(({ name }) => {
    const recorded = known(`gradient.${name}`).data
    const difference = norm(minus(results[`gradient.${name}`].data as Float32Array, recorded))
    const [rounding] = known(`rounding.${name}`).data
    return { name, difference, size: norm(recorded), rounding }
  })
  const total = (of: 'difference' | 'size'): number => Math.hypot(...rows.map(row => row[of]))
  const whole = total('size')
  // What a batch normalization takes out again has no gradient but rounding: it is a part of all.
  const none = (size: number): boolean => size < VANISHING * whole
  const errors = rows.map(({ name, difference, size, rounding }) =>
    none(size)
      ? { name, error: difference / (SMALL * whole), rounding: 0 }
      : { name, error: difference / size, rounding },
  )
  errors.sort((a, b) => b.error - a.error)
  const [own] = results.loss.data as Float32Array
  const [wanted] = known('loss').data
  return {
    loss: Math.abs(own - wanted) / wanted,
    all: total('difference') / whole,
    worst: errors[0],
    torch: Math.max(...errors.map(({ rounding }) => rounding)),
  }
}

/** Imports one format; all must give the same tensors. */
const importAll = (folder: string, name: string, size: number): Trained => {
  const [first, ...others] = FORMATS.map(format => {
    const file = join(folder, format)
    return importWeights(readFileSync(file), file, { model: NETWORKS[name], size }).trained
  })
  for (const { tensors } of others)
    for (const [key, data] of first.tensors)
      if (minus(data, tensors.get(key) ?? new Float32Array()).some(difference => difference !== 0))
        throw new Error(`${name}: ${key} is not the same in every format`)
  return first
}

const compare = async (name: string, folder: string): Promise<string> => {
  python('record', folder, name)
  const path = join(folder, 'known.pth')
  const { entries: recorded } = readWeights(readFileSync(path), path)
  const known: Known = key => {
    const entry = recorded.get(key)
    if (entry === undefined) throw new Error(`${name} has no ${key}`)
    return { shape: entry.shape, data: entry.read() }
  }
  const trained = importAll(folder, name, known('images').shape[2])
  const onnx = exportOnnx(trained)
  writeFileSync(join(folder, 'model.onnx'), onnx)
  writeFileSync(join(folder, 'written.safetensors'), writeTrained(trained))
  const logits = await logitDifferences(trained, onnx, known)
  const { loss, all, worst, torch } = await stepDifference(trained, known)
  const back = JSON.parse(python('check', folder, name)) as Record<string, boolean>
  const far = [logits.own > LOGITS, logits.exported > LOGITS, !(worst.error <= GRADIENTS)]
  if (far.includes(true) || Object.values(back).includes(false)) process.exitCode = 1
  const e = (value: number): string => value.toExponential(1)
  return [
    name,
    e(logits.own),
    `${e(logits.exported)} of ${logits.size.toPrecision(2)}`,
    e(loss),
    e(all),
    `${e(worst.error)} (${worst.name})`,
    e(torch),
    back.loads && back.equal ? 'bit for bit' : 'no',
    back.onnx ? 'valid' : 'no',
  ].join(' | ')
}

const wanted = process.argv.slice(2)
console.log(`| network | logits | of the ONNX file | loss | all gradients | worst gradient | PyTorch's float32 | back in PyTorch | ONNX checker |
|---|---|---|---|---|---|---|---|---|`)
for (const name of Object.keys(NETWORKS)) {
  if (wanted.length > 0 && !wanted.some(part => name.includes(part))) continue
  const folder = mkdtempSync(join(tmpdir(), 'excite-parity-'))
  try {
    console.log(`| ${await compare(name, folder)} |`)
  } catch (error) {
    process.exitCode = 1
    console.log(`| ${name} | ${error instanceof Error ? error.message : error} |`)
  } finally {
    rmSync(folder, { recursive: true })
  }
}
