/** A server over a folder of runs that were written, not trained; and requests as bytes, since clients mend them. */

import { spawn } from 'node:child_process'
import { mkdir, mkdtemp, writeFile } from 'node:fs/promises'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { RECIPES } from '../train/recipes.ts'
import { openUi, type Ui, type UiOptions } from './server.ts'

/** A step as a run writes it. */
export const stepLine = (step: number, steps = 100): string =>
  `${JSON.stringify({ step, epoch: step / steps, loss: 2 / Math.sqrt(step), top1: 1 - 1 / step, rate: 0.1, seconds: 0.01 })}\n`

/** Writes a run of so many steps, 100 an epoch. */
export const writeRun = async (root: string, name: string, steps = 200): Promise<string> => {
  const folder = join(root, name)
  await mkdir(folder, { recursive: true })
  const config = {
    ...{ model: 'se-resnet8', data: 'shapes', seed: 0, engine: 'onnxruntime' },
    recipe: { ...RECIPES.short, epochs: 3, batch: 10 },
  }
  const rows = Array.from({ length: Math.min(3, Math.floor(steps / 100)) }, (_, i) => ({
    ...{ epoch: i + 1, learningRate: 0.1, trainLoss: 1 / (i + 1), trainTop1: 0.5 },
    ...{ testLoss: 0.5, testTop1: 0.6 + i / 10, seconds: 1, evaluated: 50 },
  }))
  await writeFile(join(folder, 'config.json'), JSON.stringify(config))
  await writeFile(
    join(folder, 'metrics.jsonl'),
    rows.map(row => `${JSON.stringify(row)}\n`).join(''),
  )
  const lines = Array.from({ length: steps }, (_, i) => stepLine(i + 1))
  await writeFile(join(folder, 'steps.jsonl'), lines.join(''))
  return folder
}

/** A server over a new folder, with a page of one line. */
export const openTestUi = async (
  options: Partial<UiOptions> = {},
): Promise<Ui & { root: string }> => {
  const place = await mkdtemp(join(tmpdir(), 'excite-ui-'))
  const [root, page] = [join(place, 'runs'), join(place, 'page')]
  for (const folder of [root, join(page, 'assets')]) await mkdir(folder, { recursive: true })
  await writeFile(join(page, 'index.html'), '<!doctype html><title>Excite</title>')
  await writeFile(join(page, 'assets/main.js'), 'export {}')
  await writeFile(join(place, 'secret.txt'), 'SECRET')
  const ui = await openUi({ folder: root, page, excite: [process.execPath, '-e', ''], ...options })
  return { ...ui, root }
}

/** A process that has a run's lock until it is told to end, or ends it when it is. */
export const trainer = async (run: string) => {
  const lock = join(run, 'run.lock')
  const program = `
    const { writeFileSync, rmSync, readFileSync } = require('node:fs')
    const text = readFileSync('/proc/self/stat', 'utf8')
    const started = text.slice(text.lastIndexOf(')') + 2).split(' ')[19]
    const holder = { host: require('node:os').hostname(), pid: process.pid, started, since: 'now' }
    writeFileSync(${JSON.stringify(lock)}, JSON.stringify(holder))
    let told = 0
    process.on('SIGTERM', () => {
      told++
      setTimeout(() => { rmSync(${JSON.stringify(lock)}); process.exit(told) }, 200)
    })
    setInterval(() => {}, 1000)
    console.log('here')`
  const child = spawn(process.execPath, ['-e', program], { stdio: ['ignore', 'pipe', 'inherit'] })
  const ended = new Promise<number | null>(resolve => child.on('close', resolve))
  await new Promise(resolve => child.stdout.once('data', resolve))
  return { child, ended }
}

/** Sends bytes as they are; gives back status and text. */
export const sendRaw = (
  port: number,
  lines: readonly string[],
  body = '',
): Promise<{ readonly status: number; readonly text: string }> =>
  new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1', () =>
      socket.write(`${[...lines, 'Connection: close'].join('\r\n')}\r\n\r\n${body}`, 'latin1'),
    )
    let text = ''
    socket.setEncoding('latin1')
    socket.on('data', chunk => {
      text += chunk
    })
    socket.on('error', reject)
    socket.on('close', () => resolve({ status: Number(text.split(' ')[1]), text }))
  })
