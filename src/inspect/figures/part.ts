/** A part of a report: what stands on the page, and the files that go with it. */

import type { Markup } from '../../report/markup.ts'
import { arrange, type Figure } from '../../report/svg.ts'

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
