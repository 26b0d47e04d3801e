/** Live progress: one line that rewrites itself on a terminal, plain lines now and then elsewhere. */

export interface ProgressLine {
  /** Shows where the work stands. */
  update(text: string): void
  /** Writes a line that stays. */
  line(text: string): void
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
  if (quiet) return { update: () => {}, line: () => {}, clear: () => {} }
  const clear = (): void => {
    if (live) stderr.write(ERASE)
  }
  return {
    update: text => {
      const now = performance.now()
      if (now - shown < (live ? LIVE : PLAIN)) return
      shown = now
      stderr.write(live ? ERASE + text.slice(0, (stderr.columns ?? 100) - 1) : `${text}\n`)
    },
    line: text => {
      clear()
      stderr.write(`${text}\n`)
    },
    clear,
  }
}

/** ━━━━━━╸      a share of a width. */
export const bar = (share: number, width = 20): string => {
  const full = Math.floor(share * width)
  return `${'━'.repeat(full)}${full < width ? '╸' : ''}`.padEnd(width)
}
