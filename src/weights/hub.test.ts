/** The hub, played by a local server: fetched once, resumed where it broke, checked, kept, and never waited for for ever. */

import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { expect, it } from 'vitest'
import { FileError, UsageError } from '../errors/index.ts'
import { fetchFile, isRepository, parseRepository, remoteFiles } from './hub.ts'
import { hubModel } from './hubModel.ts'

const CONTENT = Buffer.from(Array.from({ length: 300_000 }, (_, i) => (i * 7) % 251))
const SHA256 = createHash('sha256').update(CONTENT).digest('hex')
const CONFIG = JSON.stringify({
  architecture: 'seresnet50',
  pretrained_cfg: { mean: [0.1, 0.2, 0.3], std: [1, 2, 3], input_size: [3, 160, 160] },
})
const REPOSITORY = { name: 'timm/some', revision: 'main' }

interface Hub {
  readonly endpoint: string
  readonly cache: string
  /** GET requests of the large file: where each began. */
  readonly starts: number[]
  /** What is served of the large file; how many bytes before the connection breaks. */
  content: Buffer
  readonly breaks: number[]
  ranges: boolean
  /** Where the large file lies. */
  location: string
  readonly tokens: (string | undefined)[]
}

const json = (response: ServerResponse, content: unknown, status = 200): void => {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(content))
}

const gitHash = (content: string): string =>
  createHash('sha1').update(`blob ${content.length}\0${content}`).digest('hex')

/** What the hub knows of its files. */
const FILES = [
  { type: 'file', path: 'config.json', size: CONFIG.length, oid: gitHash(CONFIG) },
  {
    type: 'file',
    path: 'model.safetensors',
    size: CONTENT.length,
    oid: '0'.repeat(40),
    lfs: { oid: SHA256, size: CONTENT.length, pointerSize: 130 },
  },
]

/** A part of a file, where a server knows ranges. */
const send = (hub: Hub, request: IncomingMessage, response: ServerResponse, all: Buffer): void => {
  const [, first, last] = /^bytes=(\d+)-(\d+)$/.exec(request.headers.range ?? '') ?? []
  const partial = first !== undefined && (hub.ranges || last === '0')
  const from = partial ? Number(first) : 0
  const body = all.subarray(from, partial ? Number(last) + 1 : undefined)
  if (all === hub.content && last !== '0') hub.starts.push(from)
  response.writeHead(partial ? 206 : 200, {
    etag: '"any"',
    'content-length': body.length,
    ...(partial
      ? { 'content-range': `bytes ${from}-${from + body.length - 1}/${all.length}` }
      : {}),
  })
  const limit = last === '0' ? undefined : hub.breaks.shift()
  if (limit === undefined) response.end(body)
  else response.write(body.subarray(0, limit), () => setTimeout(() => response.destroy(), 50))
}

const serve = (hub: Hub, request: IncomingMessage, response: ServerResponse): void => {
  const { url = '', headers } = request
  hub.tokens.push(headers.authorization)
  if (url.startsWith('/api/models/timm/gated/')) json(response, { error: 'gated' }, 403)
  else if (url.startsWith('/api/models/timm/none/')) json(response, { error: 'none' }, 404)
  else if (url.startsWith('/api/models/timm/odd/')) json(response, [{ ...FILES[0], oid: 'x' }])
  else if (url.startsWith('/api/models/timm/endless/'))
    json(response, [{ ...FILES[0], more: 'x'.repeat(2 ** 21) }])
  else if (url.startsWith('/api/models/timm/silent/')) return
  else if (url.startsWith('/api/models/timm/')) json(response, FILES)
  else if (url === '/timm/some/resolve/main/config.json')
    send(hub, request, response, Buffer.from(CONFIG))
  else if (url === '/timm/some/resolve/main/model.safetensors')
    response.writeHead(302, { location: hub.location }).end()
  else if (url === '/elsewhere') send(hub, request, response, hub.content)
  else response.writeHead(404).end()
}

const withHub = async (work: (hub: Hub) => Promise<void>): Promise<void> => {
  const cache = await mkdtemp(join(tmpdir(), 'excite-hub-'))
  const server = createServer((request, response) => serve(hub, request, response))
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  const endpoint = `http://127.0.0.1:${port}/`
  const hub: Hub = {
    endpoint,
    cache,
    starts: [],
    content: CONTENT,
    breaks: [],
    ranges: true,
    location: '/elsewhere',
    tokens: [],
  }
  try {
    await work(hub)
  } finally {
    server.closeAllConnections()
    server.close()
    await rm(cache, { recursive: true, force: true })
  }
}

/** Not by toEqual, which looks at every byte by itself. */
const expectContent = async (path: string | undefined): Promise<void> => {
  expect(CONTENT.equals(await readFile(path ?? ''))).toBe(true)
}

const FOLDER = ['hub', 'timm', 'some', 'main']
const PART = `model.safetensors.${SHA256.slice(0, 8)}.part`

const fetchLarge = async (
  hub: Hub,
  onProgress = (_: string, __: number, ___: number): void => {},
): Promise<string> => {
  const options = { ...hub, onProgress, patience: 2000 }
  const [remote] = await remoteFiles(REPOSITORY, ['model.safetensors'], options)
  return fetchFile(REPOSITORY, remote, options)
}

it('fetches a file once, with progress', () =>
  withHub(async hub => {
    const seen: number[] = []
    const path = await fetchLarge(hub, (_, received, total) => {
      expect(total).toBe(CONTENT.length)
      seen.push(received)
    })
    await expectContent(path)
    expect(seen.at(-1)).toBe(CONTENT.length)
    expect(await fetchLarge(hub)).toBe(path)
    expect(hub.starts).toEqual([0])
    expect(await readdir(dirname(path))).toEqual(['model.safetensors'])
  }))

