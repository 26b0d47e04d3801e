/** What a network says of each image, beside what is measured of its inside. */

import { type Outcome, outcomeOf } from '../tasks/outcomes.ts'
import type { Observed } from './observe.ts'
import type { Measurement } from './probe.ts'

/** The outcomes of images in their order; none of a network that gives no logits. */
export const outcomesOf = ({
  outputs: { logits },
}: Pick<Observed, 'outputs'>): Measurement<readonly Outcome[]> => {
  const outcomes: Outcome[] = []
  return {
    values: logits === undefined ? {} : { logits },
    add: ({ logits }, label) => {
      if (logits !== undefined)
        outcomes.push(outcomeOf(outcomes.length, label, logits, 0, logits.length))
    },
    result: () => outcomes,
  }
}
