/** What of a folder is not used, as lines of text. */

import { remedyFor } from '../data/decode/formats.ts'
import type { FolderReport } from '../data/folder/imageFolder.ts'
import { count } from '../text/numbers.ts'
import { visible } from '../text/visible.ts'

/** The kinds of files that are left out, the most frequent first. */
const kindsOf = ({ leftOut }: FolderReport): [string, readonly string[]][] =>
  Object.entries(leftOut).sort(
    ([one, a], [other, b]) => b.length - a.length || one.localeCompare(other),
  )

/** What is to be known of a folder: `7 files left out: .heic 5, .jxl 2`, and what may be done. */
export const reportLines = (report: FolderReport): string[] => {
  const kinds = kindsOf(report)
  const total = kinds.reduce((sum, [, files]) => sum + files.length, 0)
  const text = kinds.map(([kind, files]) => `${visible(kind)} ${count(files.length)}`).join(', ')
  const remedy = remedyFor(kinds.map(([, [first]]) => first))
  const leftOut = `${count(total)} file${total === 1 ? '' : 's'} left out: ${text}`
  return [
    ...report.notes.map(note => visible(note)),
    ...(total === 0 ? [] : [leftOut]),
    ...(remedy === undefined ? [] : [remedy]),
  ]
}

/** As many of a kind are listed; all of them are in the JSON. */
const LISTED = 10

/** The files that are left out, by kind. */
export const leftOutFiles = (report: FolderReport): string[] =>
  kindsOf(report).flatMap(([kind, files]) => [
    ...files.slice(0, LISTED).map(file => `left out: ${visible(file)}`),
    ...(files.length > LISTED
      ? [`left out: ${count(files.length - LISTED)} more (${visible(kind)}), listed by --json`]
      : []),
  ])