it('uses offline what was fetched before, checked, and says what was not', () =>
  withHub(async hub => {
    const offline = { ...hub, endpoint: 'http://127.0.0.1:9', offline: true }
    const before = hubModel('timm/some', offline)
    await expect(before).rejects.toThrow('expected files that were fetched before, got none')
    const { path } = await hubModel('timm/some', hub)
    expect(await hubModel('timm/some', offline)).toEqual(await hubModel('timm/some', hub))
    await writeFile(path, 'damaged')
    await expect(hubModel('timm/some', offline)).rejects.toThrow(
      'fetched before, got none, or another',
    )
  }))

it('tells names of repositories from paths', () => {
  expect(['timm/some', 'timm/seresnet50.a1_in1k', 'a/b@v1'].every(isRepository)).toBe(true)
  expect(
    ['some', './a/b', 'a/b/c', 'a/b.pth', 'a/best.safetensors', '../a'].some(isRepository),
  ).toBe(false)
})

it('goes on where a connection broke', () =>
  withHub(async hub => {
    hub.breaks.push(100_000, 100_000)
    const path = await fetchLarge(hub)
    await expectContent(path)
    expect(hub.starts).toHaveLength(3)
    expect(hub.starts[1]).toBeGreaterThan(0)
    expect(hub.starts[2]).toBeGreaterThan(hub.starts[1])
  }))

it('goes on in another run', () =>
  withHub(async hub => {
    const part = join(hub.cache, ...FOLDER, PART)
    await mkdir(dirname(part), { recursive: true })
    await writeFile(part, CONTENT.subarray(0, 123_456))
    const path = await fetchLarge(hub)
    expect(hub.starts).toEqual([123_456])
    await expectContent(path)
  }))

it('discards what a server that knows no ranges gave', () =>
  withHub(async hub => {
    hub.ranges = false
    hub.breaks.push(100_000)
    await expect(fetchLarge(hub)).rejects.toThrow(`${CONTENT.length} bytes, got more`)
    await expectContent(await fetchLarge(hub))
  }))

it('stops where nothing comes any more, and keeps the part', () =>
  withHub(async hub => {
    hub.breaks.push(100_000, 0)
    await expect(fetchLarge(hub)).rejects.toThrow('Run the same command again: it goes on')
    const [file] = await readdir(join(hub.cache, ...FOLDER))
    expect(file).toBe(PART)
  }))

it('keeps nothing of a file that is not what the hub says', () =>
  withHub(async hub => {
    hub.content = Buffer.from(CONTENT)
    hub.content[1000] ^= 1
    const failed = fetchLarge(hub)
    await expect(failed).rejects.toThrow(FileError)
    await expect(failed).rejects.toThrow(`expected a file of hash ${SHA256}`)
    expect(await readdir(join(hub.cache, ...FOLDER))).toEqual([])
  }))

it('fetches again what was damaged in the cache', () =>
  withHub(async hub => {
    const path = await fetchLarge(hub)
    await writeFile(path, 'damaged')
    expect(await fetchLarge(hub)).toBe(path)
    await expectContent(path)
  }))

it('knows what timm publishes', () =>
  withHub(async hub => {
    const { path, ...facts } = await hubModel('timm/some', hub)
    expect(existsSync(path)).toBe(true)
    expect(facts).toEqual({
      source: 'hub:timm/some',
      architecture: 'seresnet50',
      preprocessing: { mean: [0.1, 0.2, 0.3], std: [1, 2, 3] },
      size: 160,
    })
    await expect(hubModel('timm/none', hub)).rejects.toThrow(UsageError)
  }))

const remote = (hub: Hub, name: string) =>
  remoteFiles({ name, revision: 'main' }, ['config.json'], { ...hub, patience: 300 })

it('gives its token to the hub, and says how to where one is needed', () =>
  withHub(async hub => {
    await remoteFiles(REPOSITORY, ['config.json'], { ...hub, token: 'hf_x' })
    expect(hub.tokens).toEqual(['Bearer hf_x'])
    await expect(remote(hub, 'timm/gated')).rejects.toThrow('set the variable HF_TOKEN')
  }))

it('says when the hub does not answer, or not what it should', async () => {
  const away = { cache: tmpdir(), endpoint: 'http://127.0.0.1:9' }
  await expect(remoteFiles(REPOSITORY, ['config.json'], away)).rejects.toThrow('HF_ENDPOINT')
  await withHub(async hub => {
    await expect(remote(hub, 'timm/silent')).rejects.toThrow('expected an answer, got none')
    await expect(remote(hub, 'timm/endless')).rejects.toThrow('an answer of at most')
    await expect(remote(hub, 'timm/odd')).rejects.toThrow(
      'a SHA-256 or git hash of the file, got x',
    )
    expect(await remote(hub, 'timm/none')).toEqual([])
  })
})

it.each(['http://[', 'file:///etc/passwd', 'ftp://127.0.0.1/x'])(
  'follows no redirect to %s',
  location =>
    withHub(async hub => {
      hub.location = location
      const failed = fetchLarge(hub)
      await expect(failed).rejects.toThrow(FileError)
      await expect(failed).rejects.toThrow('bytes, got 0, then')
    }),
)

it('reads names of repositories strictly', () => {
  expect(parseRepository('timm/seresnet50.a1_in1k@v1.0')).toEqual({
    name: 'timm/seresnet50.a1_in1k',
    revision: 'v1.0',
  })
  for (const wrong of ['', 'timm', '/x', '../x', 'a/..', 'a/b/c', 'a/b@', 'a/b?c', 'a b/c'])
    expect(() => parseRepository(wrong), wrong).toThrow(UsageError)
})
