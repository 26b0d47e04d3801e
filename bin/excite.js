#!/usr/bin/env node
/** The command of a checkout that may not be built yet: npm links this file, which is always there. */

import { existsSync } from 'node:fs'

const main = new URL('../dist/cli/main.js', import.meta.url)
if (existsSync(main)) await import(main.href)
else {
  console.error('excite: this checkout is not built yet. Run: npm run build')
  process.exitCode = 1
}
