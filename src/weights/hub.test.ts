/** The hub, played by a local server: fetched once, resumed where it broke, checked, kept. */

import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { expect, it } from 'vitest'
import { FileError, UsageError } from '../errors/index.ts'
import { hubFile, parseRepository } from './hub.ts'
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
}

const serve = (hub: Hub, request: IncomingMessage, response: ServerResponse): void => {
  const { url = '', method } = request
  if (url === '/timm/some/resolve/main/config.json') {
    const hash = createHash('sha1').update(`blob ${CONFIG.length}\0${CONFIG}`).digest('hex')
    response.writeHead(200, { etag: `W/"${hash}"`, 'content-length': CONFIG.length })
    response.end(method === 'HEAD' ? '' : CONFIG)
  } else if (url === '/timm/old/resolve/main/model.safetensors') {
    response.writeHead(307, { location: '/timm/some/resolve/main/model.safetensors' }).end()
  } else if (url === '/timm/some/resolve/main/model.safetensors') {
    response
      .writeHead(302, {
        location: '/elsewhere',
        'x-linked-etag': `"${SHA256}"`,
        'x-linked-size': CONTENT.length,
      })
      .end()
  } else if (url === '/elsewhere') {
    const from = hub.ranges
      ? Number(/^bytes=(\d+)-$/.exec(request.headers.range ?? '')?.[1] ?? 0)
      : 0
    hub.starts.push(from)
    const body = hub.content.subarray(from)
    response.writeHead(from > 0 ? 206 : 200, {
      'content-length': body.length,
      ...(from > 0 ? { 'content-range': `bytes ${from}-${hub.content.length - 1}/*` } : {}),
    })
    const limit = hub.breaks.shift()
    if (limit === undefined) response.end(body)
    else response.write(body.subarray(0, limit), () => setTimeout(() => response.destroy(), 50))
  } else response.writeHead(404).end()
}

const withHub = async (work: (hub: Hub) => Promise<void>): Promise<void> => {
  const cache = await mkdtemp(join(tmpdir(), 'excite-hub-'))
  const server = createServer((request, response) => serve(hub, request, response))
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  const endpoint = `http://127.0.0.1:${port}/`
  const hub: Hub = { endpoint, cache, starts: [], content: CONTENT, breaks: [], ranges: true }
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

const fetchLarge = (hub: Hub, onProgress = (_: string, __: number, ___: number): void => {}) =>
  hubFile(REPOSITORY, 'model.safetensors', { ...hub, onProgress })

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
    expect(await readdir(dirname(path as string))).toEqual(['model.safetensors'])
  }))

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
    const part = join(hub.cache, 'hub', 'timm', 'some', SHA256, 'model.safetensors.part')
    await mkdir(dirname(part), { recursive: true })
    await writeFile(part, CONTENT.subarray(0, 123_456))
    const path = await fetchLarge(hub)
    expect(hub.starts).toEqual([123_456])
    await expectContent(path)
  }))

it('starts over where a server knows no ranges', () =>
  withHub(async hub => {
    hub.ranges = false
    hub.breaks.push(100_000)
    const path = await fetchLarge(hub)
    expect(hub.starts).toEqual([0, 0])
    await expectContent(path)
  }))

it('stops where nothing comes any more, and keeps the part', () =>
  withHub(async hub => {
    hub.breaks.push(100_000, 0)
    await expect(fetchLarge(hub)).rejects.toThrow('Run the same command again: it goes on')
    const [file] = await readdir(join(hub.cache, 'hub', 'timm', 'some', SHA256))
    expect(file).toBe('model.safetensors.part')
  }))

it('keeps nothing of a file that is not what the hub says', () =>
  withHub(async hub => {
    hub.content = Buffer.from(CONTENT)
    hub.content[1000] ^= 1
    const failed = fetchLarge(hub)
    await expect(failed).rejects.toThrow(FileError)
    await expect(failed).rejects.toThrow(`expected a file of hash ${SHA256}`)
    expect(await readdir(join(hub.cache, 'hub', 'timm', 'some', SHA256))).toEqual([])
  }))

it('fetches again what was damaged in the cache', () =>
  withHub(async hub => {
    const path = (await fetchLarge(hub)) as string
    await writeFile(path, 'damaged')
    expect(await fetchLarge(hub)).toBe(path)
    await expectContent(path)
  }))

it('follows a renamed repository', () =>
  withHub(async hub => {
    const old = { name: 'timm/old', revision: 'main' }
    const path = await hubFile(old, 'model.safetensors', hub)
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

it('says when the hub does not answer', async () => {
  const hub = { cache: tmpdir(), endpoint: 'http://127.0.0.1:9' }
  await expect(hubFile(REPOSITORY, 'config.json', hub)).rejects.toThrow('HF_ENDPOINT')
})

it('reads names of repositories strictly', () => {
  expect(parseRepository('timm/seresnet50.a1_in1k@v1.0')).toEqual({
    name: 'timm/seresnet50.a1_in1k',
    revision: 'v1.0',
  })
  for (const wrong of ['', 'timm', '/x', '../x', 'a/..', 'a/b/c', 'a/b@', 'a/b?c', 'a b/c'])
    expect(() => parseRepository(wrong), wrong).toThrow(UsageError)
})
