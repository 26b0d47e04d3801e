/** The command of a checkout before its first build. */

import { execFile } from 'node:child_process'
import { cp, mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { expect, it } from 'vitest'
import { inFolder } from './support/command.ts'

const BIN = fileURLToPath(new URL('../bin', import.meta.url))

/** A compiler that makes a command of one line, and says so. */
const COMPILER = `
const { mkdirSync, writeFileSync } = require('node:fs')
console.log('compiled')
mkdirSync('dist/cli', { recursive: true })
writeFileSync('dist/cli/main.js', "console.log('it runs')")
`

it('builds itself where there is a compiler, and says what to do where there is none', () =>
  inFolder(async folder => {
    await cp(BIN, join(folder, 'bin'), { recursive: true })
    await writeFile(join(folder, 'package.json'), '{ "type": "module" }')
    const run = () =>
      promisify(execFile)(process.execPath, ['bin/excite.js', '--version'], { cwd: folder })
    await expect(run()).rejects.toMatchObject({
      code: 1,
      stderr: 'excite: this checkout is not built. Run: npm ci && npm run build\n',
    })
    const typescript = join(folder, 'node_modules/typescript')
    await mkdir(join(typescript, 'bin'), { recursive: true })
    await writeFile(join(typescript, 'package.json'), '{ "type": "commonjs" }')
    await writeFile(join(typescript, 'bin/tsc'), COMPILER)
    await expect(run()).resolves.toEqual({
      stdout: 'it runs\n',
      stderr: 'excite: building this checkout, once\ncompiled\n',
    })
    await expect(run()).resolves.toMatchObject({ stderr: '' })
  }))
