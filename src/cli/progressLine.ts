/** Live progress: lines that rewrite themselves on a terminal, plain lines now and then elsewhere. */

export interface ProgressLine {
  /** Shows where the work stands; of several texts the first that fits the terminal, or the last, cut. */
  update(text: string | readonly string[]): void
  /** Shows where several works stand, a line each; as many as the terminal has. */
  rows(texts: readonly string[]): void
  /** Writes a line that stays; of several texts the first that fits the terminal, or the last. */
  line(text: string | readonly string[]): void
  /** Takes away what was live. */
  clear(): void
}

/** How often a live line is redrawn, and how often a plain one is written, in milliseconds. */
const LIVE = 100
const PLAIN = 30_000

const ERASE = '\r\x1b[2K'

/** Writes to standard error, so that results on standard output stay clean. */
export const progressLine = (quiet = false): ProgressLine => {
  const { stderr } = process
  const live = stderr.isTTY === true
  // At once where a line is live; else only work that takes a while is worth one.
  let shown = live ? Number.NEGATIVE_INFINITY : performance.now()
  /** How many lines are live. */
  let drawn = 0
  if (quiet) return { update: () => {}, rows: () => {}, line: () => {}, clear: () => {} }
  const columns = (): number => (live ? (stderr.columns ?? 80) : Number.POSITIVE_INFINITY)
  const fitting = (given: string | readonly string[]): string => {
    const texts = [given].flat()
    return texts.find(text => text.length < columns()) ?? texts[texts.length - 1]
  }
  const clear = (): void => {
    if (live) stderr.write(drawn > 1 ? `\x1b[${drawn - 1}A\r\x1b[J` : ERASE)
    drawn = 0
  }
  const isDue = (): boolean => {
    const now = performance.now()
    if (now - shown < (live ? LIVE : PLAIN)) return false
    shown = now
    return true
  }
  return {
    update: text => {
      if (!isDue()) return
      clear()
      stderr.write(live ? fitting(text).slice(0, columns() - 1) : `${fitting(text)}\n`)
    },
    rows: texts => {
      if (!isDue()) return
      clear()
      const fit = live ? texts.slice(0, Math.max(1, (stderr.rows ?? 24) - 1)) : texts
      const cut = fit.map(text => text.slice(0, columns() - 1))
      stderr.write(live ? cut.join('\n') : `${cut.join('  ·  ')}\n`)
      drawn = fit.length
    },
    line: text => {
      clear()
      stderr.write(`${fitting(text)}\n`)
    },
    clear,
  }
}

/** ━━━━━━╸      a share of a width. */
export const bar = (share: number, width = 20): string => {
  const full = Math.floor(share * width)
  return `${'━'.repeat(full)}${full < width ? '╸' : ''}`.padEnd(width)
}
