/** Runs what a study takes: several at a time, each once, a failed one again, finished ones never. */

import { messageOf } from '../errors/index.ts'
import type { EpochRow } from '../train/epochRow.ts'
import type { Plan, PlannedRun } from './plan.ts'
import { progressOf } from './progress.ts'

/**
 * Begins or goes on with a run, until it is finished or the signal has stopped it; gives the epochs of
 * one that is finished on another machine, in a folder that is not seen here.
 */
export type Trainer = (
  run: PlannedRun,
  options: { readonly signal: AbortSignal; onLine(text: string): void },
) => Promise<Pick<Outcome, 'history'> | undefined>

/** How one run of a study ended. */
export interface Outcome {
  /** The run that ended. */
  readonly run: PlannedRun
  /** `stopped` can go on; `failed` has done so at every attempt. */
  readonly state: 'finished' | 'failed' | 'stopped'
  /** The epochs of the run. */
  readonly history: readonly EpochRow[]
  /** It was finished before. */
  readonly reused: boolean
  /** What went wrong at each attempt that did. */
  readonly failures: readonly string[]
}

/** How runs are started, and who is told. */
export interface RunnerOptions {
  /** How many runs train at a time. */
  readonly jobs: number
  /** How often a run that fails is begun; 2 unless given. */
  readonly attempts?: number | undefined
  /** Stops all runs at their next checkpoint. */
  readonly signal: AbortSignal
  /** Hears that a run begins. */
  onBegin?: ((run: PlannedRun) => void) | undefined
  /** A line that a run wrote. */
  onLine?(run: PlannedRun, text: string): void
  /** Hears that a run is tried again, and why. */
  onRetry?(run: PlannedRun, failure: string): void
  /** After each run, with the outcomes so far in the order of the plan. */
  onEnd?(outcome: Outcome, soFar: readonly Outcome[]): void | Promise<void>
}

const perform = async (
  run: PlannedRun,
  trainer: Trainer,
  { attempts = 2, signal, onBegin, onLine, onRetry }: RunnerOptions,
): Promise<Outcome> => {
  const before = await progressOf(run)
  const outcome = { run, reused: false, history: before.history, failures: [] as string[] }
  if (before.finished) return { ...outcome, state: 'finished', reused: true }
  if (signal.aborted) return { ...outcome, state: 'stopped' }
  onBegin?.(run)
  for (;;) {
    const ended = await trainer(run, { signal, onLine: text => onLine?.(run, text) }).catch(
      messageOf,
    )
    const [elsewhere, error] = typeof ended === 'string' ? [undefined, ended] : [ended]
    if (elsewhere !== undefined) return { ...outcome, ...elsewhere, state: 'finished' }
    const { finished, history } = await progressOf(run)
    if (finished) return { ...outcome, state: 'finished', history }
    if (signal.aborted) return { ...outcome, state: 'stopped', history }
    const failure = error ?? 'it ended before it was finished'
    outcome.failures.push(failure)
    if (outcome.failures.length === attempts) return { ...outcome, state: 'failed', history }
    onRetry?.(run, failure)
  }
}

/**
 * @throws UsageError before anything runs, when a folder holds a run of other settings
 */
export const runStudy = async (
  { runs }: Pick<Plan, 'runs'>,
  trainer: Trainer,
  options: RunnerOptions,
): Promise<readonly Outcome[]> => {
  for (const run of runs) await progressOf(run)
  const outcomes = new Map<PlannedRun, Outcome>()
  const soFar = (): readonly Outcome[] =>
    runs.flatMap(run => {
      const outcome = outcomes.get(run)
      return outcome === undefined ? [] : [outcome]
    })
  const queue = runs.values()
  let told: Promise<void> = Promise.resolve()
  const worker = async (): Promise<void> => {
    // One iterator for all workers: each takes what is next.
    for (const run of queue) {
      const outcome = await perform(run, trainer, options)
      outcomes.set(run, outcome)
      // One after the other: whoever is told may write files.
      told = told.then(() => options.onEnd?.(outcome, soFar()))
      await told
    }
  }
  await Promise.all(Array.from({ length: options.jobs }, worker))
  return soFar()
}
