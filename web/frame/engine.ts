/** What computes at present, in words: views say it, the footer shows it. */

import { signal } from '@preact/signals'

export const engineInUse = signal('our own loops')
