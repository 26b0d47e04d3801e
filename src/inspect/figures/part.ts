/** A part of a report: what stands on the page, and the files that go with it. */

import { count } from '../../report/count.ts'
import type { Markup } from '../../report/markup.ts'
import { arrange, type Figure } from '../../report/svg.ts'
import { csv } from '../../report/table.ts'

export interface Part {
  readonly heading: string
  readonly body: readonly Markup[]
  /** By file name, without its ending. */
  readonly figures: Readonly<Record<string, Figure>>
  /** Texts of CSV files, by file name without its ending. */
  readonly tables: Readonly<Record<string, string>>
}

/** Panels and their key as one figure, for a file. */
export const sheet = (panels: readonly Figure[], key?: Figure): Figure => {
  const all = arrange(panels, Math.min(3, panels.length))
  return key === undefined ? all : arrange([key, all], 1)
}

export const percent = (share: number, digits = 1): string =>
  `${(100 * share).toFixed(digits)}\u00a0%`

/** +0.12, −0.12, and 0.00 without a sign. */
export const signed = (value: number, digits = 2): string => {
  const text = Math.abs(value).toFixed(digits)
  const sign = Number(text) === 0 ? '' : value > 0 ? '+' : '−'
  return `${sign}${text}`
}

export { count, csv }
