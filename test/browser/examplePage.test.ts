/** The example of a page, with the file of a network in every form: an image that is chosen or dropped is answered as in Node. */

import { existsSync } from 'node:fs'
import { cp, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type Browser, chromium, type Page } from 'playwright-core'
import sharp from 'sharp'
import { build, type PreviewServer, preview } from 'vite'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { untrained } from '../../src/bench/workloads.ts'
import { onnxEngine } from '../../src/engines/onnxruntime/engine.ts'
import { model } from '../../src/models/registry.ts'
import { encodeModel } from '../../src/onnx/encode.ts'
import { openClassifier } from '../../src/runs/classifier.ts'
import { describe as describeCard } from '../../src/weights/description.ts'
import { onnxModelOf } from '../../src/weights/export.ts'
import { inPrecision } from '../../src/weights/precision.ts'

const PROJECT = fileURLToPath(new URL('../..', import.meta.url))
const CHROMIUM = process.env.EXCITE_CHROMIUM ?? '/usr/bin/chromium'
const SIZE = 16

describe.skipIf(!existsSync(CHROMIUM))(`in ${CHROMIUM}`, () => {
  let root: string
  let server: PreviewServer
  let browser: Browser
  let page: Page

  beforeAll(async () => {
    root = await mkdtemp(join(tmpdir(), 'excite-example-'))
    await cp(join(PROJECT, 'examples/page'), root, { recursive: true })
    await mkdir(join(root, 'node_modules'))
    await symlink(PROJECT, join(root, 'node_modules/excite'))
    await symlink(
      join(PROJECT, 'node_modules/onnxruntime-web'),
      join(root, 'node_modules/onnxruntime-web'),
    )
    const config = { root, configFile: false, logLevel: 'error' } as const
    await build({ ...config, build: { chunkSizeWarningLimit: 30_000 } })
    server = await preview({ ...config, preview: { port: 0, host: '127.0.0.1' } })
    browser = await chromium.launch({ executablePath: CHROMIUM, args: ['--no-sandbox'] })
    page = await browser.newPage()
    await sharp({ create: { width: 40, height: 30, channels: 3, background: '#f60' } })
      .png()
      .toFile(join(root, 'orange.png'))
    await writeFile(join(root, 'text.png'), 'no image')
  })
  afterAll(async () => {
    await browser?.close()
    await server?.close()
    await rm(root, { recursive: true, force: true })
  })

  const url = (): string => server.resolvedUrls?.local[0] ?? ''
  const status = (): Promise<string | null> => page.getByRole('status').textContent()
  const answered = () => expect.poll(status, { timeout: 10_000 })

  it.each([
    ['float32', {}],
    ['float32', { preprocessing: true, softmax: true }],
    ['float16', {}],
    ['int8', {}],
    ['int8-dynamic', {}],
  ] as const)('answers by a model in %s, %j', async (precision, serving) => {
    const trained = untrained(model('se-resnet8', { classes: 3 }), SIZE)
    const description = describeCard(trained.card, serving)
    const images = new Float32Array(2 * 3 * SIZE ** 2).map((_, i) => Math.sin(i))
    const own = onnxModelOf(trained, serving)
    const bytes = encodeModel(
      await inPrecision(onnxEngine, own, precision, description, () => [images]),
    )
    await writeFile(join(root, 'dist/model.onnx'), bytes)
    const classifier = await openClassifier(bytes)
    const guesses = await classifier.classify(join(root, 'orange.png'))
    await classifier.close()
    await page.goto(url())
    await answered().toBe('Ready: it knows 3 classes.')
    await page.getByLabel('an image').setInputFiles(join(root, 'orange.png'))
    await answered().toBe(`orange.png: ${guesses[0].label}`)
    const shown = await page.locator('#answer div').allTextContents()
    expect(shown.map(text => Number(text.split(' ')[1]))).toEqual(
      guesses.map(({ probability }) => expect.closeTo(100 * probability, 0)),
    )
  })

  it('takes what is dropped, and says what is no image', async () => {
    const drop = async (name: string): Promise<void> => {
      const content = [...(await readFile(join(root, name)))]
      await page.evaluate(
        `{ const data = new DataTransfer()
        data.items.add(new File([Uint8Array.from(${JSON.stringify(content)})], '${name}', { type: 'image/png' }))
        dispatchEvent(new DragEvent('drop', { dataTransfer: data })) }`,
      )
    }
    await drop('text.png')
    await answered().toMatch(/^text\.png cannot be read/)
    await drop('orange.png')
    await answered().toMatch(/^orange\.png: /)
  })

  it('says that there is no model', async () => {
    await rm(join(root, 'dist/model.onnx'))
    await page.goto(url())
    await answered().toMatch(/^The model cannot be opened/)
  })
})
