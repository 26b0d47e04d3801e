/**
 * How soon something happens: `excite --help`, and the first training step of SE-ResNet-50 (batch 8,
 * 224²) from the start of the process, drawing of the weights and compilation included.
 * Run: npm run build && npx tsx bench/start.ts [DEVICE…]
 */

import { spawnSync } from 'node:child_process'
import { machine } from '../src/bench/machine.ts'
import { spreadOf } from '../src/stats/clock.ts'

const MAIN = 'dist/cli/main.js'
const HELPS = 15
const STARTS = 3

const node = (...parts: string[]): string => {
  const { status, stdout, stderr } = spawnSync(process.execPath, parts, { encoding: 'utf8' })
  if (status !== 0) throw new Error(`node ${parts.join(' ')}: ${stderr}`)
  return stdout
}

const times = (count: number, once: () => number): string => {
  const { median, best } = spreadOf(Array.from({ length: count }, once))
  return `${median.toFixed(3)} s median, ${best.toFixed(3)} best`
}

const seconds =
  (...parts: string[]) =>
  (): number => {
    const before = performance.now()
    node(...parts)
    return (performance.now() - before) / 1000
  }

const engines = process.argv.length > 2 ? process.argv.slice(2) : ['onednn', 'onnxruntime']
console.log(`${machine()}; Node ${process.versions.node}`)
console.log(`node, doing nothing       ${times(HELPS, seconds('--eval', '0'))}`)
console.log(`excite --help             ${times(HELPS, seconds(MAIN, '--help'))}`)
for (const engine of engines) {
  const options = ['--batch', '8', '--engine', engine, '--seconds', '0', '--json']
  const first = (): number =>
    JSON.parse(node(MAIN, 'bench', 'train', 'se-resnet50', ...options)).firstStep
  console.log(`first step on ${engine.padEnd(12)}    ${times(STARTS, first)}`)
}
