/** The view Runs in Chromium, on the server of `excite ui`: what is there, what changes, and what can be done with it. */

import { existsSync } from 'node:fs'
import { appendFile, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type Browser, type BrowserContext, chromium, type Page } from 'playwright-core'
import { build } from 'vite'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { Ui } from '../../src/ui/server.ts'
import { openTestUi, stepLine, trainer, writeRun } from '../../src/ui/ui.testing.ts'
import { excite } from '../support/command.ts'

const PROJECT = fileURLToPath(new URL('../..', import.meta.url))
const CHROMIUM = process.env.EXCITE_CHROMIUM ?? '/usr/bin/chromium'
const AXE = await readFile(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')
/** A second, and what a machine that is busy with other tests takes longer. */
const SOON = 3000
const HOSTILE = '<img src=x onerror="window.harmed=1">'

interface Violation {
  readonly id: string
  readonly impact: string
  readonly nodes: readonly { readonly html: string }[]
}

describe.skipIf(!existsSync(CHROMIUM))(`in ${CHROMIUM}`, () => {
  let built: string
  let browser: Browser
  let context: BrowserContext
  let page: Page
  let ui: Ui & { root: string }
  const problems: string[] = []

  beforeAll(async () => {
    built = await mkdtemp(join(tmpdir(), 'excite-page-'))
    await build({
      configFile: join(PROJECT, 'web/vite.config.ts'),
      logLevel: 'error',
      build: { outDir: built },
    })
    browser = await chromium.launch({
      executablePath: CHROMIUM,
      args: ['--no-sandbox', '--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1'],
    })
  }, 120_000)
  afterAll(async () => {
    await browser?.close()
    await rm(built, { recursive: true, force: true })
  })
  beforeEach(async () => {
    const command = [process.execPath, join(PROJECT, 'dist/cli/main.js')] as const
    ui = await openTestUi({ page: built, excite: command })
    context = await browser.newContext({ viewport: { width: 1280, height: 800 } })
    page = await context.newPage()
    problems.length = 0
    page.on('pageerror', error => problems.push(`${error}`))
    page.on('request', request => {
      const isOurs = request.url().startsWith(`http://127.0.0.1:${ui.port}/`)
      if (!isOurs && !/^(data|blob):/.test(request.url())) problems.push(request.url())
    })
    page.on('console', message => {
      if (/Content Security Policy|TrustedHTML/.test(message.text())) problems.push(message.text())
    })
  })
  afterEach(async () => {
    await context.close()
    await ui.close()
    await rm(dirname(ui.root), { recursive: true })
    expect(problems).toEqual([])
  })

  const row = (name: string) => page.getByRole('listitem').filter({ hasText: name })
  const open = (name: string) => page.getByRole('link', { name }).click()

  /** Serious faults by WCAG, in both sizes and themes. */
  const faults = async (): Promise<readonly string[]> => {
    const found: string[] = []
    // Run by the browser's own tools, which the page's policy does not bind.
    await page.evaluate(AXE)
    for (const width of [1280, 360])
      for (const colorScheme of ['light', 'dark'] as const) {
        await page.setViewportSize({ width, height: 800 })
        await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' })
        const { violations } = (await page.evaluate(
          `axe.run({ runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa'] })`,
        )) as { violations: readonly Violation[] }
        for (const { id, impact, nodes } of violations)
          if (impact === 'serious' || impact === 'critical')
            found.push(`${width} ${colorScheme} ${id}: ${nodes.map(({ html }) => html).join(' ')}`)
        expect(await page.evaluate('document.body.scrollWidth <= innerWidth')).toBe(true)
      }
    await page.setViewportSize({ width: 1280, height: 800 })
    return found
  }

  it('says what to do where there is no run, and shows the first within a second', async () => {
    await page.goto(ui.url)
    await page.getByText('excite quickstart').waitFor()
    expect(await faults()).toEqual([])
    await writeRun(ui.root, 'first')
    await row('first').waitFor({ timeout: SOON })
    expect(page.url()).not.toContain(ui.token)
  })

  it('lists runs, draws some together and says how they differ; names are text', async () => {
    await writeRun(ui.root, 'plain', 300)
    const folder = await writeRun(ui.root, 'hostile', 250)
    const config = JSON.parse(await readFile(join(folder, 'config.json'), 'utf8'))
    await writeFile(
      join(folder, 'config.json'),
      JSON.stringify({ ...config, data: HOSTILE, seed: 7 }),
    )
    const findings = {
      matrix: {
        names: [HOSTILE, 'b'],
        counts: [
          [3, 1],
          [0, 4],
        ],
        rows: 'is',
        columns: HOSTILE,
      },
      wrong: 1,
      images: [{ source: 'https://evil.test/x.png', name: HOSTILE, lines: [HOSTILE] }],
    }
    await writeFile(join(folder, 'review.json'), JSON.stringify({ epoch: 2, images: 8, findings }))
    await page.goto(ui.url)
    await page.getByLabel('draw hostile').check()
    await page.getByLabel('draw plain').check()
    await page.getByRole('img', { name: /^loss by step; hostile 0.\d+, plain 0.\d+$/ }).waitFor()
    const table = page.getByRole('region', { name: 'Settings that differ' })
    expect(await table.getByRole('row').allTextContents()).toEqual([
      'settinghostileplain',
      `data${HOSTILE}shapes`,
      'seed70',
    ])
    expect(await faults()).toEqual([])
    await page.getByLabel('find').fill('plain')
    await expect.poll(() => page.locator('.runs .run').count()).toBe(1)
    await expect.poll(() => page.url()).toMatch(/pick=.*find=plain/)
    await page.getByLabel('find').fill('')
    await open('hostile')
    await page.getByRole('heading', { name: 'Which class is taken for which' }).waitFor()
    await page.getByRole('button', { name: 'as table' }).click()
    expect(await page.getByRole('row').count()).toBeGreaterThan(50)
    expect(await faults()).toEqual([])
    await page.getByRole('group', { name: /^loss by step/ }).press('End')
    await expect.poll(() => page.locator('output').textContent()).toMatch(/^step 250 · hostile 0/)
    expect(await page.evaluate("'harmed' in window")).toBe(false)
  })

  it('shows a new step within a second, and says since when it hears nothing', async () => {
    const folder = await writeRun(ui.root, 'live', 150)
    const { child, ended } = await trainer(folder)
    await page.goto(ui.url)
    await open('live')
    await page.getByText('step 150').waitFor()
    await page.getByText('about 2 seconds left').waitFor()
    const before = performance.now()
    await appendFile(join(folder, 'steps.jsonl'), stepLine(151))
    await page.getByText('step 151').waitFor()
    expect(performance.now() - before).toBeLessThan(SOON)
    child.kill('SIGKILL')
    await ended
    await page.getByText('▲ died at step 151').waitFor({ timeout: SOON })
    await ui.close()
    await page.getByText(/^Not live since/).waitFor()
  })

  it('stops a training, which saves, resumes it and deletes it when asked twice', async () => {
    const train = excite(
      ui.root,
      ...'train resnet8 --data shapes --samples 400,20 --size 12 --epochs 500 --batch 10'.split(
        ' ',
      ),
      ...'--threads 1 --engine onnxruntime --out real'.split(' '),
    )
    await page.goto(ui.url)
    await open('real')
    await page.getByText(/step \d+/).waitFor({ timeout: 30_000 })
    await page.getByRole('button', { name: 'Save and stop' }).click()
    await page.getByRole('button', { name: 'Resume' }).waitFor({ timeout: 10_000 })
    expect((await train).code).toBe(143)
    const step = Number(
      (
        await page
          .getByText(/step [\d,]+/)
          .first()
          .textContent()
      )
        ?.match(/step ([\d,]+)/)?.[1]
        .replace(',', ''),
    )
    await page.getByRole('button', { name: 'Resume' }).click()
    await page.getByRole('button', { name: 'Save and stop' }).click({ timeout: 30_000 })
    await page.getByRole('button', { name: 'Resume' }).waitFor({ timeout: 20_000 })
    const lines = (await readFile(join(ui.root, 'real/steps.jsonl'), 'utf8')).trim().split('\n')
    expect(lines.map(line => JSON.parse(line).step)).toEqual(lines.map((_, i) => i + 1))
    expect(lines.length).toBeGreaterThanOrEqual(step)
    await page.getByRole('button', { name: 'Delete …' }).click()
    await page.getByRole('button', { name: 'Keep it' }).click()
    expect(existsSync(join(ui.root, 'real'))).toBe(true)
    await page.getByRole('button', { name: 'Delete …' }).click()
    await page.getByRole('button', { name: 'Delete for good' }).click()
    await page.getByText('excite quickstart').waitFor()
    expect(existsSync(join(ui.root, 'real'))).toBe(false)
  })

  it('stays fluid with 200 runs and 100,000 steps', async () => {
    await mkdir(ui.root, { recursive: true })
    for (let i = 0; i < 200; i++) await writeRun(ui.root, `run-${i}`, 20)
    await writeRun(ui.root, 'long', 100_000)
    await page.goto(ui.url)
    await row('long').waitFor({ timeout: 5000 })
    await page.reload()
    await page.getByLabel('draw long').check()
    await page.getByText('100,000 steps').waitFor({ timeout: 5000 })
    await page.evaluate(`window.longest = 0
      new PerformanceObserver(list => {
        for (const { duration } of list.getEntries()) longest = Math.max(longest, duration)
      }).observe({ type: 'longtask' })`)
    const before = performance.now()
    await writeRun(ui.root, 'one-more', 20)
    await row('one-more').waitFor()
    expect(performance.now() - before).toBeLessThan(SOON)
    const drawn = performance.now()
    await appendFile(join(ui.root, 'long/steps.jsonl'), stepLine(100_001))
    await page.getByText('100,001 steps').waitFor()
    expect(performance.now() - drawn).toBeLessThan(SOON)
    expect(await page.evaluate('longest')).toBeLessThan(500)
  })
})
