/** What a study shows while its runs go on, several at a time. */

import type { PlannedRun } from '../studies/plan.ts'
import { runName } from '../studies/results.ts'
import type { Outcome } from '../studies/runner.ts'
import { percent } from './output.ts'
import { progressLine } from './progressLine.ts'

export interface StudyDisplay {
  begin(run: PlannedRun): void
  /** What a run says of itself. */
  say(run: PlannedRun, text: string): void
  end(outcome: Outcome): void
  line(text: string): void
  clear(): void
}

export const studyDisplay = (planned: number, quiet: boolean): StudyDisplay => {
  const { rows, line, clear } = progressLine(quiet)
  const running = new Map<PlannedRun, string>()
  let ended = 0
  const show = (): void => {
    rows([
      `${ended}/${planned} runs`,
      ...[...running].map(([run, text]) => `${runName(run)}: ${text}`),
    ])
  }
  return {
    begin: run => {
      running.set(run, 'begins')
      show()
    },
    say: (run, text) => {
      running.set(run, text.replace(/\s+/g, ' '))
      show()
    },
    end: ({ run, state, reused, history, failures }) => {
      running.delete(run)
      ended++
      const last = history.at(-1)
      const right = last === undefined ? '' : `  ${percent(last.testTop1)} right`
      const how = state === 'failed' ? `failed: ${failures.at(-1)}` : `${state}${right}`
      line(`${ended}/${planned}  ${runName(run)}  ${how}${reused ? ', before' : ''}`)
    },
    line,
    clear,
  }
}
