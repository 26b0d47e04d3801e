/** Reports in Chromium, with names that would do harm: nothing runs, nothing is loaded, all is shown. */

import { existsSync } from 'node:fs'
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { chromium } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { gatherGates } from '../../src/inspect/excitation.ts'
import { writeReport } from '../../src/inspect/report.ts'

const CHROMIUM = process.env.EXCITE_CHROMIUM ?? '/usr/bin/chromium'

const HOSTILE = [
  '<img src=x onerror="window.harmed=1">',
  '</style></title></svg><script>window.harmed=1</script>',
  '"><a href="javascript:window.harmed=1" autofocus onfocus="window.harmed=1">',
  'a\u0000\u001b[31m\u202e\ud800b',
  '=cmd|calc!A1',
]

const gates = gatherGates(
  [0, 1].map(i => ({
    path: `${HOSTILE[i]}${i}`,
    block: `${HOSTILE[i]}${i}`,
    kind: 'gate',
    stage: 2 + i,
    channels: 3,
  })),
  HOSTILE,
)
for (let image = 0; image < 20; image++)
  for (const block of [0, 1])
    gates.add(block, image % HOSTILE.length, [0.1, 0.5, Math.sin(image) ** 2])

describe.skipIf(!existsSync(CHROMIUM))(`in ${CHROMIUM}`, () => {
  let folder: string
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'excite-report-'))
    const cost = { parameters: 1, buffers: 0, multiplyAdds: 1, kinds: [] }
    await writeReport(
      folder,
      {
        model: HOSTILE[0],
        attention: HOSTILE[1],
        cost: { ...cost, attention: { parameters: 0, multiplyAdds: 0 } },
        excitation: gates.result(),
      },
      { subtitle: HOSTILE[2], footer: HOSTILE[3], classes: HOSTILE },
    )
  })
  afterAll(() => rm(folder, { recursive: true, force: true }))

  it('a page runs nothing, loads nothing, and lets nobody add what would', async () => {
    const browser = await chromium.launch({ executablePath: CHROMIUM, args: ['--no-sandbox'] })
    try {
      const page = await browser.newPage()
      const blocked: string[] = []
      page.on('requestfailed', request => blocked.push(request.failure()?.errorText ?? ''))
      page.on('requestfinished', request => expect(request.url()).toMatch(/^(file|data):/))
      await page.goto(pathToFileURL(join(folder, 'report.html')).href)
      expect(await page.title()).toContain(HOSTILE[0])
      expect(await page.locator('script, a[href^=javascript], [onerror], [onfocus]').count()).toBe(
        0,
      )
      expect(await page.locator('.subtitle').textContent()).toBe(HOSTILE[2])
      await page.addScriptTag({ content: 'window.harmed = 1' }).catch(() => {})
      const image = '<img src="https://127.0.0.1:9/x">'
      await page.evaluate(`document.body.insertAdjacentHTML('beforeend', '${image}')`)
      await expect.poll(() => blocked).toEqual(['csp'])
      expect(await page.evaluate("'harmed' in window")).toBe(false)
    } finally {
      await browser.close()
    }
  })

  it('figures are well formed, and tables hold no formula', async () => {
    const browser = await chromium.launch({ executablePath: CHROMIUM, args: ['--no-sandbox'] })
    try {
      const page = await browser.newPage()
      const names = await readdir(join(folder, 'figures'))
      expect(names.length).toBeGreaterThan(3)
      for (const name of names) {
        await page.goto(pathToFileURL(join(folder, 'figures', name)).href)
        expect(await page.evaluate('document.documentElement.nodeName')).toBe('svg')
        expect(await page.locator('parsererror, script').count()).toBe(0)
      }
    } finally {
      await browser.close()
    }
    const table = await readFile(join(folder, 'tables', 'excitation.csv'), 'utf8')
    expect(table).not.toMatch(/(^|,)"?[=+@]/m)
    expect(table).toContain("'=cmd|calc!A1")
  })
})
