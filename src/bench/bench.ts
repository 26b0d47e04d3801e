/** How fast a network trains or answers here: images per second, memory, share of the machine's peak. */

import type { Engine } from '../engines/engine.ts'
import { multiplyAddsOf } from '../models/summary.ts'
import { type Repetition, repeat, type Spread, spreadOf } from '../stats/clock.ts'
import { measurePeak } from './peak.ts'
import { WORKLOADS, type WorkloadName, type WorkloadOptions } from './workloads.ts'

export interface Benchmark {
  readonly imagesPerSecond: Spread
  /** In seconds, as everything here. */
  readonly step: Spread
  /** How many were measured. */
  readonly steps: number
  /** What the engine took to compile. */
  readonly compile: number
  /** From the beginning of the process to the end of the first step. */
  readonly firstStep: number
  /** The most that the process held, in bytes. */
  readonly peakMemory: number
  /** Of one step: convolutions and matrix products, forward and (in training) backward. */
  readonly multiplyAdds: number
  /** Multiply-adds a second of the engine's own product of two large matrices. */
  readonly peak: number
  /** The best step's multiply-adds a second over the peak. */
  readonly shareOfPeak: number
}

interface Watched {
  readonly engine: Engine
  readonly seen: { compile: number; multiplyAdds: number }
}

/** The engine, and what it was given to compile: how long that took, and the costliest graph. */
const watch = (engine: Engine): Watched => {
  const seen = { compile: 0, multiplyAdds: 0 }
  const compile: Engine['compile'] = async (graph, options) => {
    const before = performance.now()
    const compiled = await engine.compile(graph, options)
    seen.compile += (performance.now() - before) / 1000
    seen.multiplyAdds = Math.max(seen.multiplyAdds, multiplyAddsOf(graph))
    return compiled
  }
  return { seen, engine: { name: engine.name, version: () => engine.version(), compile } }
}

/** Opens the work, warms up, measures, and then measures the peak. */
export const benchmark = async (
  work: WorkloadName,
  options: WorkloadOptions,
  repetition: Repetition,
): Promise<Benchmark> => {
  const { engine, seen } = watch(options.engine)
  const { step: runStep, dispose } = await WORKLOADS[work]({ ...options, engine })
  try {
    await runStep(0)
    const firstStep = performance.now() / 1000
    const times = await repeat(run => runStep(run + 1), repetition)
    const peakMemory = process.resourceUsage().maxRSS * 1024
    const step = spreadOf(times)
    const peak = await measurePeak(options.engine, { threads: options.threads })
    const { batch } = options
    return {
      imagesPerSecond: { median: batch / step.median, best: batch / step.best },
      step,
      steps: times.length,
      compile: seen.compile,
      firstStep,
      peakMemory,
      multiplyAdds: seen.multiplyAdds,
      peak,
      shareOfPeak: seen.multiplyAdds / step.best / peak,
    }
  } finally {
    await dispose()
  }
}
