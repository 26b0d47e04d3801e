/** The steps of a run as columns of numbers: read once, and then only what was added. */

import { RUN_FILES } from '../runs/runFolder.ts'
import { readStepRow, type StepRow } from '../runs/stepLog.ts'
import { openConfined } from './confined.ts'

const CHUNK = 1 << 20
const FIRST_ROOM = 1024

/** What a step has besides the metric of its task. */
const OWN: readonly string[] = ['step', 'epoch', 'loss', 'rate', 'seconds']

export const COLUMNS = ['step', 'epoch', 'loss', 'metric', 'rate', 'seconds'] as const
export type ColumnName = (typeof COLUMNS)[number]
export type Columns = Readonly<Record<ColumnName, Float64Array>>

/** The task's own metric in a row: its name and value. */
export const metricIn = (row: StepRow): readonly [name: string, value: number] | undefined =>
  Object.entries(row).find(
    (entry): entry is [string, number] => !OWN.includes(entry[0]) && typeof entry[1] === 'number',
  )

const emptyColumns = (room: number): Record<ColumnName, Float64Array> => ({
  step: new Float64Array(room),
  epoch: new Float64Array(room),
  loss: new Float64Array(room),
  metric: new Float64Array(room),
  rate: new Float64Array(room),
  seconds: new Float64Array(room),
})

/** Keeps up with the steps of one run. */
export class StepColumns {
  readonly #run: string
  #columns = emptyColumns(FIRST_ROOM)
  #count = 0
  #offset = 0
  #inode = 0
  #metric: string | undefined
  #reading: Promise<void> | undefined

  /** @param run - the real path of its folder */
  constructor(run: string) {
    this.#run = run
  }

  get columns(): Columns {
    const own = COLUMNS.map(name => [name, this.#columns[name].subarray(0, this.#count)])
    return Object.fromEntries(own)
  }

  /** The metric's name, such as `top1`. */
  get metric(): string | undefined {
    return this.#metric
  }

  /** Reads what was added; all anew where the file is another one, or shorter. */
  update(): Promise<void> {
    this.#reading ??= this.#read().finally(() => {
      this.#reading = undefined
    })
    return this.#reading
  }

  async #read(): Promise<void> {
    const file = await openConfined(this.#run, RUN_FILES.steps)
    if (file === undefined) return this.#begin(0)
    try {
      const { size, ino } = await file.stat()
      if (ino !== this.#inode || size < this.#offset) this.#begin(ino)
      const buffer = Buffer.alloc(Math.min(CHUNK, size - this.#offset))
      while (this.#offset < size) {
        const { bytesRead } = await file.read(buffer, 0, buffer.length, this.#offset)
        const end = buffer.lastIndexOf(10, bytesRead - 1) + 1
        // A line that is still being written waits for its end.
        if (end === 0) break
        for (const line of buffer.toString('utf8', 0, end).split('\n')) this.#add(readStepRow(line))
        this.#offset += end
      }
    } finally {
      await file.close()
    }
  }

  #begin(inode: number): void {
    this.#inode = inode
    this.#offset = 0
    this.#count = 0
  }

  #add(row: StepRow | undefined): void {
    if (row === undefined) return
    if (this.#count === this.#columns.step.length) this.#grow()
    const [metric, value = Number.NaN] = metricIn(row) ?? []
    this.#metric ??= metric
    const { step, epoch, loss, rate, seconds } = row
    const values = { step, epoch, loss, metric: value, rate, seconds }
    for (const name of COLUMNS) this.#columns[name][this.#count] = values[name]
    this.#count++
  }

  #grow(): void {
    const larger = emptyColumns(2 * this.#count)
    for (const name of COLUMNS) larger[name].set(this.#columns[name])
    this.#columns = larger
  }
}

/** About 700 lines. */
const TAIL = 1 << 16

/** The last rows of a run's steps, without the others. */
export const lastSteps = async (run: string): Promise<readonly StepRow[]> => {
  const file = await openConfined(run, RUN_FILES.steps)
  if (file === undefined) return []
  try {
    const { size } = await file.stat()
    const buffer = Buffer.alloc(Math.min(TAIL, size))
    const { bytesRead } = await file.read(buffer, 0, buffer.length, size - buffer.length)
    const rows = buffer.toString('utf8', 0, bytesRead).split('\n').map(readStepRow)
    return rows.filter(row => row !== undefined)
  } finally {
    await file.close()
  }
}
