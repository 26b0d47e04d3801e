/** A page with the package in it, bundled by Vite as a user's is, in Chromium with WebGPU on SwiftShader. */

import { existsSync } from 'node:fs'
import { copyFile, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { chromium, type Page } from 'playwright-core'
import { build } from 'vite'
import { serve } from './serve.ts'

const PROJECT = fileURLToPath(new URL('../..', import.meta.url))
export const CHROMIUM = process.env.EXCITE_CHROMIUM ?? '/usr/bin/chromium'
export const hasChromium = existsSync(CHROMIUM)

/** WebGPU by SwiftShader, which compiles for a second what clears workgroup memory. */
const ARGUMENTS = [
  '--no-sandbox',
  '--enable-unsafe-webgpu',
  '--use-webgpu-adapter=swiftshader',
  '--enable-dawn-features=disable_workgroup_init',
]

export interface OpenedPage {
  readonly page: Page
  close(): Promise<void>
}

/** @param files - of this folder: the page's script first, then what it loads */
export const openPage = async (files: readonly string[]): Promise<OpenedPage> => {
  const root = await mkdtemp(join(tmpdir(), 'excite-page-'))
  await mkdir(join(root, 'node_modules'))
  await symlink(PROJECT, join(root, 'node_modules/excite'))
  await symlink(
    join(PROJECT, 'node_modules/onnxruntime-web'),
    join(root, 'node_modules/onnxruntime-web'),
  )
  await writeFile(
    join(root, 'index.html'),
    `<!doctype html><title>Excite</title><script type="module" src="${files[0]}"></script>`,
  )
  for (const name of files) await copyFile(join(PROJECT, 'test/browser', name), join(root, name))
  await build({
    root,
    base: './',
    configFile: false,
    logLevel: 'error',
    worker: { format: 'es' },
    build: { chunkSizeWarningLimit: 30_000 },
  })
  const server = await serve(join(root, 'dist'))
  const browser = await chromium.launch({ executablePath: CHROMIUM, args: ARGUMENTS })
  const page = await browser.newPage()
  await page.goto(server.url)
  return {
    page,
    close: async () => {
      await browser.close()
      server.close()
      await rm(root, { recursive: true, force: true })
    },
  }
}
