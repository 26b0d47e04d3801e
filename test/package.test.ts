/** The packed library in a strict TypeScript project of its own: typed under both resolutions, and run. */

import { execFile } from 'node:child_process'
import { mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { extract } from 'tar'
import { afterAll, beforeAll, expect, it } from 'vitest'

const run = promisify(execFile)
const ROOT = fileURLToPath(new URL('..', import.meta.url))
const TSC = join(ROOT, 'node_modules/typescript/bin/tsc')

/** The README's program, on images that need no files. */
const PROGRAM = `
import { attention, models, openClassifier, openImages, resume, train } from 'excite'

const images = await openImages('shapes', { size: 16, samples: { train: 60, test: 20 } })
const network = models.resnet8({
  classes: images.classes.length,
  attention: attention.se({ reduction: 8 }),
})
const stop = new AbortController()
const run = await train(network, images, {
  epochs: 1,
  batch: 20,
  engine: 'onnxruntime',
  out: 'runs/flowers',
  signal: stop.signal,
  onStep: ({ step }) => {
    if (step === 2) stop.abort()
  },
  onEpoch: ({ epoch, validation }) => console.log(epoch, validation.top1),
})
if (!run.finished) await resume('runs/flowers', { images })
const classifier = await openClassifier('runs/flowers')
const [guess] = await classifier.classify({
  data: new Uint8Array(300),
  width: 10,
  height: 10,
})
if (guess === undefined || !(guess.probability > 0)) throw new Error('no guess')
await classifier.exportOnnx('flowers.onnx')
await classifier.close()
await images.close()
const shipped = await openClassifier('flowers.onnx')
console.log(shipped.classes.includes(guess.label))
await shipped.close()
`

let project = ''

beforeAll(async () => {
  project = await mkdtemp(join(tmpdir(), 'excite-package-'))
  const { stdout } = await run(
    'npm',
    ['pack', '--ignore-scripts', '--json', '--pack-destination', project],
    { cwd: ROOT },
  )
  const [{ filename }] = JSON.parse(stdout) as { filename: string }[]
  // Installed as npm would, but for the network: the package unpacked, what it needs beside it.
  const home = join(project, 'node_modules/excite')
  await mkdir(home, { recursive: true })
  await extract({ file: join(project, filename), cwd: home, strip: 1 })
  const { dependencies } = JSON.parse(await readFile(join(home, 'package.json'), 'utf8'))
  for (const name of [...Object.keys(dependencies), '@types']) {
    const to = join(project, 'node_modules', name)
    await mkdir(join(to, '..'), { recursive: true })
    await symlink(join(ROOT, 'node_modules', name), to)
  }
  await writeFile(join(project, 'package.json'), '{ "type": "module" }')
  await writeFile(join(project, 'main.ts'), PROGRAM)
}, 120_000)

afterAll(() => rm(project, { recursive: true, force: true }))

it.each([
  ['nodenext', 'nodenext'],
  ['bundler', 'preserve'],
])('is typed under %s', async (moduleResolution, module) => {
  const compilerOptions = {
    ...{ module, moduleResolution, target: 'es2022', lib: ['es2023', 'dom'], types: ['node'] },
    ...{ strict: true, noUncheckedIndexedAccess: true, exactOptionalPropertyTypes: true },
    ...{ skipLibCheck: false, noEmit: moduleResolution === 'bundler' },
  }
  const file = `tsconfig.${moduleResolution}.json`
  await writeFile(join(project, file), JSON.stringify({ compilerOptions, files: ['main.ts'] }))
  const { stdout } = await run(process.execPath, [TSC, '-p', file], { cwd: project }).catch(
    (failure: { stdout: string }) => failure,
  )
  expect(stdout).toBe('')
})

it('runs', async () => {
  const { stdout } = await run(process.execPath, ['main.js'], { cwd: project })
  expect(stdout).toBe('true\n')
})

it('has maps that lead to sources in it', async () => {
  const home = join(project, 'node_modules/excite/dist')
  for (const file of ['index.d.ts.map', 'index.js.map', 'cli/main.js.map']) {
    const { sources } = JSON.parse(await readFile(join(home, file), 'utf8'))
    expect(sources).toHaveLength(1)
    await expect(readFile(join(home, file, '..', sources[0])), file).resolves.toBeDefined()
  }
})

it('has the command, the documentation and the examples in it', async () => {
  const home = join(project, 'node_modules/excite')
  const { stdout } = await run(process.execPath, [join(home, 'bin/excite.js'), '--version'])
  expect(stdout).toMatch(/^\d+\.\d+\.\d+\n$/)
  const readme = await readFile(join(home, 'README.md'), 'utf8')
  for (const [, path] of readme.matchAll(/\]\(((?:docs|examples)\/[^)#]+)\)/g))
    await expect(readFile(join(home, path)), path).resolves.toBeDefined()
})
