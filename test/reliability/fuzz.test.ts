/** Ten thousand mutated files of all formats: each is read or refused, soon and from little memory. */

import { expect, it } from 'vitest'
import { fuzz } from './fuzz.ts'

it('reads or refuses every mutation of a good file', async () => {
  expect(await fuzz({ runs: 10_000, seed: 2026 })).toEqual([])
}, 600_000)
