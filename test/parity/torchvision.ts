/**
 * Full-size networks of torchvision, imported and compared: logits, and one training step's loss and
 * gradients. What torchvision.py recorded is too large to be stored, so this is run by hand:
 *
 *     python3 test/parity/torchvision.py FOLDER
 *     npx tsx test/parity/torchvision.ts FOLDER
 */

import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { gradients } from '../../src/autodiff/index.ts'
import { onnxEngine } from '../../src/engines/onnx/session.ts'
import { graph, input, type Value } from '../../src/graph/index.ts'
import { trace, variables } from '../../src/nn/index.ts'
import { crossEntropy } from '../../src/train/loss.ts'
import { importWeights } from '../../src/weights/import.ts'
import { openPredictor } from '../../src/weights/predictor.ts'
import { readWeights } from '../../src/weights/readWeights.ts'
import type { Trained } from '../../src/weights/trained.ts'

/** By torchvision's name: the model. */
const NETWORKS: Readonly<Record<string, string>> = {
  resnet18: 'resnet18',
  resnet50: 'resnet50',
  resnext50_32x4d: 'resnext50',
}
const LOGITS = 1e-4
const GRADIENTS = 1e-3

const norm = (numbers: Float32Array): number =>
  Math.sqrt(numbers.reduce((sum, number) => sum + number * number, 0))

const largest = (numbers: Float32Array): number =>
  numbers.reduce((most, number) => Math.max(most, Math.abs(number)), 0)

const minus = (a: Float32Array, b: Float32Array): Float32Array =>
  a.map((number, i) => number - b[i])

type Known = (name: string) => { shape: readonly number[]; data: Float32Array }

const logitDifference = async (trained: Trained, known: Known): Promise<number> => {
  const { shape, data } = known('images')
  const predictor = await openPredictor(trained, shape[0], onnxEngine)
  const logits = await predictor.infer(data)
  await predictor.dispose()
  return largest(minus(logits, known('logits').data))
}

/** Relative errors of the loss, and of gradients by their norm: all as one vector, and a tensor's. */
const stepDifference = async ({ model, tensors }: Trained, known: Known) => {
  const { shape, data } = known('images')
  const all = variables(model.network)
  const values = new Map(all.map(({ name, tensor }) => [name, input(name, tensor.shape)]))
  const images = input('images', shape)
  const labels = input('labels', [shape[0]], 'int')
  const logits = trace(model.network, name => values.get(name) as Value, images, {
    training: true,
    batchStatistics: true,
    update: () => {},
    mask: (wanted, rate) => input(`mask ${rate}`, wanted),
    uniform: wanted => input('uniform', wanted),
  })
  const loss = crossEntropy(logits, labels)
  const parameters = all.filter(({ tensor }) => tensor.kind === 'parameter')
  const outputs = gradients(
    loss,
    parameters.map(({ name }) => values.get(name) as Value),
  )
  const step = graph({
    loss,
    ...Object.fromEntries(parameters.map(({ name }, i) => [`gradient.${name}`, outputs[i]])),
  })
  const compiled = await onnxEngine.compile(step)
  const results = await compiled.run({
    images: { shape, data },
    labels: { shape: [shape[0]], data: Int32Array.from(known('labels').data) },
    ...Object.fromEntries(
      step.inputs
        .filter(({ name = '' }) => tensors.has(name))
        .map(({ name = '', shape }) => [
          name,
          { shape, data: tensors.get(name) ?? new Float32Array() },
        ]),
    ),
  })
  await compiled.dispose()
  const [own] = results.loss.data as Float32Array
  const [wanted] = known('loss').data
  const errors = parameters.map(({ name }) => {
    const recorded = known(`gradient.${name}`).data
    const got = results[`gradient.${name}`].data as Float32Array
    const difference = norm(minus(got, recorded))
    const [rounding] = known(`rounding.${name}`).data
    return { name, difference, size: norm(recorded), error: difference / norm(recorded), rounding }
  })
  errors.sort((a, b) => b.error - a.error)
  const total = (of: 'difference' | 'size'): number => Math.hypot(...errors.map(row => row[of]))
  return {
    loss: Math.abs(own - wanted) / wanted,
    all: total('difference') / total('size'),
    median: errors[errors.length >> 1].error,
    worst: errors[0],
    torch: Math.max(...errors.map(({ rounding }) => rounding)),
  }
}

const [folder = '.'] = process.argv.slice(2)
for (const [name, model] of Object.entries(NETWORKS)) {
  const path = join(folder, `${name}-known.pth`)
  if (!existsSync(path)) continue
  const recorded = readWeights(readFileSync(path), path)
  const known: Known = key => {
    const entry = recorded.get(key)
    if (entry === undefined) throw new Error(`${path} has no ${key}`)
    return { shape: entry.shape, data: entry.read() }
  }
  for (const format of ['zip', 'legacy']) {
    const file = join(folder, `${name}-${format}.pth`)
    const [, , size] = known('images').shape
    const { trained } = importWeights(readFileSync(file), file, { model, size })
    const logits = await logitDifference(trained, known)
    console.log(`${name} ${format}: logits differ by ${logits.toExponential(1)} at most`)
    if (!(logits <= LOGITS)) process.exitCode = 1
    if (format === 'legacy') continue
    const { loss, all, median, worst, torch } = await stepDifference(trained, known)
    const e = (value: number): string => value.toExponential(1)
    console.log(
      `${name} one training step: loss ${e(loss)}; gradients ${e(all)} as one vector, a tensor ${e(median)} at the median, ${e(worst.error)} at worst (${worst.name}; PyTorch's own float32: ${e(torch)})`,
    )
    if (!(worst.error <= GRADIENTS)) process.exitCode = 1
  }
}
