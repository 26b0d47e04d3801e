/** The image worker, which ends whenever it begins to read 5.png. */

import fs from 'node:fs'
import { syncBuiltinESMExports } from 'node:module'

const { statSync } = fs
Object.assign(fs, {
  statSync: (path: string) => (path.endsWith('/5.png') ? process.exit(9) : statSync(path)),
})
syncBuiltinESMExports()
await import('./worker.ts')
