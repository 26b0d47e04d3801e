/** Counts, means and stds of vectors that arrive one at a time (Welford's recurrence). */

export interface Moments {
  readonly size: number
  add(values: ArrayLike<number>): void
  count(): number
  mean(): number[]
  /** Of a sample: divided by n − 1; zero for fewer than two. */
  variance(): number[]
}

export const moments = (size: number): Moments => {
  const mean = new Float64Array(size)
  const squares = new Float64Array(size)
  let count = 0
  return {
    size,
    add: values => {
      count++
      for (let i = 0; i < size; i++) {
        const before = values[i] - mean[i]
        mean[i] += before / count
        squares[i] += before * (values[i] - mean[i])
      }
    },
    count: () => count,
    mean: () => [...mean],
    variance: () => Array.from(squares, sum => (count < 2 ? 0 : sum / (count - 1))),
  }
}

export const average = (values: readonly number[]): number =>
  values.reduce((sum, value) => sum + value, 0) / Math.max(values.length, 1)

/** Where the largest value stands. */
export const largest = (values: ArrayLike<number>): number => {
  let best = 0
  for (let i = 1; i < values.length; i++) if (values[i] > values[best]) best = i
  return best
}

/** The standard deviation of a sample. */
export const std = (values: readonly number[]): number => {
  const own = moments(1)
  for (const value of values) own.add([value])
  return Math.sqrt(own.variance()[0])
}

const ranks = (values: readonly number[]): number[] => {
  const order = values.map((_, i) => i).sort((a, b) => values[a] - values[b])
  const result = new Array<number>(values.length)
  for (let first = 0; first < order.length; ) {
    let last = first
    while (last + 1 < order.length && values[order[last + 1]] === values[order[first]]) last++
    for (let i = first; i <= last; i++) result[order[i]] = (first + last) / 2
    first = last + 1
  }
  return result
}

/** Spearman's rank correlation, ties given their mean rank; 0 where one of them never changes. */
export const rankCorrelation = (a: readonly number[], b: readonly number[]): number => {
  const [x, y] = [ranks(a), ranks(b)]
  const [meanX, meanY] = [average(x), average(y)]
  let [xy, xx, yy] = [0, 0, 0]
  for (const [i, value] of x.entries()) {
    xy += (value - meanX) * (y[i] - meanY)
    xx += (value - meanX) ** 2
    yy += (y[i] - meanY) ** 2
  }
  return xx === 0 || yy === 0 ? 0 : xy / Math.sqrt(xx * yy)
}
