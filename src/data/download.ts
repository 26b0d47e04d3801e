/** Fetching a file: checked against its hash before it gets its name. */

import { createHash } from 'node:crypto'
import { FileError } from '../errors/index.ts'
import { writeFileAtomic } from '../platform/node/files.ts'
import { unzip } from './localFiles.ts'

export interface Download {
  readonly url: string
  /** Of the decompressed content, so that any recompression of it is as good. */
  readonly sha256?: string
  /** Of the file as it is served; for sets that publish nothing better. */
  readonly md5?: string
}

export type DownloadProgress = (file: string, received: number, total: number | undefined) => void

/** What fetch says is no more than «fetch failed»; the reason is its cause. */
const reasonOf = (failure: unknown): string => {
  const { cause, message } = failure as { cause?: { message?: string }; message?: string }
  return cause?.message || message || String(failure)
}

const fetchBytes = async (url: string, onProgress: DownloadProgress): Promise<Uint8Array> => {
  const refuse = (got: string, cause?: unknown): never => {
    throw new FileError(
      {
        where: url,
        expected: 'the file',
        got,
        hint: 'Check the connection, or fetch the file by other means and use --data-dir',
      },
      { cause },
    )
  }
  // Not to be unpacked on the way: the hash is checked of what was fetched.
  const response = await fetch(url, { headers: { 'accept-encoding': 'identity' } }).catch(
    (cause: unknown) => refuse(reasonOf(cause), cause),
  )
  if (!response.ok || response.body === null) return refuse(`HTTP status ${response.status}`)
  const total = Number(response.headers.get('content-length')) || undefined
  const chunks: Uint8Array[] = []
  let received = 0
  try {
    for await (const chunk of response.body) {
      chunks.push(chunk)
      received += chunk.length
      onProgress(url, received, total)
    }
  } catch (cause) {
    return refuse(`${received} bytes, then a broken connection`, cause)
  }
  if (total !== undefined && received !== total && !response.headers.has('content-encoding'))
    return refuse(`${received} of ${total} bytes`)
  return Buffer.concat(chunks)
}

/**
 * Fetches a file to a path; on any failure nothing is left there.
 * @throws FileError for a failed transfer or a hash that differs
 */
export const download = async (
  { url, sha256, md5 }: Download,
  path: string,
  onProgress: DownloadProgress = () => {},
): Promise<void> => {
  const bytes = await fetchBytes(url, onProgress)
  const content = url.endsWith('.gz') && sha256 !== undefined ? await unzip(bytes, url) : bytes
  const checks = [
    ['sha256', sha256, content],
    ['md5', md5, bytes],
  ] as const
  for (const [algorithm, expected, hashed] of checks) {
    if (expected === undefined) continue
    const got = createHash(algorithm).update(hashed).digest('hex')
    if (got !== expected)
      throw new FileError({
        where: url,
        expected: `${algorithm} ${expected}`,
        got,
        hint: 'The file was altered on its way; nothing was stored',
      })
  }
  await writeFileAtomic(path, bytes)
}
