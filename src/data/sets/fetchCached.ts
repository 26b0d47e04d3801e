/** Fetching a file once: within limits of size and time, checked against its hashes before it gets its name. */

import { createHash } from 'node:crypto'
import { createReadStream, createWriteStream } from 'node:fs'
import { rename, rm } from 'node:fs/promises'
import { dirname } from 'node:path'
import { PassThrough } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { createGunzip } from 'node:zlib'
import { FileError } from '../../errors/index.ts'
import { makeFolder, writeFailure } from '../../platform/node/files.ts'
import { type DownloadProgress, notGzip } from './localFiles.ts'

export interface Source {
  readonly url: string
  /** Of the content of a `.gz`, so that any recompression of it is as good; else of the file. */
  readonly sha256?: string | undefined
  /** Of the file as it is served; for sets that publish nothing better. */
  readonly md5?: string | undefined
  /** The most bytes that are taken, of the file and of its content; 1 GiB unless told. */
  readonly mostBytes?: number | undefined
  /** How long a server may be silent; 30 s unless told. */
  readonly silenceMs?: number | undefined
}

const MOST_BYTES = 2 ** 30
const SILENCE_MS = 30_000
const REDIRECTS = 5

/** The reason of a failed fetch, whose own message says no more than «fetch failed». */
const reasonOf = (failure: unknown): string => {
  const { cause, message } = failure as { cause?: { message?: string }; message?: string }
  return cause?.message || message || String(failure)
}

const refuse = (url: string, got: string, cause?: unknown): never => {
  const hint =
    'Check the connection, or fetch the file by other means and name its folder (`data.dataDir`)'
  throw new FileError({ where: url, expected: 'the file', got, hint }, { cause })
}

/** Where a redirect leads: by the same protocol, or from http to https. */
const redirected = (from: string, location: string | null): string => {
  if (location === null || !URL.canParse(location, from))
    return refuse(from, `a redirect to no address: ${location}`)
  const to = new URL(location, from)
  if (to.protocol !== 'https:' && to.protocol !== new URL(from).protocol)
    return refuse(from, `a redirect to another protocol: ${to.href}`)
  return to.href
}

const request = async (first: string, signal: AbortSignal): Promise<Response> => {
  let url = first
  for (let i = 0; i <= REDIRECTS; i++) {
    // Not to be unpacked on the way: the hash is checked of what was fetched.
    const headers = { 'accept-encoding': 'identity' }
    const response = await fetch(url, { signal, redirect: 'manual', headers })
    if (response.status < 300 || response.status >= 400) return response
    url = redirected(url, response.headers.get('location'))
  }
  return refuse(first, `more than ${REDIRECTS} redirects`)
}

/** Streams what a server sends to a file. */
const receive = async (
  { url, mostBytes = MOST_BYTES, silenceMs = SILENCE_MS }: Source,
  path: string,
  onProgress: DownloadProgress,
): Promise<void> => {
  const silence = new AbortController()
  const timer = setTimeout(() => silence.abort(), silenceMs)
  let received: number | undefined
  const limit = (bytes: number): void => {
    if (bytes > mostBytes) refuse(url, `${bytes} bytes, of which at most ${mostBytes} are taken`)
  }
  try {
    const { ok, status, body, headers } = await request(url, silence.signal)
    if (!ok || body === null) return refuse(url, `HTTP status ${status}`)
    const total = Number(headers.get('content-length')) || undefined
    limit(total ?? 0)
    received = 0
    const counted = async function* (chunks: AsyncIterable<Uint8Array>) {
      for await (const chunk of chunks) {
        timer.refresh()
        received = (received ?? 0) + chunk.length
        limit(received)
        onProgress(url, received, total)
        yield chunk
      }
    }
    await pipeline(body, counted, createWriteStream(path, { flush: true }))
    if (total !== undefined && received !== total && !headers.has('content-encoding'))
      refuse(url, `${received} of ${total} bytes`)
  } catch (cause) {
    if (cause instanceof FileError) throw cause
    // What the disk says names the file; what the network says does not.
    if (cause instanceof Error && 'path' in cause) throw writeFailure(path, received ?? 0, cause)
    if (silence.signal.aborted) refuse(url, `nothing for ${silenceMs / 1000} s`, cause)
    const begun = received === undefined ? '' : `${received} bytes, then a broken connection`
    refuse(url, begun || reasonOf(cause), cause)
  } finally {
    clearTimeout(timer)
  }
}

/** Checks a hash chunk by chunk, so that nothing of what is unpacked is kept. */
const checkHash = async (
  { url, mostBytes = MOST_BYTES }: Source,
  path: string,
  algorithm: 'md5' | 'sha256',
  expected: string,
): Promise<void> => {
  const packed = algorithm === 'sha256' && url.endsWith('.gz')
  const hash = createHash(algorithm)
  let size = 0
  const take = async (chunks: AsyncIterable<Uint8Array>): Promise<void> => {
    for await (const chunk of chunks) {
      size += chunk.length
      if (size > mostBytes) return
      hash.update(chunk)
    }
  }
  const unpacked = packed ? createGunzip() : new PassThrough()
  const failure = await pipeline(createReadStream(path), unpacked, take).catch(
    (cause: unknown) => cause,
  )
  if (size > mostBytes)
    throw new FileError({
      where: url,
      expected: `content of at most ${mostBytes} bytes`,
      got: 'more',
    })
  if (failure !== undefined) throw notGzip(url, failure)
  const got = hash.digest('hex')
  if (got !== expected)
    throw new FileError({
      where: url,
      expected: `${algorithm} ${expected}`,
      got,
      hint: 'The download is corrupt and was discarded. Try again',
    })
}

/**
 * Fetches a file to a path; on any failure nothing is left there.
 * @throws FileError for a transfer that failed, is too large or takes too long, or a hash that differs
 */
export const fetchCached = async (
  source: Source,
  path: string,
  onProgress: DownloadProgress = () => {},
): Promise<void> => {
  const temporary = `${path}.tmp-${process.pid}`
  await makeFolder(dirname(path))
  try {
    await receive(source, temporary, onProgress)
    for (const algorithm of ['md5', 'sha256'] as const) {
      const expected = source[algorithm]
      if (expected !== undefined) await checkHash(source, temporary, algorithm, expected)
    }
    await rename(temporary, path).catch((cause: unknown) => {
      throw writeFailure(path, 0, cause)
    })
  } finally {
    await rm(temporary, { force: true })
  }
}
