/** How results are written: tables for people, JSON for programs. */

import type { Command } from 'commander'
import { withoutPassword } from '../text/address.ts'
import { shellWord } from '../text/shell.ts'

export { count, duration, multiplyAdds, percent } from '../text/numbers.ts'
export { table } from '../text/table.ts'

/** `--json` for a command. */
export const withJson = (command: Command): Command =>
  command.option('--json', 'print the result as JSON')

export const printJson = (value: unknown): void => console.log(JSON.stringify(value, null, 2))

/** The command line as it was typed, for reports; without the passwords of addresses. */
export const commandLine = (): string =>
  ['excite', ...process.argv.slice(2)].map(word => shellWord(withoutPassword(word))).join(' ')
