/** Downloads from a server on this machine: whole and verified, or not there at all. */

import { createHash } from 'node:crypto'
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { createServer, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { afterAll, beforeAll, expect, it, onTestFinished } from 'vitest'
import { FileError } from '../../errors/index.ts'
import { fetchCached, type Source } from './fetchCached.ts'

const content = Buffer.from('labeled images, '.repeat(5000))
const gz = gzipSync(content)
/** Thirty megabytes in thirty kilobytes. */
const bomb = gzipSync(Buffer.alloc(30e6))
const half = content.subarray(0, content.length / 2)
const hash = (algorithm: 'sha256' | 'md5', bytes: Uint8Array): string =>
  createHash(algorithm).update(bytes).digest('hex')
const sha256 = hash('sha256', content)

/** What the server does for each path; anything else is not found. */
const ANSWERS: Readonly<Record<string, (response: ServerResponse) => unknown>> = {
  '/plain': response => response.end(content),
  '/packed.gz': response => response.end(gz),
  '/repacked.gz': response => response.end(gzipSync(content, { level: 1 })),
  '/cut.gz': response => response.end(gz.subarray(0, -4)),
  '/moved': response => response.writeHead(302, { location: '/plain' }).end(),
  '/elsewhere': response => response.writeHead(302, { location: 'ftp://127.0.0.1/file' }).end(),
  '/nonsense': response => response.writeHead(302, { location: 'http://[' }).end(),
  '/circle': response => response.writeHead(302, { location: '/circle' }).end(),
  '/silent': () => {},
  '/stalled': response => response.write(half),
  '/endless': response => {
    const more = (): boolean => response.write(content) && setImmediate(more) !== undefined
    response.on('drain', more)
    more()
  },
  '/huge': response => response.writeHead(200, { 'content-length': 1e12 }).write(half),
  '/bomb.gz': response => response.end(bomb),
  '/broken': response => response.writeHead(500).end('sorry'),
  '/short': response => {
    response.writeHead(200, { 'content-length': content.length })
    response.write(half, () => response.destroy())
  },
  '/short-chunks': response => response.write(half, () => response.destroy()),
}

const server = createServer(({ url = '' }, response) => {
  const answer = ANSWERS[url]
  if (answer) answer(response)
  else response.writeHead(404).end()
})
let origin = ''

beforeAll(async () => {
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
})
afterAll(() => {
  server.closeAllConnections()
  server.close()
})

const newFolder = async (): Promise<string> => {
  const folder = await mkdtemp(join(tmpdir(), 'excite-'))
  onTestFinished(() => rm(folder, { recursive: true, force: true }))
  return folder
}

it.each([
  ['/plain', { sha256 }, content],
  ['/plain', { md5: hash('md5', content) }, content],
  ['/plain', {}, content],
  ['/moved', { sha256 }, content],
  ['/packed.gz', { sha256 }, gz],
  ['/packed.gz', { md5: hash('md5', gz) }, gz],
  ['/packed.gz', { sha256, md5: hash('md5', gz) }, gz],
  ['/repacked.gz', { sha256 }, gzipSync(content, { level: 1 })],
])('stores %s, checked by %j', async (path, hashes, expected) => {
  const folder = await newFolder()
  const target = join(folder, 'new', 'file')
  await fetchCached({ url: origin + path, ...hashes }, target)
  expect(await readFile(target)).toEqual(expected)
  expect(await readdir(join(folder, 'new'))).toEqual(['file'])
})

it('tells its progress, up to the whole', async () => {
  const seen: [file: string, received: number, total: number | undefined][] = []
  const target = join(await newFolder(), 'file')
  await fetchCached({ url: `${origin}/plain`, sha256 }, target, (...step) => void seen.push(step))
  const received = seen.map(([, bytes]) => bytes)
  expect(received).toEqual([...received].sort((a, b) => a - b))
  expect(seen.at(-1)).toEqual([`${origin}/plain`, content.length, content.length])
})

const WRONG = '0'.repeat(64)

const FAILURES: readonly [
  name: string,
  path: string,
  hashes: Omit<Source, 'url'>,
  message: RegExp,
][] = [
  ['a wrong hash', '/plain', { sha256: WRONG }, /expected sha256 0{64}, got [0-9a-f]{64}\. The /],
  ['a wrong hash of what is packed', '/packed.gz', { sha256: hash('sha256', gz) }, /got [0-9a-f]+/],
  ['a wrong MD5', '/packed.gz', { md5: hash('md5', content) }, /expected md5 [0-9a-f]{32}, got/],
  ['one hash right, one wrong', '/packed.gz', { sha256, md5: WRONG }, /expected md5 0+, got/],
  ['damaged compressed data', '/cut.gz', { sha256 }, /gzip-compressed data, got unexpected end/],
  [
    'a file that is not there',
    '/nowhere',
    {},
    /expected the file, got HTTP status 404\. Check the/,
  ],
  ['a server that fails', '/broken', {}, /expected the file, got HTTP status 500\. Check the/],
  ['a truncated transfer', '/short', {}, /got \d+ bytes, then a broken connection\. Check the/],
  ['a redirect to another protocol', '/elsewhere', {}, /got a redirect to another protocol: ftp:/],
  ['a redirect to no address', '/nonsense', {}, /got a redirect to no address: http:\/\/\[/],
  ['redirects in a circle', '/circle', {}, /got more than 5 redirects/],
  ['a server that says nothing', '/silent', { silenceMs: 200 }, /got nothing for 0.2 s/],
  ['a server that stops', '/stalled', { silenceMs: 200 }, /got nothing for 0.2 s/],
  ['an endless body', '/endless', { mostBytes: 1e6 }, /got \d+ bytes, of which at most 1000000/],
  ['a body too large by its own account', '/huge', {}, /got 1000000000000 bytes, of which at most/],
  [
    'content that is too large',
    '/bomb.gz',
    { sha256, mostBytes: 1e6 },
    /content of at most 1000000 bytes/,
  ],
  ['truncated chunks', '/short-chunks', {}, /got \d+ bytes, then a broken connection\. Check the/],
]

for (const [name, path, hashes, message] of FAILURES)
  it(`leaves nothing after ${name}`, async () => {
    const folder = await newFolder()
    const url = origin + path
    const failure = await fetchCached({ url, ...hashes }, join(folder, 'file')).catch(
      (error: unknown) => error,
    )
    expect(failure).toBeInstanceOf(FileError)
    expect((failure as FileError).where).toBe(url)
    expect((failure as FileError).message).toMatch(message)
    expect(await readdir(folder)).toEqual([])
  })

it('leaves the file that was there after a failure', async () => {
  const target = join(await newFolder(), 'file')
  await writeFile(target, 'good')
  await expect(fetchCached({ url: `${origin}/plain`, sha256: WRONG }, target)).rejects.toThrow(
    WRONG,
  )
  expect(await readFile(target, 'utf8')).toBe('good')
})

it('says so when nobody answers', async () => {
  const closed = createServer()
  await new Promise<void>(resolve => closed.listen(0, '127.0.0.1', resolve))
  const url = `http://127.0.0.1:${(closed.address() as AddressInfo).port}/plain`
  await new Promise(resolve => closed.close(resolve))
  const folder = await newFolder()
  const failure = await fetchCached({ url }, join(folder, 'file')).catch((error: unknown) => error)
  expect(failure).toBeInstanceOf(FileError)
  expect(failure).toMatchObject({ where: url, expected: 'the file' })
  expect(await readdir(folder)).toEqual([])
})

it('names the path that it cannot write', async () => {
  const target = join(await newFolder(), 'taken')
  await mkdir(target)
  await expect(fetchCached({ url: `${origin}/plain`, sha256 }, target)).rejects.toThrow(
    `${target}: expected to write`,
  )
})
