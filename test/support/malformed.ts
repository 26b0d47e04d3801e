/** What every reader owes to a malformed file: a typed error, soon, from little memory. */

import { expect, it } from 'vitest'
import { FileError } from '../../src/errors/index.ts'

/** The names are the rules: each with a file that breaks it, and a part of what its refusal says. */
export type Malformed<Content = Uint8Array> = Readonly<
  Record<string, readonly [content: Content, message: string | RegExp]>
>

const LONGEST = 1000
const LARGEST = 64 * 2 ** 20

const memory = (): number => {
  const { heapUsed, arrayBuffers } = process.memoryUsage()
  return heapUsed + arrayBuffers
}

const failureOf = async (read: () => unknown): Promise<unknown> => {
  try {
    await read()
  } catch (error) {
    return error
  }
  return undefined
}

/** Declares a test for each rule. */
export const refuses = <Content>(
  rules: Malformed<Content>,
  read: (content: Content, rule: string) => unknown,
  /** How the error names the file. */
  file: (rule: string) => string,
): void => {
  it.each(Object.entries(rules))('%s', async (rule, [content, message]) => {
    const untouched = Object.getOwnPropertyNames(Object.prototype)
    const [before, start] = [memory(), performance.now()]
    const failure = await failureOf(() => read(content, rule))
    expect(performance.now() - start, 'milliseconds').toBeLessThan(LONGEST)
    expect(memory() - before, 'bytes').toBeLessThan(LARGEST)
    expect(Object.getOwnPropertyNames(Object.prototype)).toEqual(untouched)
    expect(failure).toBeInstanceOf(FileError)
    const { message: text } = failure as FileError
    expect(text.startsWith(`${file(rule)}: expected `), text).toBe(true)
    expect(text).toMatch(message)
    expect(text.length, 'characters').toBeLessThan(1000)
  })
}
