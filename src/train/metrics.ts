/** Loss and accuracy from logits, summed over batches. */

export interface Metrics {
  /** Mean cross-entropy, without label smoothing. */
  readonly loss: number
  /** Fractions of samples whose label is the largest logit, or among the five largest. */
  readonly top1: number
  readonly top5: number
}

export interface Sums {
  loss: number
  top1: number
  top5: number
  count: number
}

export const noSums = (): Sums => ({ loss: 0, top1: 0, top5: 0, count: 0 })

/** ln Σ eˣ of one row, and how many logits are above the label's. */
const rowFacts = (logits: ArrayLike<number>, start: number, classes: number, label: number) => {
  const own = logits[start + label]
  let largest = Number.NEGATIVE_INFINITY
  let above = 0
  for (let k = 0; k < classes; k++) {
    const logit = logits[start + k]
    if (logit > largest) largest = logit
    // An earlier equal logit would win the argmax; not-a-number counts as a miss.
    if (!(logit < own || (logit === own && k >= label))) above++
  }
  let total = 0
  for (let k = 0; k < classes; k++) total += Math.exp(logits[start + k] - largest)
  return { loss: largest + Math.log(total) - own, above }
}

/** Adds the first `count` rows of logits [N, classes]. */
export const addLogits = (
  sums: Sums,
  logits: ArrayLike<number>,
  labels: Int32Array,
  count: number,
): void => {
  const classes = logits.length / labels.length
  for (let row = 0; row < count; row++) {
    const { loss, above } = rowFacts(logits, row * classes, classes, labels[row])
    sums.loss += loss
    if (above < 1) sums.top1++
    if (above < 5) sums.top5++
  }
  sums.count += count
}

export const meanOf = ({ loss, top1, top5, count }: Sums): Metrics => ({
  loss: loss / count,
  top1: top1 / count,
  top5: top5 / count,
})
