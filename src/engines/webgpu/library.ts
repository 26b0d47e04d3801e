/** The operations that are templates here, as launches: convolutions in three directions and matrix products. */

import { sizeOf } from '../../graph/index.ts'
import type { ConvolutionAttributes } from '../../ops/convolution.ts'
import { type MatmulAttributes, matrixSize } from '../../ops/matmul.ts'
import { type Block, block } from '../arena.ts'
import type { LibraryStep } from '../kernels/kernel.ts'
import { bytesOf, type KernelBuffer, type Placement } from '../kernels/placement.ts'
import { contract, kernel, PARTIAL, workgroupsOf } from './contract.ts'
import type { Contraction, Start } from './contraction.ts'
import { forward, inPlane, weightGradient } from './convolution.ts'
import type { Convolution, Strided } from './convolutionSides.ts'
import type { Device } from './device.ts'
import { inputGradient } from './inputGradient.ts'
import type { Launch } from './launches.ts'
import { type Matrices, matmul } from './matmul.ts'
import { packedStrides, packing } from './pack.ts'
import { isTiled } from './tile.ts'

/** Turns steps into launches; kernels of convolutions that several read are packed once. */
export interface Library {
  lower(step: LibraryStep): Launch[]
}

type Facts = Pick<Device, 'isSoftware' | 'limits'>

/** Operands by the names of their buffers in a kernel; a buffer of two operands has one name. */
const named = (operands: readonly (readonly [string, Placement])[]) => {
  const names = new Map<KernelBuffer, string>()
  for (const [name, { buffer }] of operands) if (!names.has(buffer)) names.set(buffer, name)
  const starts = operands.map(
    ([, { buffer, offset }], i): Start => ({
      buffer: names.get(buffer) as string,
      at: `starts.${'xyz'[i]}`,
      inFours: offset % 4 === 0,
    }),
  )
  return {
    starts,
    offsets: operands.map(([, { offset }]) => offset),
    buffers: new Map([...names].map(([buffer, name]) => [name, buffer])),
  }
}

/** An image over one axis has a second of size 1. */
const strided = (start: Start, { strides }: Placement): Strided => ({
  start,
  offset: 0,
  strides: strides.length === 3 ? [strides[0], strides[1], 0, strides[2]] : strides,
})

/** @param blockOf - the memory of a buffer */
export const newLibrary = (device: Facts, blockOf: (buffer: KernelBuffer) => Block): Library => {
  const packed = new Map<string, Block>()

  const launch = (
    label: string,
    contraction: Contraction,
    offsets: readonly number[],
    blocks: ReadonlyMap<string, Block>,
  ): Launch[] => {
    const { kernels, partial } = contract(contraction, device)
    const all = new Map(blocks).set(PARTIAL, block(partial * 4))
    return kernels.map(({ code, bindings, workgroups, hasBarriers }) => ({
      label,
      source: code,
      blocks: bindings.map(name => all.get(name) as Block),
      offsets: [...offsets, 0],
      groups: workgroups,
      hasBarriers,
    }))
  }

  /** The kernels packed, and the launch that does it where nothing has done so before. */
  const pack = (label: string, at: Placement, shape: readonly number[], weight: Strided) => {
    const key = `${at.buffer.id} ${at.offset} ${at.strides.join()}`
    const known = packed.get(key)
    if (known !== undefined) return { packing: [], result: known }
    const size = sizeOf(shape)
    const result = block(size * 4)
    packed.set(key, result)
    const groups = workgroupsOf(size)
    const from = { ...weight, start: { ...weight.start, at: 'starts.x' } }
    const { code, bindings } = kernel(
      [
        { buffer: from.start.buffer, width: 1 },
        { buffer: 'packed', width: 1 },
      ],
      groups,
      packing(shape, from, groups),
    )
    const made: Launch = {
      label: `${label}, packing`,
      source: code,
      blocks: bindings.map(name => (name === 'packed' ? result : blockOf(at.buffer))),
      offsets: [at.offset, 0, 0, 0],
      groups,
      hasBarriers: false,
    }
    return { packing: [made], result }
  }

  const convolution = ({ node, inputs, output }: LibraryStep): Launch[] => {
    const { op, attributes, path } = node
    const label = path === '' ? op : `${path}, ${op}`
    const [x, weight, y] =
      op === 'convolution'
        ? [inputs[0], inputs[1], output]
        : op === 'convolutionInputGradient'
          ? [output, inputs[0], inputs[1]]
          : [inputs[0], output, inputs[1]]
    const problem: Convolution = inPlane({
      ...(attributes as ConvolutionAttributes),
      x: x.shape,
      weight: weight.shape,
      y: y.shape,
    })
    const { starts, offsets, buffers } = named([
      ['x', x],
      ['weight', weight],
      ['y', y],
    ])
    const blocks = new Map([...buffers].map(([name, buffer]) => [name, blockOf(buffer)]))
    const [inX, inWeight, inY] = [x, weight, y].map((place, i) => strided(starts[i], place))
    if (op === 'convolutionWeightGradient')
      return launch(label, weightGradient(problem, inX, inY, inWeight), offsets, blocks)
    const make = (kernels: Strided): Contraction[] =>
      op === 'convolution'
        ? [forward(problem, inX, kernels, inY)]
        : inputGradient(problem, kernels, inY, inX)
    const plain = make(inWeight)
    const pays = problem.weight[0] % 4 === 0 && plain.some(one => isTiled(one) && one.b.width === 1)
    if (!pays) return plain.flatMap(one => launch(label, one, offsets, blocks))
    const { packing, result } = pack(label, weight, problem.weight, inWeight)
    const kernels: Strided = {
      start: { buffer: 'packed', at: '0', inFours: true },
      offset: 0,
      strides: packedStrides(problem.weight),
    }
    const own = new Map(blocks).set('packed', result)
    return [...packing, ...make(kernels).flatMap(one => launch(label, one, offsets, own))]
  }

  const product = ({ node, inputs: [a, b], output: y }: LibraryStep): Launch[] => {
    const { transposeA, transposeB } = node.attributes as MatmulAttributes
    const { starts, offsets, buffers } = named([
      ['a', a],
      ['b', b],
      ['y', y],
    ])
    const batch = y.shape.slice(0, -2)
    /** Strides of the leading axes as the result has them. */
    const leading = ({ shape, strides }: Placement): number[] =>
      batch.map((_, i) => {
        const axis = i + shape.length - y.shape.length
        return axis < 0 || shape[axis] === 1 ? 0 : strides[axis]
      })
    const matrix = (i: number, place: Placement, transposed: boolean): Matrices => {
      const [row, column] = place.strides.slice(-2)
      const [outer, inner] = transposed ? [column, row] : [row, column]
      return { start: starts[i], batch: leading(place), outer, inner }
    }
    const [m, k] = matrixSize(a.shape, transposeA)
    const n = y.shape[y.shape.length - 1]
    const contraction = matmul(
      { batch, m, n, k },
      matrix(0, a, transposeA),
      matrix(1, b, !transposeB),
      matrix(2, y, false),
    )
    const blocks = new Map([...buffers].map(([name, buffer]) => [name, blockOf(buffer)]))
    return launch(
      node.path === '' ? 'matmul' : `${node.path}, matmul`,
      contraction,
      offsets,
      blocks,
    )
  }

  return { lower: step => (step.node.op === 'matmul' ? product(step) : convolution(step)) }
}

/** The memory of a buffer: whole vectors of four, which kernels read at once. */
export const blockFor = (buffer: KernelBuffer): Block =>
  block(Math.max(16, Math.ceil(bytesOf(buffer) / 16) * 16))
