/** The time of repeated work: warmed up, then measured again and again, as median and best. */

export interface Spread {
  readonly median: number
  readonly best: number
}

export interface Repetition {
  /** Runs before anything is measured: memory is laid out and kernels are made in them. */
  readonly warmUp: number
  /** Measured for at least so long, in seconds, … */
  readonly seconds: number
  /** … and at least so many times. */
  readonly least: number
}

export const secondsOf = async (work: () => Promise<unknown>): Promise<number> => {
  const before = performance.now()
  await work()
  return (performance.now() - before) / 1000
}

/** Seconds of each measured run. */
export const repeat = async (
  work: (run: number) => Promise<unknown>,
  { warmUp, seconds, least }: Repetition,
): Promise<number[]> => {
  for (let run = 0; run < warmUp; run++) await work(run)
  const times: number[] = []
  for (let total = 0; times.length < least || total < seconds; ) {
    const time = await secondsOf(() => work(warmUp + times.length))
    times.push(time)
    total += time
  }
  return times
}

/** The smallest time is the best. */
export const spreadOf = (times: readonly number[]): Spread => {
  const sorted = [...times].sort((a, b) => a - b)
  return { median: sorted[Math.floor(sorted.length / 2)], best: sorted[0] }
}
