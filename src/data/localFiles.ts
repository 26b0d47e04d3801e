/** Where data lies on this machine, and how its files are read. */

import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { gunzip } from 'node:zlib'
import { FileError, messageOf } from '../errors/index.ts'

/** Far above any file of the sets that are known, far below a machine's memory. */
const LARGEST = 2 ** 30

/** The bytes of a compressed file. */
export const unzip = async (bytes: Uint8Array, file: string): Promise<Uint8Array> => {
  try {
    return await promisify(gunzip)(bytes, { maxOutputLength: LARGEST })
  } catch (cause) {
    throw new FileError(
      {
        where: file,
        expected: 'gzip-compressed data',
        got: messageOf(cause),
        hint: 'The file is damaged or truncated: delete it and fetch it again',
      },
      { cause },
    )
  }
}

/** The path of a file in a folder, as it is or compressed; undefined where there is neither. */
export const findFile = (folder: string, name: string): string | undefined =>
  [join(folder, name), join(folder, `${name}.gz`)].find(path => existsSync(path))

/** The content of a file, decompressed where its name ends in `.gz`. */
export const readContent = async (path: string): Promise<Uint8Array> => {
  const bytes = await readFile(path).catch((cause: unknown) => {
    throw new FileError(
      {
        where: path,
        expected: 'a readable file',
        got: messageOf(cause),
      },
      { cause },
    )
  })
  return path.endsWith('.gz') ? unzip(bytes, path) : bytes
}
