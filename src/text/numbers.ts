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

/** 3858000000 → 3.858 G */
export const multiplyAdds = (value: number): string =>
  value >= 1e9 ? `${(value / 1e9).toFixed(3)} G` : `${(value / 1e6).toFixed(2)} M`

/** 3725 → 1:02:05 */
export const duration = (seconds: number): string => {
  const whole = Math.max(0, Math.round(seconds))
  const [hours, minutes, rest] = [
    Math.floor(whole / 3600),
    Math.floor(whole / 60) % 60,
    whole % 60,
  ].map(part => String(part).padStart(2, '0'))
  return hours === '00' ? `${minutes}:${rest}` : `${hours}:${minutes}:${rest}`
}

/** 75 → about 75 seconds, 250 → about 4 minutes, 9000 → about 2.5 hours */
export const about = (seconds: number): string => {
  if (seconds < 100) return `about ${Math.max(1, Math.round(seconds))} seconds`
  if (seconds < 100 * 60) return `about ${Math.round(seconds / 60)} minutes`
  return `about ${(seconds / 3600).toFixed(1)} hours`
}
