/** Limits: one below, at, and one above; docs/reliability.md has the table that is tested here. */

import { mkdir, readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { ExciteError } from '../../src/errors/index.ts'
import { folderInMemory } from '../support/memory.ts'
import { LEAST, TABLE } from './limits.ts'

let place: string
beforeAll(async () => {
  place = await folderInMemory()
})
afterAll(() => rm(place, { recursive: true }))

/** What is said of a count for the limit's reason; what is else wrong with a file says nothing of it. */
const refused = async (name: string, count: number): Promise<boolean> => {
  const { refusal, reach } = TABLE[name]
  const folder = join(place, 'folder')
  await mkdir(folder)
  try {
    await reach(count, folder)
    return false
  } catch (error) {
    if (!(error instanceof ExciteError)) throw error
    return refusal.test(error.message)
  } finally {
    await rm(folder, { recursive: true })
  }
}

describe('limits', () => {
  it.each(Object.keys(TABLE))('%s', async name => {
    const { most } = TABLE[name]
    const found = []
    for (const count of [most - 1, most, most + 1]) found.push(await refused(name, count))
    expect(found).toEqual([false, false, true])
  })

  it.each(Object.keys(LEAST))('%s: one at least', name => {
    expect(() => LEAST[name](0)).toThrow(ExciteError)
    LEAST[name](1)
    LEAST[name](2)
  })

  it('are those that the documentation has', async () => {
    const text = await readFile(new URL('../../docs/reliability.md', import.meta.url), 'utf8')
    const rows = Object.entries(TABLE).map(
      ([name, { most, stands = most }]) => `| ${name} | ${stands.toLocaleString('en-US')} |`,
    )
    expect(rows.filter(row => !text.includes(row))).toEqual([])
  })
})
