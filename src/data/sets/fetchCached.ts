/** Fetching a file once: within limits of size and time, checked against its hashes before it gets its name. */

import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { open, rename, rm } from 'node:fs/promises'
import { dirname } from 'node:path'
import { Writable } from 'node:stream'
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
  /** The most bytes that are taken, of the file and of its content; 1 GB unless told. */
  readonly mostBytes?: number | undefined
  /** How long a server may be silent; 30 s unless told. */
  readonly silenceMs?: number | undefined
}

const MOST_BYTES = 2 ** 30
const SILENCE_MS = 30_000
const REDIRECTS = 5
const REMEDY =
  'Check the connection, or fetch the file by other means and name its folder (`data.dataDir`)'

/** The reason of a failed fetch, whose own message says no more than «fetch failed». */
const reasonOf = (failure: unknown): string => {
  const { cause, message } = failure as { cause?: { message?: string }; message?: string }
  return cause?.message || message || String(failure)
}

const refuse = (url: string, got: string, cause?: unknown): never => {
  throw new FileError({ where: url, expected: 'the file', got, hint: REMEDY }, { cause })
}

/** Where a redirect leads: by the same protocol, or from http to https. */
const redirected = (from: string, location: string | null): string => {
  const to = URL.canParse(location ?? '', from) ? new URL(location ?? '', from) : undefined
  if (to === undefined) return refuse(from, `a redirect to no address: ${location}`)
  if (to.protocol !== 'https:' && to.protocol !== new URL(from).protocol)
    return refuse(from, `a redirect to another protocol: ${to.href}`)
  return to.href
}

const request = async (first: string, signal: AbortSignal): Promise<Response> => {
  let url = first
  for (let i = 0; i <= REDIRECTS; i++) {
    const response = await fetch(url, {
      signal,
      redirect: 'manual',
      // Not to be unpacked on the way: the hash is checked of what was fetched.
      headers: { 'accept-encoding': 'identity' },
    })
    const { status, headers } = response
    if (status < 300 || status >= 400) return response
    url = redirected(url, headers.get('location'))
  }
  return refuse(first, `more than ${REDIRECTS} redirects`)
}

const hashing = (algorithm: string, most: number, url: string) => {
  const hash = createHash(algorithm)
  let size = 0
  const sink = new Writable({
    write: (chunk: Uint8Array, _, done) => {
      size += chunk.length
      hash.update(chunk)
      done(
        size > most
          ? new FileError({ where: url, expected: `content of at most ${most} bytes`, got: 'more' })
          : null,
      )
    },
  })
  return { sink, digest: () => hash.digest('hex') }
}

/** Streams a response to a file, within limits; the file's own hash is known at the end. */
const receive = async (
  { url, mostBytes = MOST_BYTES, silenceMs = SILENCE_MS }: Source,
  path: string,
  onProgress: DownloadProgress,
): Promise<void> => {
  const silence = new AbortController()
  const timer = setTimeout(() => silence.abort(), silenceMs)
  let received = -1
  const failed = (cause: unknown): never => {
    if (cause instanceof FileError) throw cause
    if (silence.signal.aborted) return refuse(url, `nothing for ${silenceMs / 1000} s`, cause)
    return refuse(
      url,
      received < 0 ? reasonOf(cause) : `${received} bytes, then a broken connection`,
      cause,
    )
  }
  try {
    const response = await request(url, silence.signal).catch(failed)
    if (!response.ok || response.body === null) return refuse(url, `HTTP status ${response.status}`)
    received = 0
    const total = Number(response.headers.get('content-length')) || undefined
    const limit = (bytes: number): void => {
      if (bytes > mostBytes) refuse(url, `${bytes} bytes, of which at most ${mostBytes} are taken`)
    }
    limit(total ?? 0)
    const file = await open(path, 'w').catch((cause: unknown) => {
      throw writeFailure(path, total ?? 0, cause)
    })
    try {
      for await (const chunk of response.body) {
        timer.refresh()
        received += chunk.length
        limit(received)
        await file.write(chunk).catch((cause: unknown) => {
          throw writeFailure(path, total ?? received, cause)
        })
        onProgress(url, received, total)
      }
      await file.sync()
    } finally {
      await file.close()
    }
    if (total !== undefined && received !== total && !response.headers.has('content-encoding'))
      refuse(url, `${received} of ${total} bytes`)
  } catch (cause) {
    failed(cause)
  } finally {
    clearTimeout(timer)
    silence.abort()
  }
}

/** Checks hashes chunk by chunk, so that nothing is held or kept of what is unpacked. */
const checkHashes = async (
  { url, sha256, md5, mostBytes = MOST_BYTES }: Source,
  path: string,
): Promise<void> => {
  for (const [algorithm, expected] of Object.entries({ md5, sha256 })) {
    if (expected === undefined) continue
    const { sink, digest } = hashing(algorithm, mostBytes, url)
    const file = createReadStream(path)
    if (algorithm === 'sha256' && url.endsWith('.gz'))
      await pipeline(file, createGunzip(), sink).catch((cause: unknown) => {
        throw cause instanceof FileError ? cause : notGzip(url, cause)
      })
    else await pipeline(file, sink)
    const got = digest()
    if (got !== expected)
      throw new FileError({
        where: url,
        expected: `${algorithm} ${expected}`,
        got,
        hint: 'The download is corrupt and was discarded. Try again',
      })
  }
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
    await checkHashes(source, temporary)
    await rename(temporary, path).catch((cause: unknown) => {
      throw writeFailure(path, 0, cause)
    })
  } finally {
    await rm(temporary, { force: true })
  }
}
