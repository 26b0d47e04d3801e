/** Learning rates over a training, as a pure function of where it stands and what was seen. */

export type Schedule =
  | { readonly kind: 'constant' }
  /** Multiplied by `factor` after each of these fractions of the epochs. */
  | { readonly kind: 'multi-step'; readonly at: readonly number[]; readonly factor: number }
  /** Half a cosine from the base rate to `end` times it, step by step. */
  | { readonly kind: 'cosine'; readonly end: number }
  /**
   * Multiplied by `factor` when the evaluation loss has not fallen for more than `patience` epochs,
   * at most `maxDrops` times: "until the loss plateaus, three times" (SENet, section 6).
   */
  | {
      readonly kind: 'plateau'
      readonly factor: number
      readonly patience: number
      readonly maxDrops: number
    }

/** For the first epochs: `from` times the base rate, rising linearly to it unless `flat`. */
export interface WarmUp {
  readonly epochs: number
  readonly from: number
  readonly flat: boolean
}

export interface Position {
  /** Steps done, since the start of the training. */
  readonly step: number
  readonly stepsPerEpoch: number
  readonly epochs: number
  /** The evaluation loss of every finished epoch. */
  readonly losses: readonly number[]
}

/** How often the losses have plateaued so far. */
const plateaus = (losses: readonly number[], patience: number): number => {
  let best = Number.POSITIVE_INFINITY
  let waited = 0
  let count = 0
  for (const loss of losses) {
    if (loss < best) {
      best = loss
      waited = 0
    } else if (++waited > patience) {
      count++
      waited = 0
    }
  }
  return count
}

const factorOf = (
  schedule: Schedule,
  { step, stepsPerEpoch, epochs, losses }: Position,
): number => {
  const epoch = Math.floor(step / stepsPerEpoch)
  switch (schedule.kind) {
    case 'constant':
      return 1
    case 'multi-step':
      return (
        schedule.factor ** schedule.at.filter(part => epoch >= Math.round(part * epochs)).length
      )
    case 'cosine': {
      const done = Math.min(step / (epochs * stepsPerEpoch), 1)
      return schedule.end + (1 - schedule.end) * 0.5 * (1 + Math.cos(Math.PI * done))
    }
    case 'plateau':
      return schedule.factor ** Math.min(plateaus(losses, schedule.patience), schedule.maxDrops)
  }
}

/** The learning rate of the next step. */
export const learningRate = (
  base: number,
  schedule: Schedule,
  warmUp: WarmUp | undefined,
  position: Position,
): number => {
  const rate = base * factorOf(schedule, position)
  if (warmUp === undefined) return rate
  const done = position.step / (warmUp.epochs * position.stepsPerEpoch)
  if (done >= 1) return rate
  return rate * (warmUp.flat ? warmUp.from : warmUp.from + (1 - warmUp.from) * done)
}
