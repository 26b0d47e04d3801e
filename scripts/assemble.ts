/** Assembles what is written in WebAssembly's text. After a change: npx tsx scripts/assemble.ts */

import { readFile, writeFile } from 'node:fs/promises'
import openWabt from 'wabt'

const folder = new URL('../src/data/kernel/', import.meta.url)

/** The kernel as WebAssembly, in base64. */
export const assembled = async (): Promise<string> => {
  const text = await readFile(new URL('pixels.wat', folder), 'utf8')
  const { buffer } = (await openWabt()).parseWat('pixels.wat', text).toBinary({})
  return Buffer.from(buffer).toString('base64')
}

if (import.meta.filename === process.argv[1])
  await writeFile(
    new URL('pixels.ts', folder),
    `/** pixels.wat, assembled by scripts/assemble.ts. */

export const KERNEL =
  '${await assembled()}'
`,
  )
