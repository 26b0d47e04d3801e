/** Which nodes become which kernels: the rules, each on a graph that is about it. */

import { describe, expect, it } from 'vitest'
import { gradients } from '../../autodiff/index.ts'
import { graph, input, type Value } from '../../graph/index.ts'
import * as ops from '../../ops/index.ts'
import { group } from './group.ts'
import type { GroupOptions } from './kernel.ts'
import { isRowMajor } from './placement.ts'

const { add, mul, reduceSum, relu } = ops

/** A line a step: a kernel's operations and, after an arrow, how many tensors it writes. */
const stepsOf = (outputs: Readonly<Record<string, Value>>, options?: GroupOptions): string[] =>
  group(graph(outputs), options).steps.map(step =>
    step.kind === 'library'
      ? step.node.op
      : `${step.kernel.name} → ${step.kernel.stores.length + (step.kernel.fold?.stores.length ?? 0)}`,
  )

const SHAPE = [2, 64, 8, 8]
const x = input('x', SHAPE)
const other = input('other', SHAPE)
const [scale, bias] = [input('scale', [64]), input('bias', [64])]
const weight = input('weight', [64, 64, 1, 1])

describe('groups', () => {
  it('do batch norm, a residual and ReLU in one pass over statistics and one over all', () => {
    const { output } = ops.batchNormalization(x, scale, bias)
    expect(stepsOf({ y: relu(add(output, other)) })).toEqual([
      'sub reduceSum mul maximum add sqrt div → 2',
      'mul add sub relu → 1',
    ])
  })

  it('never write what batch norm gives a squeeze and a gate', () => {
    const { output } = ops.batchNormalization(x, scale, bias)
    const gate = ops.sigmoid(ops.reduceMean(output, [2, 3], { keepDims: true }))
    expect(stepsOf({ y: mul(output, gate) })).toEqual([
      'sub reduceSum mul maximum add sqrt div → 2',
      'mul add sub reduceSum sigmoid → 1',
      'mul add sub → 1',
    ])
  })

  it('differentiate batch norm and ReLU in two passes, by what was normalized', () => {
    const y = relu(ops.batchNormalization(x, scale, bias).output)
    const [dx, dScale, dBias] = gradients(reduceSum(mul(y, other)), [x, scale, bias])
    const { steps } = group(graph({ dx, dScale, dBias }))
    const kernels = steps.flatMap(step => (step.kind === 'kernel' ? [step.kernel] : []))
    expect(kernels).toHaveLength(3)
    const read = kernels.map(({ operands }) => operands.map(({ buffer }) => buffer.input))
    // The gradient of ReLU is not stored, but asked for twice.
    expect(kernels[1].fold?.stores).toEqual([])
    // ReLU's own result is not there to be read: x says where it was above zero.
    for (const names of read.slice(1)) expect(names).toContain('x')
  })

  it('store on the way what is read later', () => {
    const total = add(x, relu(other))
    const squeezed = reduceSum(total, [2, 3])
    expect(stepsOf({ total, squeezed })).toEqual(['relu add reduceSum → 2'])
  })

  it('do again what reads one tensor, and not what reads two', () => {
    const half = mul(x, 0.5)
    const twice = {
      a: ops.maxPool(x, { kernel: 2 }),
      b: reduceSum(half, [2, 3]),
      c: add(half, other),
    }
    expect(stepsOf(twice)).toEqual(['maxPool → 1', 'mul reduceSum add → 2'])
    const both = mul(x, other)
    expect(stepsOf({ b: reduceSum(both, [0, 2, 3]), c: reduceSum(both, [2, 3]) })).toEqual([
      'mul reduceSum → 2',
      'reduceSum → 1',
    ])
  })

  it('do small maps together, and nothing that moves between threads', () => {
    const [few, others] = [input('few', [8]), input('others', [8])]
    expect(stepsOf({ a: relu(few), b: ops.sigmoid(others) })).toEqual(['relu sigmoid → 2'])
    const square = ops.exp(input('square', [64, 64]))
    expect(stepsOf({ y: add(square, ops.transpose(square)) })).toEqual(['exp → 1', 'add → 1'])
    const sums = reduceSum(input('cube', [8, 8, 64]), [2])
    expect(stepsOf({ y: add(sums, ops.transpose(sums)) })).toEqual(['reduceSum → 1', 'add → 1'])
  })

  it('write parts of a concatenation where they belong', () => {
    const dw = ops.convolutionWeightGradient(x, other, weight.shape, {
      strides: [1, 1],
      pads: [0, 0, 0, 0],
      dilations: [1, 1],
      group: 1,
    })
    const flat = ops.concat([ops.reshape(dw, [4096]), reduceSum(x, [0, 2, 3])], 0)
    const { steps, outputs } = group(graph({ flat }))
    expect(steps.map(({ kind }) => kind)).toEqual(['library', 'kernel'])
    const written = steps.map(step =>
      step.kind === 'library' ? step.output : step.kernel.operands[step.kernel.stores[0].operand],
    )
    expect(written.map(({ buffer, offset }) => [buffer === outputs.flat.buffer, offset])).toEqual([
      [true, 0],
      [true, 4096],
    ])
  })

  it('take slices of a vector as weights, and copy what has no strides', () => {
    const vector = input('vector', [5000])
    const [, part] = ops.split(vector, [100, 4096, 804], 0)
    const y = ops.convolution(x, ops.reshape(part, [64, 64, 1, 1]))
    const { steps } = group(graph({ y }), {})
    expect(steps).toHaveLength(1)
    expect(steps[0].kind === 'library' && steps[0].inputs[1]).toMatchObject({ offset: 100 })
    const rows = ops.reshape(relu(x), [128, 64])
    expect(stepsOf({ y: ops.matmul(rows, rows, { transposeB: true }) }, {})).toHaveLength(2)
    expect(
      stepsOf({ y: ops.matmul(rows, rows, { transposeB: true }) }, { channelsLast: true }),
    ).toHaveLength(3)
  })

  it('keep to the buffers that a device has', () => {
    const many = Array.from({ length: 12 }, (_, i) => input(`x${i}`, SHAPE))
    const chain = many.reduce((sum, next) => relu(add(sum, next)))
    const four = (from: number): Value => {
      const [a, b, c, d] = many.slice(from)
      return mul(add(a, b), add(c, d))
    }
    for (const [y, maxBuffers] of [
      [chain, 4],
      [chain, 8],
      [add(four(0), four(4)), 8],
    ] as const) {
      const { steps } = group(graph({ y }), { maxBuffers })
      expect(steps.length).toBeGreaterThan(1)
      for (const step of steps)
        if (step.kind === 'kernel')
          expect(
            new Set(step.kernel.operands.map(({ buffer }) => buffer)).size,
          ).toBeLessThanOrEqual(maxBuffers)
    }
  })

  it('keep to the memory that threads share', () => {
    const sums = [1, 2, 3, 4, 5].map(scale => reduceSum(mul(x, scale), [0, 2, 3]))
    expect(stepsOf(Object.fromEntries(sums.map((sum, i) => [`y${i}`, sum])))).toEqual([
      'mul reduceSum → 4',
      'mul reduceSum → 1',
    ])
  })

  it('compute gradients of weights as soon as they can', () => {
    const y = ops.convolution(relu(ops.convolution(x, weight)), weight)
    const second = input('second', [64, 64, 1, 1])
    const z = ops.convolution(relu(y), second)
    const [dw, dx] = gradients(reduceSum(mul(z, z)), [second, x])
    const names = stepsOf({ dx, dw }, { channelsLast: true })
    const last = names.lastIndexOf('convolutionInputGradient')
    expect(names.indexOf('convolutionWeightGradient')).toBeLessThan(last)
  })

  it('return row-major tensors in buffers of their own', () => {
    const outputs = { a: relu(x), b: ops.slice(x, [0, 0, 0, 0], [1, 64, 8, 8]), c: x, x: other }
    const { outputs: placed, inputs } = group(graph(outputs), { channelsLast: true })
    expect(Object.values(placed).every(isRowMajor)).toBe(true)
    expect(placed.c.buffer).toBe(inputs.x.buffer)
    expect(placed.x.buffer).not.toBe(inputs.other.buffer)
    expect(new Set(Object.values(placed).map(({ buffer }) => buffer)).size).toBe(4)
  })
})
