/**
 * Excite on WebGPU beside TensorFlow.js and jax-js on theirs, in Chromium on one adapter, each in a
 * page of its own, in turn. Prints Markdown. SwiftShader is the adapter unless --gpu is given.
 *
 *     npm install --prefix bench/peers
 *     npx tsx bench/inPage.ts [--batch 32] [--network se-resnet20] [--size 32] [--contenders excite,tfjs,jax] [--gpu]
 */

import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { chromium } from 'playwright-core'
import { build } from 'vite'
import { EngineError, messageOf } from '../src/errors/index.ts'
import { spreadOf } from '../src/stats/clock.ts'
import { serve } from '../test/browser/serve.ts'

const { values: flags } = parseArgs({
  options: {
    network: { type: 'string', default: 'se-resnet20' },
    batch: { type: 'string', default: '32' },
    size: { type: 'string', default: '32' },
    contenders: { type: 'string', default: 'excite,tfjs,jax' },
    steps: { type: 'string', default: '1' },
    limit: { type: 'string', default: '60' },
    gpu: { type: 'boolean', default: false },
  },
})

const PEERS = fileURLToPath(new URL('peers', import.meta.url))
const FILES: Readonly<Record<string, string>> = {
  excite: 'excite.ts',
  tfjs: 'tfjs.js',
  jax: 'jax.js',
}
const SOFTWARE = [
  '--use-webgpu-adapter=swiftshader',
  '--enable-dawn-features=disable_workgroup_init',
]

const root = await mkdtemp(join(tmpdir(), 'excite-in-page-'))
const names = flags.contenders.split(',')
for (const name of names)
  await writeFile(
    join(root, `${name}.html`),
    `<!doctype html><title>${name}</title><script type="module" src="${join(PEERS, FILES[name])}"></script>`,
  )
await build({
  root,
  base: './',
  configFile: false,
  logLevel: 'error',
  build: {
    target: 'esnext',
    chunkSizeWarningLimit: 30_000,
    rollupOptions: { input: names.map(name => join(root, `${name}.html`)) },
  },
})
const server = await serve(join(root, 'dist'))

/** Seconds of a step of one contender, in a browser of its own: what crashes takes no other along. */
const measured = async (name: string): Promise<readonly number[]> => {
  const browser = await chromium.launch({
    executablePath: process.env.EXCITE_CHROMIUM ?? '/usr/bin/chromium',
    args: ['--no-sandbox', '--enable-unsafe-webgpu', ...(flags.gpu ? [] : SOFTWARE)],
  })
  try {
    const page = await browser.newPage()
    const failed = new Promise<never>((_, reject) => {
      const fail = (got: string) =>
        reject(new EngineError({ where: name, expected: 'a training', got }))
      page.on('pageerror', error => fail(error.message))
      page.on('crash', () => fail('a crash'))
    })
    const told = {
      work: 'train',
      network: flags.network,
      batch: Number(flags.batch),
      size: Number(flags.size),
      backend: 'webgpu',
      warmUp: 1,
      seconds: 0,
      least: Number(flags.steps),
    }
    await page.goto(`${server.url}${name}.html#${encodeURIComponent(JSON.stringify(told))}`)
    const done = page.waitForFunction('globalThis.measured', undefined, {
      timeout: Number(flags.limit) * 1000,
    })
    await Promise.race([done, failed])
    const { seconds } = await page.evaluate<{ seconds: number[] }>('globalThis.measured')
    return seconds
  } finally {
    await browser.close()
  }
}

console.log(
  `train ${flags.network}, batch ${flags.batch}, ${flags.size}²: seconds a step\n\n| | s | |\n|---|--:|--:|`,
)
let own: number | undefined
for (const name of names)
  try {
    const { best } = spreadOf(await measured(name))
    own ??= best
    console.log(`| ${name} | ${best.toPrecision(3)} | ${(best / own).toPrecision(3)} |`)
  } catch (error) {
    console.log(`| ${name} | ${messageOf(error).split('\n')[0]} | |`)
  }
server.close()
await rm(root, { recursive: true })
process.exit(0)
