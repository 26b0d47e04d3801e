/** The page in Chromium: what it shows follows the papers, what it trains is Node's, and it asks no other host. */

import { existsSync } from 'node:fs'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { brotliCompressSync } from 'node:zlib'
import { type Browser, chromium, type Page } from 'playwright-core'
import sharp from 'sharp'
import { build } from 'vite'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Engine } from '../../src/engines/engine.ts'
import { onnxEngine } from '../../src/engines/onnxruntime/engine.ts'
import { webgpuEngine } from '../../src/engines/webgpu/compile.ts'
import { missingSoftware, softwareGpu } from '../../src/engines/webgpu/software.testing.ts'
import { openClassifier } from '../../src/runs/classifier.ts'
import { openTraining, shapesOf } from '../../web/train/training.ts'
import { serve } from './serve.ts'

const WEB = fileURLToPath(new URL('../../web', import.meta.url))
const CHROMIUM = process.env.EXCITE_CHROMIUM ?? '/usr/bin/chromium'
const AXE = createRequire(import.meta.url).resolve('axe-core/axe.min.js')

/** What the first view may weigh, compressed, without the network. */
const MOST_BYTES = 200_000
const SIZES = [
  { width: 1280, height: 800 },
  { width: 360, height: 740 },
]

describe.skipIf(!existsSync(CHROMIUM))(`the page in ${CHROMIUM}`, () => {
  let root: string
  let server: Awaited<ReturnType<typeof serve>>
  let browser: Browser
  const problems: string[] = []

  beforeAll(async () => {
    root = await mkdtemp(join(tmpdir(), 'excite-web-'))
    await build({
      configFile: join(WEB, 'vite.config.ts'),
      logLevel: 'error',
      build: { outDir: root, emptyOutDir: true },
    })
    server = await serve(root)
    browser = await chromium.launch({
      executablePath: CHROMIUM,
      args: [
        '--no-sandbox',
        '--enable-unsafe-webgpu',
        '--use-webgpu-adapter=swiftshader',
        '--enable-dawn-features=disable_workgroup_init',
        '--use-fake-device-for-media-stream',
        '--use-fake-ui-for-media-stream',
      ],
    })
  })
  afterAll(async () => {
    await browser?.close()
    server?.close()
    await rm(root, { recursive: true, force: true })
  })

  /** A page at an address; what goes wrong on it, or goes elsewhere, is kept. */
  const open = async (
    hash: string,
    options: Parameters<Browser['newPage']>[0] = {},
  ): Promise<Page> => {
    const page = await browser.newPage({ viewport: SIZES[0], ...options })
    page.on('pageerror', error => problems.push(`${error}`))
    page.on('console', message => {
      if (message.type() === 'error') problems.push(message.text())
    })
    page.on('request', request => {
      if (!/^(blob:)?http:\/\/127\.0\.0\.1:/.test(request.url())) problems.push(request.url())
    })
    await page.goto(`${server.url}${hash}`)
    return page
  }
  const answered = (page: Page) => page.getByRole('table', { name: 'Probabilities' }).waitFor()

  it('answers from files that are small', async () => {
    const page = await open('')
    await answered(page)
    const names = (await page.evaluate(
      "performance.getEntriesByType('resource').map(({ name }) => name)",
    )) as string[]
    const files = names.map(name => new URL(name).pathname).filter(name => !/networks/.test(name))
    const sizes = await Promise.all(
      ['index.html', ...files].map(
        async name => brotliCompressSync(await readFile(join(root, name))).length,
      ),
    )
    expect(sizes.length).toBeGreaterThan(4)
    expect(sizes.reduce((sum, size) => sum + size, 0)).toBeLessThan(MOST_BYTES)
    await page.close()
  })

  it('moves the selection to the larger kernel as the object grows', async () => {
    const page = await open('#/inside?scale=0.5&class=square')
    await answered(page)
    const shares = () =>
      page
        .getByRole('img', { name: /over 16 channels|over 32 channels/ })
        .evaluateAll(all =>
          all.map(one => Number(/mean ([\d.]+)/.exec(one.getAttribute('aria-label') ?? '')?.[1])),
        )
    const small = await shares()
    const box = await page.getByRole('group', { name: /^The picture/ }).boundingBox()
    if (box === null) return expect.fail('there is no picture')
    const at = (share: number) => [box.x + share * box.width, box.y + share * box.height] as const
    await page.mouse.move(...at(0.6))
    await page.mouse.down()
    await page.mouse.move(...at(0.9), { steps: 20 })
    await page.mouse.up()
    await expect.poll(() => page.getByRole('slider', { name: 'scale' }).inputValue()).toBe('2')
    await expect.poll(async () => (await shares())[0]).toBeGreaterThan(small[0] + 0.05)
    expect((await shares())[1]).toBeGreaterThan(small[1] + 0.1)
    await expect.poll(() => page.url()).toMatch(/scale=2/)
    await page.close()
  })

  it('switches a block off, and says what is wrong with an address', async () => {
    const page = await open('#/inside?net=se-resnet8&scale=9&color=red')
    await answered(page)
    expect(await page.locator('.notice').allTextContents()).toEqual([
      'the address has “color”, which this view does not know',
      'scale: 9 is outside of 0.5 to 2',
    ])
    await page.getByRole('button', { name: /^4_1 on/ }).click()
    await page.getByText(/^Without 4_1: [\d.]+ % right on 1,000 test images/).waitFor()
    await page.close()
  })

  it("looks into anybody's model, found by its formulas", async () => {
    const page = await open('#/inside')
    await answered(page)
    await page
      .getByLabel('open a picture or a model')
      .setInputFiles(join(WEB, '../test/parity/fixtures/exportedForms/conv.onnx'))
    await page.getByText('gate, 8 channels').waitFor({ timeout: 60_000 })
    await page.close()
  })

  it.each([
    ['wasm', onnxEngine, 12, 3],
    ...(missingSoftware === undefined
      ? ([['webgpu', webgpuEngine(softwareGpu), 8, 4]] as const)
      : []),
  ] as const)(
    'trains by %s as Node does, to a file that answers alike',
    async (name, engine: Engine, size, digits) => {
      const settings = { model: 'resnet8', attention: 'se', size, epochs: 1, batch: 4, seed: 3 }
      const page = await open(
        `#/train?attention=se&size=${size}&epochs=1&batch=4&seed=3&images=20&engine=${name}`,
      )
      await page.getByRole('button', { name: 'Train', exact: true }).click()
      await page.getByText(/^done, step 5 of 5/).waitFor({ timeout: 100_000 })
      const losses = await page.evaluate('excite.train[0].curve.value.map(({ loss }) => loss)')

      const images = shapesOf({ train: 20, test: 20 }, size)
      const training = await openTraining({ ...settings, learningRate: 0.1 }, images, engine)
      const expected: unknown[] = []
      await training.run(new AbortController().signal, event => {
        if (event.kind === 'step') expected.push(expect.closeTo(event.loss, digits))
      })
      await training.close()
      expect(losses).toEqual(expected)

      // Of the network's size, so that the decoders' ways to resize do not matter.
      const image = await sharp(await images.validation.read(1), {
        raw: { width: size, height: 3 * size, channels: 1 },
      })
        .extract({ left: 0, top: 0, width: size, height: size })
        .toColorspace('srgb')
        .png()
        .toBuffer()
      const [said] = await Promise.all([
        page
          .waitForEvent('download')
          .then(async file => openClassifier(await readFile(await file.path()))),
        page.getByRole('button', { name: 'model.onnx' }).click(),
      ])
      const guesses = await said.classify(image)
      await said.close()
      await page
        .getByLabel('a picture')
        .setInputFiles({ name: 'a.png', mimeType: 'image/png', buffer: image })
      await answered(page)
      const rows = await page
        .getByRole('table', { name: 'Probabilities' })
        .getByRole('row')
        .allInnerTexts()
      const shown = new Map(
        rows.map(row => row.split(/\s+/)).map(([label, share]) => [label, Number(share)]),
      )
      for (const { label, probability } of guesses)
        expect(shown.get(label)).toBeCloseTo(100 * probability, 0)
      await page.close()
    },
  )

  it.each(['inside', 'train', 'about'])(
    '%s is for everybody: axe finds nothing serious',
    async view => {
      const source = await readFile(AXE, 'utf8')
      const found: unknown[] = []
      for (const viewport of SIZES)
        for (const colorScheme of ['light', 'dark'] as const) {
          const page = await open(`#/${view}`, { viewport, colorScheme, reducedMotion: 'reduce' })
          await page.getByRole('heading', { level: 1 }).waitFor()
          if (view === 'inside') await answered(page)
          await page.evaluate(source)
          const { violations } = (await page.evaluate('axe.run()')) as {
            violations: { id: string; impact: string; nodes: { html: string }[] }[]
          }
          found.push(
            ...violations
              .filter(({ impact }) => ['serious', 'critical'].includes(impact))
              .map(({ id, nodes }) => `${id}: ${nodes[0].html}`),
          )
          const over = await page.evaluate('document.documentElement.scrollWidth - innerWidth')
          if (Number(over) > 0) found.push(`${view} is ${over} pixels too wide`)
          await page.close()
        }
      expect(found).toEqual([])
    },
  )

  it('has asked no other host, and broken no rule of its policy', () => {
    expect(problems).toEqual([])
  })
})
