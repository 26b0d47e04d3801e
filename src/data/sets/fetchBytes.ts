/** A file of an address, whole in memory: within the same limits as what is kept. */

import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { FileError } from '../../errors/index.ts'
import { fetchCached } from './fetchCached.ts'

/**
 * Fetches a file.
 * @throws FileError for a transfer that failed, is too large or takes too long
 */
export const fetchBytes = async (url: string, mostBytes?: number): Promise<Uint8Array> => {
  const folder = await mkdtemp(join(tmpdir(), 'excite-fetch-'))
  const path = join(folder, 'file')
  try {
    await fetchCached({ url, mostBytes }, path)
    return await readFile(path)
  } catch (cause) {
    if (!(cause instanceof FileError) || cause.where !== url) throw cause
    const { where, expected, got } = cause
    throw new FileError(
      { where, expected, got, hint: 'Check the address and the connection' },
      { cause },
    )
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}
