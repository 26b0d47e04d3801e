/** Numbers as people read them. */

/** 25557032 → 25,557,032 */
export const count = (value: number): string => value.toLocaleString('en-US')

/** 0.9312 → 93.12 % */
export const percent = (fraction: number, digits = 2): string =>
  `${(100 * fraction).toFixed(digits)} %`

/** +0.12, −0.12, and 0.00 without a sign. */
export const signed = (value: number, digits = 2): string => {
  const text = Math.abs(value).toFixed(digits)
  const sign = Number(text) === 0 ? '' : value > 0 ? '+' : '−'
  return `${sign}${text}`
}
