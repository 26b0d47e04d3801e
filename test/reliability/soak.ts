/**
 * Trainings one after the other in one process, for hours: whether memory, open files, children or
 * temporary files grow. Needs `npm run build`; prints a line every ten minutes, and a report at the end.
 *
 *   npm run soak -- 8h            also 20m or 30s
 *   npm run soak -- 1h onnx/      only trainings with such names
 */

import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { studentQuantile } from '../../src/stats/inference.ts'
import { modulesOf, prepare, TRAININGS, trainOnce } from './trainings.ts'

interface Sample {
  readonly hours: number
  /** Resident, in MB. */
  readonly memory: number
  readonly openFiles: number
  readonly children: number
}

const UNITS = { h: 3600, m: 60, s: 1 }
const EVERY_SECONDS = 600
/** Caches and the heap fill in the first part, which says nothing of leaks; half an hour at most. */
const warmUpOf = (hours: number): number => Math.min(0.5, hours / 4)

const secondsOf = (text: string): number => {
  const [, count, unit] = /^(\d+)([hms])$/.exec(text) ?? ['', '8', 'h']
  return Number(count) * UNITS[unit as keyof typeof UNITS]
}

const sample = async (start: number): Promise<Sample> => {
  global.gc?.()
  const children = await readFile(`/proc/self/task/${process.pid}/children`, 'utf8').catch(() => '')
  return {
    hours: (performance.now() - start) / 3.6e6,
    memory: process.memoryUsage().rss / 2 ** 20,
    openFiles: (await readdir('/proc/self/fd').catch(() => [])).length,
    children: children.trim() === '' ? 0 : children.trim().split(' ').length,
  }
}

/** Least squares: MB an hour, and half the width of its 95 % interval. */
export const slopeOf = (samples: readonly Sample[]): { slope: number; halfWidth: number } => {
  const mean = (of: (one: Sample) => number): number =>
    samples.reduce((sum, one) => sum + of(one), 0) / samples.length
  const [time, memory] = [mean(({ hours }) => hours), mean(one => one.memory)]
  const spread = samples.reduce((sum, { hours }) => sum + (hours - time) ** 2, 0)
  const slope =
    samples.reduce((sum, one) => sum + (one.hours - time) * (one.memory - memory), 0) / spread
  const rest = samples.reduce(
    (sum, one) => sum + (one.memory - memory - slope * (one.hours - time)) ** 2,
    0,
  )
  const freedom = samples.length - 2
  const halfWidth = studentQuantile(0.95, freedom) * Math.sqrt(rest / freedom / spread)
  return { slope, halfWidth }
}

const range = (samples: readonly Sample[], of: (one: Sample) => number): string => {
  const values = samples.map(of)
  return `${Math.min(...values)} to ${Math.max(...values)}`
}

const report = (samples: readonly Sample[], trainings: number, left: readonly string[]): string => {
  const hours = samples.at(-1)?.hours ?? 0
  const warm = samples.filter(one => one.hours > warmUpOf(hours))
  const { slope, halfWidth } = slopeOf(warm)
  return `${trainings} trainings in ${hours.toFixed(2)} h
memory: ${warm[0].memory.toFixed(0)} MB after warm-up, ${warm.at(-1)?.memory.toFixed(0)} MB at the end, slope ${slope.toFixed(2)} ± ${halfWidth.toFixed(2)} MB/h (95 %, of ${warm.length} samples)
open files: ${range(warm, one => one.openFiles)}
children: ${range(warm, one => one.children)}
temporary files left: ${left.length === 0 ? 'none' : left.join(', ')}`
}

const soak = async (seconds: number, part: string): Promise<void> => {
  const modules = await modulesOf('dist')
  const names = TRAININGS.filter(name => name.includes(part))
  const place = await mkdtemp(join(tmpdir(), 'excite-soak-'))
  const before = await readdir(tmpdir())
  await prepare(modules, place)
  const start = performance.now()
  const samples: Sample[] = []
  let trainings = 0
  let told = 0
  while (performance.now() - start < seconds * 1000) {
    const folder = join(place, 'run')
    await trainOnce(modules, { name: names[trainings % names.length], place, folder, epochs: 5 })
    await rm(folder, { recursive: true })
    trainings++
    samples.push(await sample(start))
    if (performance.now() - start > (told + 1) * EVERY_SECONDS * 1000) {
      told++
      console.log(JSON.stringify({ trainings, ...samples.at(-1) }))
    }
  }
  await rm(place, { recursive: true })
  const left = (await readdir(tmpdir())).filter(
    name => name.startsWith('excite') && !before.includes(name) && !place.endsWith(name),
  )
  console.log(report(samples, trainings, left))
}

await soak(secondsOf(process.argv[2] ?? '8h'), process.argv[3] ?? '')
