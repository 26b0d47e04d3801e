/** Assembles what is written in WebAssembly's text. After a change: npx tsx scripts/assemble.ts */

import { readFile, writeFile } from 'node:fs/promises'
import openWabt from 'wabt'

const SOURCE = new URL('../src/', import.meta.url)

/** Under src, without endings: the text, and what is made of it. */
const KERNELS = ['data/kernel/kernel', 'random/kernel'] as const

/** How far each round of Threefry-2x32 rotates; the ninth begins again. */
const ROTATIONS = [13, 15, 26, 6, 17, 29, 16, 24]

/** Twenty rounds: x += y, y = rotated y ⊕ x; after every fourth the keys in turn, and how many times. */
const rounds = Array.from({ length: 20 }, (_, round) => {
  const left = ROTATIONS[round % 8]
  const times = (round + 1) / 4
  const mix = `
      (local.set $x (i32x4.add (local.get $x) (local.get $y)))
      (local.set $y (v128.xor (local.get $x) (v128.or
        (i32x4.shl (local.get $y) (i32.const ${left}))
        (i32x4.shr_u (local.get $y) (i32.const ${32 - left})))))`
  if (!Number.isInteger(times)) return mix
  return `${mix}
      (local.set $x (i32x4.add (local.get $x) (local.get $k${times % 3})))
      (local.set $y (i32x4.add (local.get $y)
        (i32x4.add (local.get $k${(times + 1) % 3}) (v128.const i32x4 ${Array(4).fill(times).join(' ')}))))`
}).join('')

/** A kernel as WebAssembly, in base64. */
export const assembled = async (kernel: (typeof KERNELS)[number]): Promise<string> => {
  const file = `${kernel}.wat`
  const text = (await readFile(new URL(file, SOURCE), 'utf8')).replace(';; @rounds', rounds)
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
