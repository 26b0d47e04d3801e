/**
 * How long each form of a convolution's weight gradient takes on ONNX Runtime, shape by shape: what
 * the rules of src/engines/onnx/lower/convolution/choice.ts stand on. Best of 15, as Markdown.
 * Usage: npx tsx bench/lowerings.ts [THREADS]
 */

import { availableParallelism } from 'node:os'
import { machine } from '../src/bench/machine.ts'
import { compileOnnx } from '../src/engines/onnxruntime/engine.ts'
import { input, sizeOf } from '../src/graph/index.ts'
import { alone } from '../src/onnx/alone.testing.ts'
import { choose, type Rule, skips, WEIGHT_GRADIENTS } from '../src/onnx/lower/convolution/choice.ts'
import {
  geometryOf,
  type WeightGradient,
  withoutStrides,
} from '../src/onnx/lower/convolution/geometry.ts'
import { convolution, convolutionWeightGradient } from '../src/ops/index.ts'

const ROUNDS = 15
const threads = Number(process.argv[2] ?? availableParallelism())

/** Batch, channels in and out, side, kernel, stride, groups. */
const SHAPES = [
  [8, 64, 64, 56, 1, 1, 1],
  [8, 256, 64, 56, 1, 1, 1],
  [8, 1024, 256, 14, 1, 1, 1],
  [8, 2048, 512, 7, 1, 1, 1],
  [8, 64, 64, 56, 3, 1, 1],
  [8, 128, 128, 28, 3, 1, 1],
  [8, 256, 256, 14, 3, 1, 1],
  [8, 512, 512, 7, 3, 1, 1],
  [8, 128, 128, 56, 3, 2, 1],
  [128, 16, 16, 32, 3, 1, 1],
  [128, 64, 64, 8, 3, 1, 1],
  [8, 3, 64, 224, 7, 2, 1],
  [8, 128, 128, 56, 3, 1, 32],
  [8, 512, 512, 14, 3, 1, 32],
] as const

const POINTWISE = ['pointwiseWhole', 'pointwiseEach']
const GROUPED = ['shifted', 'tapwise']
const SPATIAL = ['shifted', 'gathered', 'tapwise']

/** The forms that can compute a shape, chosen or not. */
const formsOf = (kernel: number, stride: number, groups: number): readonly string[] => {
  if (kernel === 1) return POINTWISE
  const able = groups > 1 ? GROUPED : SPATIAL
  return able.filter(name => name !== 'shifted' || stride === 1)
}

/** Milliseconds of the best run. */
const timed = async (shape: (typeof SHAPES)[number], { form }: Rule<WeightGradient>) => {
  const [batch, inputs, outputs, side, kernel, stride, group] = shape
  const x = input('x', [batch, inputs, side, side])
  const weight = input('w', [outputs, inputs / group, kernel, kernel])
  const options = { padding: kernel >> 1, stride, group }
  const { shape: size, node } = convolution(x, weight, undefined, options)
  const dy = input('dy', size)
  const attributes = node?.attributes as Parameters<typeof geometryOf>[0]
  const dw = convolutionWeightGradient(x, dy, weight.shape, attributes)
  const given = { ...attributes, weightShape: weight.shape }
  const bytes = alone(form as never, given, [x, dy], dw)
  const compiled = await compileOnnx(bytes, { inputs: [x, dy], outputs: { y: dw } }, { threads })
  const feeds = Object.fromEntries(
    [x, dy].map(({ name = '', shape }) => [
      name,
      { shape, data: Float32Array.from({ length: sizeOf(shape) }, (_, i) => (i % 7) - 3) },
    ]),
  )
  let best = Number.POSITIVE_INFINITY
  for (let round = 0; round < ROUNDS; round++) {
    const start = performance.now()
    await compiled.run(feeds)
    best = Math.min(best, performance.now() - start)
  }
  await compiled.dispose()
  const geometry = geometryOf(attributes, x.shape, weight.shape, dy.shape)
  const chosen = choose(WEIGHT_GRADIENTS, skips(geometry) ? withoutStrides(geometry) : geometry)
  return { best, chosen: chosen.form === form }
}

const names = WEIGHT_GRADIENTS.map(({ name }) => name)
console.log(`${machine()}; ${threads} threads; milliseconds, the chosen form in bold\n`)
console.log(`| N, C, O, side, kernel, stride, groups | ${names.join(' | ')} |`)
console.log(`|---|${names.map(() => '--:').join('|')}|`)
for (const shape of SHAPES) {
  const [, , , , kernel, stride, groups] = shape
  const able = formsOf(kernel, stride, groups)
  const cells: string[] = []
  for (const rule of WEIGHT_GRADIENTS) {
    const found = able.includes(rule.name) ? await timed(shape, rule) : undefined
    const text = found?.best.toFixed(1) ?? ''
    cells.push(found?.chosen ? `**${text}**` : text)
  }
  console.log(`| ${shape.join(', ')} | ${cells.join(' | ')} |`)
}
