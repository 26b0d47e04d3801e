/** What goes wrong between processes. */

import { ExciteError } from '../errors/index.ts'

/** A rank that failed or fell silent, or processes that do not belong together. */
export class MachineError extends ExciteError {
  readonly code = 'machines'
}
