/** How results are written: tables for people, JSON for programs. */

import type { Command } from 'commander'
import { count } from '../report/count.ts'

/** `--json` for a command. */
export const withJson = (command: Command): Command =>
  command.option('--json', 'print the result as JSON')

export const printJson = (value: unknown): void => console.log(JSON.stringify(value, null, 2))

/** 25557032 → 25,557,032 */
export { count }

/** 0.9312 → 93.12 % */
export const percent = (fraction: number): string => `${(fraction * 100).toFixed(2)} %`

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

/** One column: its heading, and whether its cells stand at the right, as numbers do. */
export interface Column {
  readonly heading: string
  readonly right?: boolean
}

/** Lines of aligned cells under headings. */
export const table = (columns: readonly Column[], rows: readonly (readonly string[])[]): string => {
  const widths = columns.map(({ heading }, i) =>
    Math.max(heading.length, ...rows.map(row => row[i].length)),
  )
  const line = (cells: readonly string[]): string =>
    cells
      .map((cell, i) => (columns[i].right ? cell.padStart(widths[i]) : cell.padEnd(widths[i])))
      .join('  ')
      .trimEnd()
  const headings = line(columns.map(({ heading }) => heading))
  return [headings, widths.map(width => '─'.repeat(width)).join('──'), ...rows.map(line)].join('\n')
}

/** The command line as it was typed, for reports. */
export const commandLine = (): string =>
  ['excite', ...process.argv.slice(2)]
    .map(word => (/^[\w./,:=+-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`))
    .join(' ')
