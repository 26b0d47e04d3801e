/** What every reader owes to a malformed file: a typed error that names it, soon, and nothing else. */

import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { ExciteError } from '../../src/errors/index.ts'
import { folderInMemory } from '../support/memory.ts'
import { emptied, formats } from './formats.ts'
import { malformedOf } from './malformed.ts'

const LONGEST = 1000
const FEWEST = 100

const all = await formats()
let place: string

beforeAll(async () => {
  place = await folderInMemory()
})
afterAll(() => rm(place, { recursive: true }))

const failureOf = async (work: () => unknown): Promise<unknown> => {
  try {
    await work()
  } catch (error) {
    return error
  }
  return undefined
}

describe.each(Object.entries(all))('%s', (name, format) => {
  it('is read where it is good', async () => {
    await format.read(format.sample, await emptied(join(place, name)))
  })

  it('is refused where it is malformed, by every rule', async () => {
    const rules = malformedOf(name, format)
    const prototype = Object.getOwnPropertyNames(Object.prototype)
    const wrong: string[] = []
    for (const [rule, content] of rules) {
      const folder = await emptied(join(place, name))
      const start = performance.now()
      const failure = await failureOf(() => format.read(content, folder))
      const took = performance.now() - start
      if (failure === undefined) wrong.push(`${rule}: accepted`)
      else if (!(failure instanceof ExciteError)) wrong.push(`${rule}: untyped ${failure}`)
      else if (!failure.message.includes(folder))
        wrong.push(`${rule}: no file in ${failure.message}`)
      else if (failure.message.length > 4000)
        wrong.push(`${rule}: a message of ${failure.message.length}`)
      if (took > LONGEST) wrong.push(`${rule}: took ${Math.round(took)} ms`)
    }
    expect(Object.getOwnPropertyNames(Object.prototype)).toEqual(prototype)
    expect(wrong).toEqual([])
    expect(rules.size).toBeGreaterThanOrEqual(FEWEST)
  })
})
