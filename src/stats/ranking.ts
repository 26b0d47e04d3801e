/** How well scores rank what is before what is not. */

/**
 * The area under the ROC curve: how often a positive stands above a negative, ties counted half; by
 * ranks, (Σ ranks of positives − P(P + 1)/2) / (P·N). 0.5 where one of them is missing.
 */
export const areaUnderRoc = (scores: readonly number[], positive: readonly boolean[]): number => {
  const order = [...scores.keys()].sort((a, b) => scores[a] - scores[b])
  let sum = 0
  for (let first = 0; first < order.length; ) {
    let last = first
    while (last + 1 < order.length && scores[order[last + 1]] === scores[order[first]]) last++
    for (let i = first; i <= last; i++) if (positive[order[i]]) sum += (first + last) / 2 + 1
    first = last + 1
  }
  const positives = positive.filter(Boolean).length
  const negatives = positive.length - positives
  if (positives === 0 || negatives === 0) return 0.5
  return (sum - (positives * (positives + 1)) / 2) / (positives * negatives)
}

/** The share of true links that stand among the k highest of themselves and their sampled negatives; ties count against them. */
export const hitsAt = (
  k: number,
  links: readonly { readonly score: number; readonly negatives: readonly number[] }[],
): number =>
  links.filter(({ score, negatives }) => negatives.filter(other => other >= score).length < k)
    .length / links.length
