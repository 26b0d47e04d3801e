#!/usr/bin/env node
/** The command; a checkout that was not built yet is built first. npm links this file, which is always there. */

import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const main = new URL('../dist/cli/main.js', import.meta.url)
const compiler = fileURLToPath(new URL('../node_modules/typescript/bin/tsc', import.meta.url))
const project = fileURLToPath(new URL('../tsconfig.build.json', import.meta.url))

if (!existsSync(main) && existsSync(compiler)) {
  console.error('excite: building this checkout, once')
  // What the compiler says goes to standard error: standard output is the command's.
  spawnSync(process.execPath, [compiler, '-p', project], { stdio: ['ignore', 2, 2] })
}
if (existsSync(main)) await import(main.href)
else {
  console.error('excite: this checkout is not built. Run: npm ci && npm run build')
  process.exitCode = 1
}
