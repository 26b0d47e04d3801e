/** One training in a process of its own, which ends at a given point without any warning. Needs `dist/`. */

import { watchDisk } from '../support/disk.ts'
import { modulesOf, type TrainArgs, trainOnce } from './trainings.ts'

export interface ChildArgs extends TrainArgs {
  /** Counts from 1: before and after each call of the disk, and after each step. */
  readonly killAt: number
}

const { killAt, ...args } = JSON.parse(process.argv[2]) as ChildArgs
const modules = await modulesOf('dist')
let points = 0

const point = async (): Promise<void> => {
  if (++points !== killAt) return
  process.kill(process.pid, 'SIGKILL')
  await new Promise(() => {})
}

watchDisk(modules.disk, async (_, work) => {
  await point()
  const done = await work()
  await point()
  return done
})
await trainOnce(modules, { ...args, onStep: () => void point() })
process.send?.(points)
process.disconnect?.()
