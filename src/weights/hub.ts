/**
 * Files of the Hugging Face hub, by its own library: fetched once, in parts where a connection breaks,
 * and checked by the hash that the hub gives for them (SHA-256 of large files, git's SHA-1 of small
 * ones), which the library leaves to its callers.
 */

import { createHash } from 'node:crypto'
import { createReadStream, createWriteStream } from 'node:fs'
import { readFile, rename, rm, stat } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import type { downloadFile } from '@huggingface/hub'
import { z } from 'zod'
import { FileError, messageOf, UsageError } from '../errors/index.ts'
import { makeFolder, writeFileAtomic } from '../platform/node/files.ts'

export interface HubOptions {
  /** Where fetched files are kept. */
  readonly cache: string
  /** The hub's address; `HF_ENDPOINT` or huggingface.co unless given. */
  readonly endpoint?: string | undefined
  /** What opens gated and private repositories; `HF_TOKEN` unless given. */
  readonly token?: string | undefined
  /** Whether only what was fetched before is used. */
  readonly offline?: boolean | undefined
  readonly onProgress?: (file: string, received: number, total: number) => void
  /** How long nothing may come, in milliseconds. */
  readonly patience?: number
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
      where: 'repository',
      expected: 'a repository as owner/name or owner/name@revision',
      got: text,
      hint: 'For example: timm/seresnet50.a1_in1k',
    })
  return { name, revision }
}

/** Whether a text may name a repository, such as timm/seresnet50.a1_in1k: two words, and no weights' ending. */
export const isRepository = (text: string): boolean =>
  REPOSITORY.test(text) &&
  !text.includes('..') &&
  !/\.(safetensors|pth|pt|bin|onnx|tar|zip)$/i.test(text)

const ATTEMPTS = 5
const PATIENCE_MS = 60_000
/** Answers that are no files: lists of a few names. */
const LONGEST_ANSWER = 2 ** 20
/** More than any network here has. */
const LARGEST_FILE = 2 ** 36
const CONNECTION =
  'Check the connection; a mirror can be named by the variable HF_ENDPOINT, and `offline` uses what was fetched before'
/** SHA-256, or SHA-1 as git has it. */
const HASH = /^(?:[0-9a-f]{40}|[0-9a-f]{64})$/

const refuse = (where: string, expected: string, got: string, hint?: string): never => {
  throw new FileError({ where, expected, got, hint })
}

const reasonOf = (failure: unknown): string =>
  messageOf((failure as { cause?: unknown } | undefined)?.cause ?? failure)

/** What went wrong on the way to the hub. */
const problem = (expected: string, got: string): FileError =>
  new FileError({ where: 'connection', expected, got })

/** Chunks as they come, ended by an error where none comes for too long. */
async function* timed(
  chunks: AsyncIterable<Uint8Array>,
  patience: number,
): AsyncGenerator<Uint8Array> {
  const iterator = chunks[Symbol.asyncIterator]()
  for (;;) {
    let timer: NodeJS.Timeout | undefined
    const silence = new Promise<never>((_, reject) => {
      timer = setTimeout(() => reject(problem('bytes', `none for ${patience / 1000} s`)), patience)
    })
    try {
      const { done, value } = await Promise.race([iterator.next(), silence])
      if (done) return
      yield value
    } finally {
      clearTimeout(timer)
    }
  }
}

/** A fetch that waits for no answer for ever, and follows no redirect from https to anything else. */
const carefulFetch =
  (patience: number): typeof fetch =>
  async (input, init) => {
    const stop = new AbortController()
    const timer = setTimeout(
      () => stop.abort(problem('an answer', `none for ${patience / 1000} s`)),
      patience,
    )
    try {
      const asked = new URL(input instanceof Request ? input.url : input)
      const response = await fetch(input, { ...init, signal: stop.signal })
      if (asked.protocol === 'https:' && !response.url.startsWith('https:'))
        throw problem('https all the way', `a redirect to ${new URL(response.url).protocol}`)
      if (!asked.pathname.startsWith('/api/')) return response
      const parts: Uint8Array[] = []
      let size = 0
      for await (const part of timed(
        (response.body ?? []) as unknown as AsyncIterable<Uint8Array>,
        patience,
      )) {
        size += part.length
        if (size > LONGEST_ANSWER)
          throw problem(`an answer of at most ${LONGEST_ANSWER} bytes`, 'more')
        parts.push(part)
      }
      return new Response(Buffer.concat(parts), response)
    } finally {
      clearTimeout(timer)
    }
  }

/** What the library's functions take of ours. */
const common = ({
  endpoint = process.env.HF_ENDPOINT || 'https://huggingface.co',
  token = process.env.HF_TOKEN || undefined,
  patience = PATIENCE_MS,
}: HubOptions) => ({
  hubUrl: endpoint.replace(/\/+$/, ''),
  accessToken: token,
  fetch: carefulFetch(patience),
})

/** A file that the hub has. */
export interface Remote {
  readonly file: string
  readonly hash: string
  readonly size: number
}

/** Where a repository's files are kept. */
const folderOf = ({ name, revision }: Repository, { cache }: HubOptions): string =>
  join(cache, 'hub', ...name.split('/'), revision.replaceAll('/', '--'))

/** What the hub said of files, in a file beside their folder: so that they are checked offline too. */
const listingOf = (folder: string): string => `${folder}.files.json`
const listingSchema = z.array(
  z.object({
    file: z.string(),
    hash: z.string().regex(HASH),
    size: z.number().int().nonnegative(),
  }),
)

const readListing = async (folder: string): Promise<readonly Remote[]> => {
  const text = await readFile(listingOf(folder), 'utf8').catch(() => '[]')
  try {
    return listingSchema.parse(JSON.parse(text))
  } catch {
    return []
  }
}

