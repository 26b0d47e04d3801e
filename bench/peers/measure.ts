/** What a peer does with its step: warm up, measure, print one line of JSON. */

import { repeat } from '../../src/stats/clock.ts'
import type { Printed, Protocol, Row } from '../rows.ts'

/** What bench/compare.ts tells a peer. */
export const told: Row & Protocol = JSON.parse(process.argv[2])

/** Threads of WebAssembly would keep the process: it leaves when it has printed. */
export const measure = async (
  once: () => Promise<unknown>,
  facts: Pick<Printed, 'version' | 'parameters'>,
): Promise<void> => {
  const seconds = await repeat(once, told)
  const peakMemory = process.resourceUsage().maxRSS * 1024
  console.log(JSON.stringify({ ...facts, seconds, peakMemory }))
  process.exit(0)
}
