/** WebGPU and WebAssembly in a worker of a page: fifty steps of training with the losses of Node's engines. */

import { existsSync } from 'node:fs'
import { copyFile, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type Browser, chromium, type Page } from 'playwright-core'
import { build } from 'vite'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Engine } from '../../src/engines/engine.ts'
import { webgpuEngine } from '../../src/engines/webgpu/compile.ts'
import { missingSoftware, softwareGpu } from '../../src/engines/webgpu/software.testing.ts'
import { data, engines, models, training } from '../../src/index.ts'
import { fiftySteps } from './fiftySteps.ts'
import { serve } from './serve.ts'

const PROJECT = fileURLToPath(new URL('../..', import.meta.url))
const CHROMIUM = process.env.EXCITE_CHROMIUM ?? '/usr/bin/chromium'

/** WebGPU by SwiftShader, which compiles for a second what clears workgroup memory. */
const ARGUMENTS = [
  '--no-sandbox',
  '--enable-unsafe-webgpu',
  '--use-webgpu-adapter=swiftshader',
  '--enable-dawn-features=disable_workgroup_init',
]

describe.skipIf(!existsSync(CHROMIUM))(`in a worker in ${CHROMIUM}`, () => {
  let root: string
  let server: Awaited<ReturnType<typeof serve>>
  let browser: Browser
  let page: Page

  beforeAll(async () => {
    root = await mkdtemp(join(tmpdir(), 'excite-worker-'))
    await mkdir(join(root, 'node_modules'))
    await symlink(PROJECT, join(root, 'node_modules/excite'))
    await symlink(
      join(PROJECT, 'node_modules/onnxruntime-web'),
      join(root, 'node_modules/onnxruntime-web'),
    )
    await writeFile(
      join(root, 'index.html'),
      '<!doctype html><title>Excite</title><script type="module" src="workerPage.js"></script>',
    )
    for (const name of ['workerPage.js', 'worker.js', 'fiftySteps.ts'])
      await copyFile(join(PROJECT, 'test/browser', name), join(root, name))
    await build({
      root,
      base: './',
      configFile: false,
      logLevel: 'error',
      worker: { format: 'es' },
      build: { chunkSizeWarningLimit: 30_000 },
    })
    server = await serve(join(root, 'dist'))
    browser = await chromium.launch({ executablePath: CHROMIUM, args: ARGUMENTS })
    page = await browser.newPage()
    await page.goto(server.url)
  }, 120_000)
  afterAll(async () => {
    await browser?.close()
    server?.close()
    await rm(root, { recursive: true, force: true })
  })

  const expectSame = async (name: string, inNode: Engine, digits: number): Promise<void> => {
    const here = await fiftySteps({ data, models, training }, inNode)
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
