/** What can go wrong with a device, as typed errors; and a device that has no more than every one has. */

import { describe, expect, it } from 'vitest'
import { graph, input } from '../../graph/index.ts'
import { convolution, mul, relu } from '../../ops/index.ts'
import { block } from '../arena.ts'
import { webgpuEngine } from './compile.ts'
import { openDevice } from './device.ts'
import { allocate, planPages } from './memory.ts'
import { missingSoftware, softwareGpu } from './software.testing.ts'

describe('a device', () => {
  it('that is not there says so, and what to do', async () => {
    await expect(openDevice(undefined)).rejects.toMatchObject({
      code: 'engine',
      message:
        'engine webgpu: expected an adapter of WebGPU, got none: WebGPU is not here. Install a driver of the GPU (on Linux: one of Vulkan, and libvulkan1), or use another `engine`',
    })
  })

  it('has memory in as few buffers as its limit allows, without overlaps', () => {
    const blocks = Array.from({ length: 7 }, () => {
      const made = block(600)
      made.first = 0
      made.last = 1
      return made
    })
    const pages = planPages(blocks, 2048)
    expect(pages.map(page => page.blocks.length)).toEqual([2, 2, 2, 1])
    expect(Math.max(...pages.map(({ bytes }) => bytes))).toBeLessThanOrEqual(2048)
  })
})

describe.skipIf(missingSoftware !== undefined)('SwiftShader', () => {
  it('is recognized', async () => {
    expect(await openDevice(await softwareGpu())).toMatchObject({ isSoftware: true })
  })

  it('refuses a tensor beyond its limits by name', async () => {
    const device = await openDevice(await softwareGpu(), { defaultLimits: true })
    const made = block(2 ** 28)
    made.first = made.last = 0
    await expect(allocate([made], device)).rejects.toThrow(
      'engine webgpu: expected tensors of at most 128 MiB, the limit of this device, got one of 256 MiB. Lower `recipe.batch`',
    )
  })

  it('computes within the limits that every adapter has', async () => {
    const engine = webgpuEngine(softwareGpu, { defaultLimits: true })
    const [x, w] = [input('x', [1, 2, 3, 3]), input('w', [2, 2, 1, 1])]
    const compiled = await engine.compile(graph({ y: relu(convolution(x, w)) }))
    const ones = (shape: readonly number[]) => ({
      shape,
      data: new Float32Array(shape.reduce((a, b) => a * b)).fill(1),
    })
    const { y } = await compiled.run({ x: ones(x.shape), w: ones(w.shape) })
    expect([...y.data]).toEqual(new Array(18).fill(2))
    await compiled.dispose()
  })

  it('that is lost ends runs with an error, and the next compilation opens another', async () => {
    const engine = webgpuEngine(softwareGpu)
    const one = graph({ y: mul(input('x', [1]), 2) })
    const feed = { x: { shape: [1], data: Float32Array.of(3) } }
    const compiled = await engine.compile(one)
    const device = await engine.open()
    device.gpu.destroy()
    await device.gpu.lost
    await expect(compiled.run(feed)).rejects.toThrow(
      /run: expected a device that computes, got a lost one \(destroyed.*\)\. A run is saved as of its last checkpoint/,
    )
    const again = await engine.compile(one)
    expect([...(await again.run(feed)).y.data]).toEqual([6])
    await again.dispose()
  })
})
