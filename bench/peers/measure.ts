/** What a peer does with its step: warm up, measure, print one line of JSON or leave it to its page. */

import { repeat } from '../../src/stats/clock.ts'
import type { Printed, Protocol, Row } from '../rows.ts'

/** What a peer is told. */
interface Told extends Row, Protocol {
  /** What it computes with, where it has several. */
  readonly backend?: string
}

const { location } = globalThis as { readonly location?: { readonly hash: string } }

/** What bench/compare.ts tells a peer, or bench/inPage.ts a page. */
export const told: Told = JSON.parse(
  location === undefined ? process.argv[2] : decodeURIComponent(location.hash.slice(1)),
)

/** Threads of WebAssembly would keep the process: it leaves when it has printed. */
export const measure = async (
  once: (run: number) => Promise<unknown>,
  facts: Pick<Printed, 'version' | 'parameters'>,
): Promise<void> => {
  const seconds = await repeat(once, told)
  if (location !== undefined) {
    Object.assign(globalThis, { measured: { ...facts, seconds } })
    return
  }
  const peakMemory = process.resourceUsage().maxRSS * 1024
  console.log(JSON.stringify({ ...facts, seconds, peakMemory }))
  process.exit(0)
}
