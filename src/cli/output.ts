/** How results are written: tables for people, JSON for programs. */

import type { Command } from 'commander'
import { shellWord } from '../text/shell.ts'

export { count, percent } from '../text/numbers.ts'
export { table } from '../text/table.ts'

/** `--json` for a command. */
export const withJson = (command: Command): Command =>
  command.option('--json', 'print the result as JSON')

export const printJson = (value: unknown): void => console.log(JSON.stringify(value, null, 2))

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

/** The command line as it was typed, for reports. */
export const commandLine = (): string =>
  ['excite', ...process.argv.slice(2)].map(shellWord).join(' ')
