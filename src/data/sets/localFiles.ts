/** Where data lies on this machine, and how its files are read. */

import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { gunzip } from 'node:zlib'
import { FileError, messageOf } from '../../errors/index.ts'
import { whyUnreadable } from '../../platform/node/files.ts'

/** Far above any file of the sets that are known, far below a machine's memory. */
const MOST_BYTES = 2 ** 30

/** Where the files of a set may lie. */
export interface Places {
  /** The only folder to look in, where one is given. */
  readonly dataDir?: string | undefined
  /** Where downloads are kept. */
  readonly cacheDir: string
  readonly onProgress?: DownloadProgress | undefined
}

export type DownloadProgress = (file: string, received: number, total: number | undefined) => void

export const notGzip = (where: string, cause: unknown): FileError =>
  new FileError(
    {
      where,
      expected: 'gzip-compressed data',
      got: messageOf(cause),
      hint: 'The file is damaged or truncated: delete it and fetch it again',
    },
    { cause },
  )

/** The path of a file in a folder, as it is or compressed; undefined where there is neither. */
export const findFile = (folder: string, name: string): string | undefined =>
  [join(folder, name), join(folder, `${name}.gz`)].find(path => existsSync(path))

/** The content of a file, decompressed where its name ends in `.gz`. */
export const readContent = async (path: string): Promise<Uint8Array> => {
  const unreadable = (got: string, cause?: unknown): never => {
    throw new FileError({ where: path, expected: 'a readable file', got }, { cause })
  }
  const problem = whyUnreadable(path, MOST_BYTES)
  if (problem !== undefined) unreadable(problem)
  const bytes = await readFile(path).catch((cause: unknown) => unreadable(messageOf(cause), cause))
  if (!path.endsWith('.gz')) return bytes
  return promisify(gunzip)(bytes, { maxOutputLength: MOST_BYTES }).catch((cause: unknown) => {
    throw notGzip(path, cause)
  })
}
