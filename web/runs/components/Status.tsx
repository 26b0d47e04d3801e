/** Whether what is shown is how it is; and, for who listens, what happens to the runs. */

import { useSignal, useSignalEffect } from '@preact/signals'
import { useRef } from 'preact/hooks'
import { messageOf } from '../../../src/errors/index.ts'
import { bestText, momentText, named, stateText } from '../format.ts'
import { runs, silence } from '../models/live.ts'

export const Silence = () => {
  if (silence.value === undefined) return null
  const { since, error } = silence.value
  return (
    <p class="problem" role="status">
      <span>
        Not live since {momentText(since)}: {named(messageOf(error))}
      </span>
    </p>
  )
}

/** Tells of ends of epochs and changes of state, one at a time; never of steps. */
export const Announcements = () => {
  const said = useSignal('')
  const known = useRef(new Map<string, string>())
  useSignalEffect(() => {
    for (const [id, run] of runs.value ?? []) {
      const now = `${run.state} ${run.epoch}`
      const before = known.current.get(id)
      known.current.set(id, now)
      if (before !== undefined && before !== now)
        said.value = `${named(run.name)} ${stateText(run)}, epoch ${run.epoch} of ${run.epochs}, best ${bestText(run)}`
    }
  })
  return (
    <p class="hidden" role="status">
      {said.value}
    </p>
  )
}