const keepListing = async (folder: string, found: readonly Remote[]): Promise<void> => {
  const others = (await readListing(folder)).filter(
    ({ file }) => !found.some(one => one.file === file),
  )
  await writeFileAtomic(listingOf(folder), `${JSON.stringify([...others, ...found])}\n`)
}

const offlineFiles = async (
  repository: Repository,
  files: readonly string[],
  options: HubOptions,
): Promise<readonly Remote[]> => {
  const folder = folderOf(repository, options)
  const found = (await readListing(folder)).filter(({ file }) => files.includes(file))
  if (found.length === 0)
    return refuse(
      repository.name,
      'files that were fetched before',
      'none',
      'Run the command once without `offline`',
    )
  return found
}

/**
 * Those of some files that a repository has; none where there is no such repository.
 * @throws FileError where the hub does not answer, or answers nonsense
 */
export const remoteFiles = async (
  { name, revision }: Repository,
  files: readonly string[],
  options: HubOptions,
): Promise<readonly Remote[]> => {
  const repository = { name, revision }
  if (options.offline) return offlineFiles(repository, files, options)
  const { HubApiError, pathsInfo } = await import('@huggingface/hub')
  const shared = common(options)
  const where = `${shared.hubUrl}/${name}`
  const found = await pathsInfo({ ...shared, repo: name, revision, paths: [...files] }).catch(
    (cause: unknown) => {
      const status = cause instanceof HubApiError ? cause.statusCode : undefined
      if (status === 401 || status === 403)
        return refuse(
          where,
          'a repository that may be read',
          `HTTP status ${status}`,
          'Check its name; where it is gated, accept its terms and set the variable HF_TOKEN',
        )
      if (status === 404) return []
      return refuse(where, 'the hub to answer', reasonOf(cause), CONNECTION)
    },
  )
  const remotes = found.flatMap(({ path: file, type, size, oid, lfs }): Remote[] => {
    if (!files.includes(file) || type !== 'file') return []
    const hash = lfs?.oid ?? oid ?? 'none'
    if (!HASH.test(hash))
      return refuse(`${where}/${file}`, 'a SHA-256 or git hash of the file', hash)
    if (!Number.isSafeInteger(size) || size < 0 || size > LARGEST_FILE)
      return refuse(`${where}/${file}`, `a size up to ${LARGEST_FILE}`, String(size))
    return [{ file, hash, size }]
  })
  if (remotes.length > 0) await keepListing(folderOf(repository, options), remotes)
  return remotes
}

/** SHA-256 of a file, or SHA-1 as git has it, by the length of the hash that is expected. */
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

/** Goes on with a part that is there. */
const transfer = async (
  { size }: Remote,
  part: string,
  open: () => ReturnType<typeof downloadFile>,
  patience: number,
  onBytes: (received: number) => void,
): Promise<void> => {
  const have = await sizeOf(part)
  if (have === size) return
  const blob = await open()
  if (blob === null) throw problem('the file', 'none any more')
  const from = have < size ? have : 0
  const stream = (from > 0 ? blob.slice(from) : blob).stream()
  let received = from
  const counted = async function* (chunks: AsyncIterable<Uint8Array>) {
    for await (const chunk of timed(chunks, patience)) {
      received += chunk.length
      if (received > size) throw problem(`${size} bytes`, 'more')
      onBytes(received)
      yield chunk
    }
  }
  await pipeline(
    Readable.fromWeb(stream as Parameters<typeof Readable.fromWeb>[0]),
    counted,
    createWriteStream(part, { flags: from > 0 ? 'a' : 'w' }),
  ).catch(async (cause: unknown) => {
    // A server that knows no ranges began at the start again.
    if (received > size) await rm(part, { force: true })
    throw cause
  })
}

/**
 * The path of a repository's file, fetched unless it is in the cache.
 * @throws FileError for a transfer that failed, or a file that is not what the hub says
 */
export const fetchFile = async (
  repository: Repository,
  remote: Remote,
  options: HubOptions,
): Promise<string> => {
  const { name, revision } = repository
  const { file, hash, size } = remote
  const { offline, onProgress, patience = PATIENCE_MS } = options
  const path = join(folderOf(repository, options), file)
  if ((await sizeOf(path)) === size && (await hashOf(path, remote)) === hash) return path
  if (offline)
    refuse(
      path,
      `the file of hash ${hash}, fetched before`,
      'none, or another',
      'Run the command once without `offline`',
    )
  const { downloadFile } = await import('@huggingface/hub')
  const shared = common(options)
  const open = () => downloadFile({ ...shared, repo: name, revision, path: file })
  const where = `${shared.hubUrl}/${name}/${file}`
  const part = `${path}.${hash.slice(0, 8)}.part`
  await makeFolder(dirname(path))
  for (let attempt = 1, before = await sizeOf(part); ; attempt++) {
    const broken = await transfer(remote, part, open, patience, received =>
      onProgress?.(file, received, size),
    ).then(() => undefined, reasonOf)
    const have = await sizeOf(part)
    if (broken === undefined && have === size) break
    if (attempt >= ATTEMPTS || have <= before)
      refuse(
        where,
        `${size} bytes`,
        `${have}, then: ${broken ?? 'the end'}`,
        have > 0 ? 'Run the same command again: it goes on from there' : CONNECTION,
      )
    before = have
  }
  const got = await hashOf(part, remote)
  if (got !== hash) {
    await rm(part, { force: true })
    refuse(
      where,
      `a file of hash ${hash}`,
      got,
      'The download is corrupt and was discarded. Try again',
    )
  }
  await rename(part, path)
  return path
}
