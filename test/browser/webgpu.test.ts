/** WebGPU and WebAssembly in a worker of a page: fifty steps of training with the losses of Node's engines. */

import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Engine } from '../../src/engines/engine.ts'
import { webgpuEngine } from '../../src/engines/webgpu/compile.ts'
import { missingSoftware, softwareGpu } from '../../src/engines/webgpu/software.testing.ts'
import { data, engines, models, training } from '../../src/index.ts'
import { fiftySteps } from './fiftySteps.ts'
import { CHROMIUM, hasChromium, type OpenedPage, openPage } from './openPage.ts'

describe.skipIf(!hasChromium)(`in a worker in ${CHROMIUM}`, () => {
  let opened: OpenedPage
  beforeAll(async () => {
    opened = await openPage(['workerPage.js', 'worker.js', 'fiftySteps.ts'])
  }, 120_000)
  afterAll(() => opened?.close())

  const expectSame = async (name: string, inNode: Engine, digits: number): Promise<void> => {
    const here = await fiftySteps({ data, models, training }, inNode)
    const { page } = opened
    await page.waitForFunction('window.train !== undefined')
    const there = await page.evaluate(`window.train('${name}')`)
    expect(there).toMatchObject({ losses: here.map(loss => expect.closeTo(loss, digits)) })
  }

  // A step takes half a second there, wherever it is.
  it.skipIf(missingSoftware !== undefined)('WebGPU trains as in Node', { timeout: 600_000 }, () =>
    expectSame('webgpuWebEngine', webgpuEngine(softwareGpu), 5),
  )

  it('ONNX Runtime on WebAssembly trains as in Node', () =>
    expectSame('onnxWebEngine', engines.onnxEngine, 3))
})
