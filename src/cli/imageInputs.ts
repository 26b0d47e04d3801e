/** Images as they are named on a command line: files, folders, patterns, addresses, and `-` for standard input. */

import { statSync } from 'node:fs'
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { isImageName } from '../data/decode/formats.ts'
import { FileError, UsageError } from '../errors/index.ts'
import { isAddress } from './readModel.ts'

/** An image by its name; where that is no path, what reads it. */
export interface NamedImage {
  readonly name: string
  read?(): Promise<Uint8Array>
}

const PATTERN = /[*?[\]{}]/
/** More than any image that is decoded has. */
const MOST_BYTES = 1e8

const standardInput = async (): Promise<Uint8Array> => {
  const refuse = (expected: string, got: string): never => {
    throw new FileError({ where: 'standard input', expected, got })
  }
  if (process.stdin.isTTY) refuse('an image, by a pipe', 'a terminal')
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of process.stdin as AsyncIterable<Buffer>) {
    size += chunk.length
    if (size > MOST_BYTES) refuse(`at most ${MOST_BYTES} bytes`, 'more')
    chunks.push(chunk)
  }
  return Buffer.concat(chunks)
}

const fromAddress = async (url: string): Promise<Uint8Array> => {
  const { fetchBytes } = await import('../data/sets/fetchBytes.ts')
  return fetchBytes(url, MOST_BYTES)
}

const none = (where: string, expected: string, got: string): never => {
  throw new UsageError({ where, expected, got })
}

/** The images that a word of the command line stands for. */
const imagesOf = async (word: string): Promise<readonly NamedImage[]> => {
  if (word === '-') return [{ name: 'standard input', read: standardInput }]
  if (isAddress(word)) return [{ name: word, read: () => fromAddress(word) }]
  const found = statSync(word, { throwIfNoEntry: false })
  const named = (names: readonly string[], expected: string): readonly NamedImage[] => {
    const images = names.filter(isImageName).sort()
    return images.length > 0 ? images.map(name => ({ name })) : none(word, expected, 'none')
  }
  if (found?.isDirectory()) {
    const entries = await readdir(word, { recursive: true })
    return named(
      entries.filter(name => !/(^|[/\\])\./.test(name)).map(name => join(word, name)),
      'images in the folder',
    )
  }
  if (found !== undefined) return [{ name: word }]
  if (!PATTERN.test(word))
    return none(word, 'an image file, a folder or an address', 'nothing there')
  const { glob } = await import('tinyglobby')
  return named(await glob(word, { expandDirectories: false }), 'files that match')
}

/** The images that the words of a command line stand for, in their order. */
export const namedImages = async (words: readonly string[]): Promise<readonly NamedImage[]> =>
  (await Promise.all(words.map(imagesOf))).flat()
