/**
 * Files of the Hugging Face hub: fetched once, in parts where a connection breaks, and stored under
 * the hash that the hub gives for them, which is checked.
 *
 * The hub answers /{repo}/resolve/{revision}/{file} with the hash as x-linked-etag (SHA-256 of large
 * files) or etag (git's SHA-1 of small ones), and redirects large files to where they lie.
 */

import { createHash } from 'node:crypto'
import { createReadStream, createWriteStream, existsSync } from 'node:fs'
import { rename, rm, stat } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { FileError, UsageError } from '../errors/index.ts'
import { makeFolder } from '../platform/node/files.ts'

export interface HubOptions {
  /** Where fetched files are kept. */
  readonly cache: string
  /** The hub's address; `HF_ENDPOINT` or huggingface.co unless given. */
  readonly endpoint?: string
  readonly onProgress?: (file: string, received: number, total: number) => void
}

/** A repository, and which state of it. */
export interface Repository {
  readonly name: string
  readonly revision: string
}

const REPOSITORY = /^(?<name>[\w][\w.-]*\/[\w][\w.-]*)(?:@(?<revision>[\w][\w./-]*))?$/

/** Reads `owner/name` or `owner/name@revision`. */
export const parseRepository = (text: string): Repository => {
  const { name, revision = 'main' } = REPOSITORY.exec(text)?.groups ?? {}
  if (name === undefined || text.includes('..'))
    throw new UsageError({
      where: '--from-hub',
      expected: 'a repository as owner/name or owner/name@revision',
      got: text,
      hint: 'Such as: --from-hub timm/seresnet50.a1_in1k',
    })
  return { name, revision }
}

interface Remote {
  readonly url: string
  readonly hash: string
  readonly size: number
}

const ATTEMPTS = 5
const REDIRECTS = 5

const refuse = (where: string, expected: string, got: string, hint?: string): never => {
  throw new FileError({ where, expected, got, ...(hint ? { hint } : {}) })
}

const reasonOf = (failure: unknown): string => {
  const { cause, message } = failure as { cause?: { message?: string }; message?: string }
  return cause?.message || message || String(failure)
}

const CONNECTION = 'Check the connection; a mirror can be named by the variable HF_ENDPOINT'

/** What the hub says of a file; undefined where it has none of that name. */
const lookUp = async (first: string): Promise<Remote | undefined> => {
  let url = first
  for (let i = 0; i < REDIRECTS; i++) {
    const response = await fetch(url, {
      method: 'HEAD',
      redirect: 'manual',
      headers: { 'accept-encoding': 'identity' },
    }).catch(cause => refuse(url, 'the hub to answer', reasonOf(cause), CONNECTION))
    const { status, headers } = response
    const tag = headers.get('x-linked-etag') ?? headers.get('etag')
    const hash = tag?.replace(/^W\//, '').replaceAll('"', '')
    const size = Number(headers.get('x-linked-size') ?? headers.get('content-length'))
    const location = headers.get('location')
    if (status === 404 || status === 401) return undefined
    // A renamed repository is redirected without a hash of the file.
    if (status >= 300 && status < 400 && location && !headers.has('x-linked-etag')) {
      url = new URL(location, url).href
      continue
    }
    if (status >= 400) return refuse(url, 'the file', `HTTP status ${status}`)
    if (hash === undefined || !/^(?:[0-9a-f]{40}|[0-9a-f]{64})$/.test(hash))
      return refuse(url, 'a SHA-256 or git hash of the file', hash ?? 'none')
    if (!Number.isSafeInteger(size) || size < 0)
      return refuse(url, 'the size of the file', String(size))
    return { url, hash, size }
  }
  return refuse(first, `at most ${REDIRECTS} redirections`, 'more')
}

/** Of a file: SHA-256, or SHA-1 as git has it, by the length of the hash that is expected. */
const hashOf = async (path: string, { hash, size }: Remote): Promise<string> => {
  const digest = hash.length === 64 ? createHash('sha256') : createHash('sha1')
  if (hash.length === 40) digest.update(`blob ${size}\0`)
  for await (const chunk of createReadStream(path)) digest.update(chunk as Uint8Array)
  return digest.digest('hex')
}

const sizeOf = (path: string): Promise<number> =>
  stat(path).then(
    ({ size }) => size,
    () => 0,
  )

/** Goes on with a part that is there; a server that cannot is started over. */
const transfer = async (
  { url, size }: Remote,
  part: string,
  onBytes: (received: number) => void,
): Promise<void> => {
  const have = await sizeOf(part)
  if (have === size) return
  const resume = have > 0 && have < size
  const response = await fetch(url, {
    headers: { 'accept-encoding': 'identity', ...(resume ? { range: `bytes=${have}-` } : {}) },
  })
  const { status, body, headers } = response
  if (!response.ok || body === null) throw new Error(`HTTP status ${status}`)
  const from = status === 206 ? have : 0
  if (status === 206 && !headers.get('content-range')?.startsWith(`bytes ${have}-`))
    throw new Error('another part than was asked for')
  let received = from
  const counted = async function* (chunks: AsyncIterable<Uint8Array>) {
    for await (const chunk of chunks) {
      received += chunk.length
      if (received > size) throw new Error(`more than ${size} bytes`)
      onBytes(received)
      yield chunk
    }
  }
  await pipeline(
    Readable.fromWeb(body as Parameters<typeof Readable.fromWeb>[0]),
    counted,
    createWriteStream(part, { flags: from > 0 ? 'a' : 'w' }),
  )
}

const fetchTo = async (
  remote: Remote,
  path: string,
  onBytes: (received: number) => void,
): Promise<void> => {
  const part = `${path}.part`
  const again = 'Run the same command again: it goes on from there'
  await makeFolder(dirname(path))
  for (let attempt = 1, before = await sizeOf(part); ; attempt++) {
    const broken = await transfer(remote, part, onBytes).then(
      () => undefined,
      (cause: unknown) => reasonOf(cause),
    )
    const size = await sizeOf(part)
    if (broken === undefined && size === remote.size) break
    if (attempt >= ATTEMPTS || size <= before)
      refuse(
        remote.url,
        `${remote.size} bytes`,
        `${size}, then: ${broken ?? 'the end'}`,
        size > 0 ? again : CONNECTION,
      )
    before = size
  }
  const got = await hashOf(part, remote)
  if (got !== remote.hash) {
    await rm(part, { force: true })
    return refuse(
      remote.url,
      `a file of hash ${remote.hash}`,
      got,
      'It was altered on its way; nothing was kept',
    )
  }
  await rename(part, path)
}

/**
 * The path of a repository's file, fetched unless it is in the cache; undefined where the
 * repository has none of that name.
 * @throws FileError for a transfer that failed, or a file that is not what the hub says
 */
export const hubFile = async (
  { name, revision }: Repository,
  file: string,
  options: HubOptions,
): Promise<string | undefined> => {
  const {
    endpoint = process.env.HF_ENDPOINT || 'https://huggingface.co',
    cache,
    onProgress = () => {},
  } = options
  const url = `${endpoint.replace(/\/+$/, '')}/${name}/resolve/${encodeURIComponent(revision)}/${file}`
  const remote = await lookUp(url)
  if (remote === undefined) return undefined
  const path = join(cache, 'hub', ...name.split('/'), remote.hash, file)
  if (existsSync(path)) {
    if ((await hashOf(path, remote)) === remote.hash) return path
    await rm(path)
  }
  await fetchTo(remote, path, received => onProgress(file, received, remote.size))
  return path
}
