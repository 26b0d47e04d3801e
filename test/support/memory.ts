/** Folders in memory, where the system has such a place: a thousand syncs take minutes on a disk. */

import { existsSync } from 'node:fs'
import { mkdtemp } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const PLACE = existsSync('/dev/shm') ? '/dev/shm' : tmpdir()

export const folderInMemory = (): Promise<string> => mkdtemp(join(PLACE, 'excite-'))
