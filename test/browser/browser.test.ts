/** The package in a page: Vite bundles excite/browser without a warning, and Chromium runs it. */

import { existsSync } from 'node:fs'
import { copyFile, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { chromium } from 'playwright-core'
import sharp from 'sharp'
import { build, createLogger } from 'vite'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { untrained } from '../../src/bench/workloads.ts'
import { data, engines, type Guess, models, training } from '../../src/index.ts'
import { model } from '../../src/models/registry.ts'
import { openClassifier } from '../../src/runs/classifier.ts'
import { exportOnnx } from '../../src/weights/export.ts'
import { serve } from './serve.ts'
import { trainSmall } from './training.ts'

const PROJECT = fileURLToPath(new URL('../..', import.meta.url))
const CHROMIUM = process.env.EXCITE_CHROMIUM ?? '/usr/bin/chromium'

/** A guess that agrees to so many digits. */
const closeTo =
  (digits: number) =>
  ({ label, probability }: Guess) => ({ label, probability: expect.closeTo(probability, digits) })

describe.skipIf(!existsSync(CHROMIUM))(`in ${CHROMIUM}`, () => {
  let root: string
  const warnings: string[] = []

  beforeAll(async () => {
    root = await mkdtemp(join(tmpdir(), 'excite-page-'))
    await mkdir(join(root, 'node_modules'))
    for (const name of ['excite', 'onnxruntime-web'])
      await symlink(
        name === 'excite' ? PROJECT : join(PROJECT, 'node_modules', name),
        join(root, 'node_modules', name),
      )
    await writeFile(
      join(root, 'index.html'),
      '<!doctype html><title>Excite</title><script type="module" src="page.js"></script>',
    )
    for (const name of ['page.js', 'training.ts'])
      await copyFile(join(PROJECT, 'test/browser', name), join(root, name))
    await mkdir(join(root, 'public'))
    await copyFile(
      join(PROJECT, 'test/parity/fixtures/exportedForms/conv.onnx'),
      join(root, 'public/model.onnx'),
    )
    await writeFile(
      join(root, 'public/network.onnx'),
      exportOnnx(untrained(model('se-resnet8', { classes: 4 }), 24)),
    )
    await sharp({ create: { width: 50, height: 38, channels: 3, background: '#f60' } })
      .composite([{ input: { text: { text: 'SE', dpi: 160 } }, gravity: 'center' }])
      .png()
      .toFile(join(root, 'public/image.png'))
    const logger = createLogger('warn')
    logger.warn = text => warnings.push(text)
    logger.warnOnce = logger.warn
    await build({
      root,
      base: './',
      configFile: false,
      customLogger: logger,
      build: { chunkSizeWarningLimit: 30_000 },
    })
  })
  afterAll(() => rm(root, { recursive: true, force: true }))

  /** To a millionth: WebAssembly rounds otherwise. */
  const guessesInNode = async () => {
    const classifier = await openClassifier(join(root, 'public/network.onnx'))
    const guesses = await classifier.classify(join(root, 'public/image.png'), { top: 3 })
    await classifier.close()
    return guesses.map(closeTo(6))
  }

  /** A training of six steps: rounding adds up to a thousandth. */
  const trainedInNode = async () => {
    const { losses, network, image } = await trainSmall(
      { data, models, training },
      engines.onnxEngine,
    )
    const classifier = await openClassifier(exportOnnx(network))
    const answers = await classifier.classify(image)
    await classifier.close()
    return {
      losses: losses.map(loss => expect.closeTo(loss, 3)),
      answers: answers.map(closeTo(2)),
    }
  }

  it('bundles without a warning', () => {
    expect(warnings).toEqual([])
  })

  it('describes, counts, reads, computes, classifies and trains as Node does, without a request elsewhere', async () => {
    const server = await serve(join(root, 'dist'))
    const browser = await chromium.launch({ executablePath: CHROMIUM, args: ['--no-sandbox'] })
    try {
      const page = await browser.newPage()
      const problems: string[] = []
      const elsewhere: string[] = []
      page.on('pageerror', error => problems.push(`${error}`))
      page.on('request', request => {
        if (!request.url().startsWith(server.url)) elsewhere.push(request.url())
      })
      await page.goto(server.url)
      await page.waitForFunction('window.found !== undefined', undefined, { timeout: 20_000 })
      expect(await page.evaluate('window.found')).toMatchObject({
        parameters: 272_095,
        nodes: 7,
        close: true,
        guesses: await guessesInNode(),
        ...(await trainedInNode()),
      })
      expect(problems).toEqual([])
      expect(elsewhere).toEqual([])
    } finally {
      await browser.close()
      server.close()
    }
  })
})
