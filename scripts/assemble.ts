/** Assembles what is written in WebAssembly's text. After a change: npx tsx scripts/assemble.ts */

import { readFile, writeFile } from 'node:fs/promises'
import openWabt from 'wabt'

const SOURCE = new URL('../src/', import.meta.url)

/** Under src, without endings: the text, and what is made of it. */
const KERNELS = ['data/kernel/kernel', 'random/kernel'] as const

/** A kernel as WebAssembly, in base64. */
export const assembled = async (kernel: (typeof KERNELS)[number]): Promise<string> => {
  const file = `${kernel}.wat`
  const text = await readFile(new URL(file, SOURCE), 'utf8')
  const { buffer } = (await openWabt()).parseWat(file, text).toBinary({})
  return Buffer.from(buffer).toString('base64')
}

if (import.meta.filename === process.argv[1])
  for (const kernel of KERNELS)
    await writeFile(
      new URL(`${kernel}.wasm.ts`, SOURCE),
      `/** ${kernel.split('/').at(-1)}.wat, assembled by scripts/assemble.ts. */

export const KERNEL =
  '${await assembled(kernel)}'
`,
    )
