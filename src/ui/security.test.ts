/** Requests of other sites, under other names and for other files: all refused, before anything is looked at. */

import { execFileSync } from 'node:child_process'
import { link, mkdir, readFile, rename, rm, symlink, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openConfined, readConfined } from './confined.ts'
import type { RunList } from './protocol.ts'
import type { Ui } from './server.ts'
import { openTestUi, sendRaw, writeRun } from './ui.testing.ts'

let ui: Ui & { root: string }
let run: string
let id: string
beforeAll(async () => {
  ui = await openTestUi()
  run = await writeRun(ui.root, 'a-run')
  const { runs } = (await (await get('/api/runs')).json()) as RunList
  id = runs[0].id
})
afterAll(async () => {
  await ui.close()
  await rm(dirname(ui.root), { recursive: true })
})

const authorization = (): string => `Authorization: Excite ${ui.token}`
const get = (path: string): Promise<Response> =>
  fetch(`http://127.0.0.1:${ui.port}${path}`, {
    headers: { authorization: `Excite ${ui.token}` },
  })

/** Header lines; P stands for the port. */
const REBINDING: readonly (readonly [what: string, first: string, ...headers: string[]])[] = [
  ['no Host', 'GET /api/runs HTTP/1.1'],
  ['two Hosts', 'GET /api/runs HTTP/1.1', 'Host: 127.0.0.1:P', 'Host: evil.test'],
  ['another name', 'GET /api/runs HTTP/1.1', 'Host: evil.test:P'],
  ['a name that begins with ours', 'GET /api/runs HTTP/1.1', 'Host: localhost.evil.test:P'],
  ['a name with our address', 'GET /api/runs HTTP/1.1', 'Host: 127.0.0.1.nip.io:P'],
  ['a dot at the end', 'GET /api/runs HTTP/1.1', 'Host: localhost.:P'],
  ['any address', 'GET /api/runs HTTP/1.1', 'Host: 0.0.0.0:P'],
  ['a short address', 'GET /api/runs HTTP/1.1', 'Host: 127.1:P'],
  ['an address as a number', 'GET /api/runs HTTP/1.1', 'Host: 2130706433:P'],
  ['an address in another', 'GET /api/runs HTTP/1.1', 'Host: [::ffff:127.0.0.1]:P'],
  ['another port', 'GET /api/runs HTTP/1.1', 'Host: 127.0.0.1:1'],
  ['no port', 'GET /api/runs HTTP/1.1', 'Host: 127.0.0.1'],
  ['a user', 'GET /api/runs HTTP/1.1', 'Host: localhost:P@evil.test'],
  ['an absolute target', 'GET http://evil.test/api/runs HTTP/1.1', 'Host: 127.0.0.1:P'],
  ['an older version', 'GET /api/runs HTTP/1.0', 'Host: 127.0.0.1:P'],
  [
    'a forwarded name',
    'GET /api/runs HTTP/1.1',
    'Host: evil.test:P',
    'X-Forwarded-Host: localhost:P',
  ],
  ['no origin', 'GET /api/runs HTTP/1.1', 'Host: 127.0.0.1:P', 'Origin: null'],
  ['another scheme', 'GET /api/runs HTTP/1.1', 'Host: 127.0.0.1:P', 'Origin: https://127.0.0.1:P'],
  [
    'the origin of another port',
    'GET /api/runs HTTP/1.1',
    'Host: 127.0.0.1:P',
    'Origin: http://127.0.0.1:1',
  ],
  [
    'an origin with a dot',
    'GET /api/runs HTTP/1.1',
    'Host: localhost:P',
    'Origin: http://localhost.:P',
  ],
  [
    'another of our names',
    'GET /api/runs HTTP/1.1',
    'Host: 127.0.0.1:P',
    'Origin: http://localhost:P',
  ],
  ['another site', 'GET /api/runs HTTP/1.1', 'Host: 127.0.0.1:P', 'Sec-Fetch-Site: cross-site'],
  ['a neighbor', 'GET /api/runs HTTP/1.1', 'Host: 127.0.0.1:P', 'Sec-Fetch-Site: same-site'],
  [
    'a text',
    'POST /api/runs/ID/stop HTTP/1.1',
    'Host: 127.0.0.1:P',
    'Origin: http://127.0.0.1:P',
    'Content-Type: text/plain',
    'Content-Length: 2',
  ],
  [
    'a form',
    'POST /api/runs/ID/stop HTTP/1.1',
    'Host: 127.0.0.1:P',
    'Origin: http://127.0.0.1:P',
    'Content-Type: application/x-www-form-urlencoded',
    'Content-Length: 2',
  ],
  [
    'a post without an origin',
    'POST /api/runs/ID/stop HTTP/1.1',
    'Host: 127.0.0.1:P',
    'Content-Type: application/json',
    'Content-Length: 2',
  ],
]

describe('a request', () => {
  it.each(REBINDING)('with %s is refused, token or not', async (_, first, ...headers) => {
    const own = (text: string): string =>
      text.replaceAll(/:P\b/g, `:${ui.port}`).replace('/ID/', `/${id}/`)
    const lines = [first, ...headers].map(own)
    for (const token of [authorization(), 'X-None: 0']) {
      const { status, text } = await sendRaw(ui.port, [...lines, token], '{}')
      expect(status).toBeGreaterThanOrEqual(400)
      expect(text).not.toContain('a-run')
    }
  })

  it.each([
    ['in upper case', 'LOCALHOST'],
    ['by address', '127.0.0.1'],
    ['by the newer address', '[::1]'],
  ])('%s is answered', async (_, host) => {
    const lines = ['GET /api/runs HTTP/1.1', `Host: ${host}:${ui.port}`, authorization()]
    expect((await sendRaw(ui.port, lines)).status).toBe(200)
  })

  it.each([
    ['none', []],
    ['another', ['Authorization: Excite AAAA']],
    ['one in the query', []],
    ['one in a cookie', [`Cookie: token=TOKEN`]],
    ['of another kind', ['Authorization: Bearer TOKEN']],
  ] as const)('with this token is refused: %s', async (what, headers) => {
    const path = what === 'one in the query' ? `/api/runs?k=${ui.token}` : '/api/runs'
    const own = headers.map(line => line.replace('TOKEN', ui.token))
    const lines = [`GET ${path} HTTP/1.1`, `Host: localhost:${ui.port}`, ...own]
    expect((await sendRaw(ui.port, lines)).status).toBe(401)
  })

  it('has no more methods than are needed, and no leave for other sites', async () => {
    const lines = (method: string) => [
      ...[`${method} /api/runs HTTP/1.1`, `Host: localhost:${ui.port}`, authorization()],
      ...[
        `Origin: http://localhost:${ui.port}`,
        'Content-Type: application/json',
        'Content-Length: 2',
      ],
    ]
    for (const method of ['PUT', 'PATCH', 'OPTIONS', 'DELETE', 'POST'])
      expect((await sendRaw(ui.port, lines(method), '{}')).status, method).toBe(405)
    const { text } = await sendRaw(ui.port, ['GET / HTTP/1.1', `Host: localhost:${ui.port}`])
    expect(text).not.toMatch(/access-control|set-cookie/i)
    expect(text).toMatch(/content-security-policy: default-src 'none'/)
    expect(text).toMatch(/cross-origin-embedder-policy: require-corp/)
    expect(text).toMatch(/x-content-type-options: nosniff/)
  })

  it('with a body beyond the limit is refused', async () => {
    const response = await fetch(`http://127.0.0.1:${ui.port}/api/runs/${id}/stop`, {
      method: 'POST',
      headers: {
        ...{ authorization: `Excite ${ui.token}`, 'content-type': 'application/json' },
        origin: `http://127.0.0.1:${ui.port}`,
      },
      body: JSON.stringify('x'.repeat(1 << 20)),
    })
    expect(response.status).toBe(413)
  })
})

const STEPS_UP = [
  ...[
    '../',
    '..%2f',
    '%2e%2e/',
    '%2e%2e%2f',
    '%252e%252e%252f',
    '..%5c',
    '..\\',
    '\\..\\',
    './../',
  ],
  ...[
    '//',
    '/./../',
    '..;/',
    '..%00/',
    '..%c0%af',
    '%c0%ae%c0%ae/',
    'C:/',
    'C:%5c',
    '~1/',
    '..::$DATA/',
    '#/../',
  ],
]
const PLACES: readonly (readonly [what: string, target: (up: string) => string])[] = [
  ['run', up => `/api/runs/${up}secret.txt`],
  ['file', up => `/api/runs/ID/files/${up}${up}secret.txt`],
  ['review', up => `/api/runs/ID/review${up}secret.txt?raw??`],
  ['asset', up => `/assets/${up}${up}secret.txt`],
]
const TRAVERSAL = PLACES.flatMap(([what, target]) =>
  STEPS_UP.map(up => [what, target(up)] as const),
)

describe('a path', () => {
  it(`is looked up, and never leads anywhere: ${TRAVERSAL.length} that would`, async () => {
    expect(TRAVERSAL.length).toBe(80)
    for (const [what, target] of TRAVERSAL) {
      const lines = [`GET ${target.replace('ID', id)} HTTP/1.1`, `Host: localhost:${ui.port}`]
      const { status, text } = await sendRaw(ui.port, [...lines, authorization()])
      expect(status, `${what} ${target}`).toBeGreaterThanOrEqual(400)
      expect(text).not.toContain('SECRET')
    }
  })

  it.each(['__proto__', 'constructor', 'x'.repeat(4096), '%00', 'a-run', '.', '..'])(
    'is no run: %s',
    async name => {
      const paths = [`/api/runs/${name}`, `/api/runs/${id}/files/${name}`, `/${name}`]
      for (const path of paths) {
        const lines = [`GET ${path} HTTP/1.1`, `Host: localhost:${ui.port}`, authorization()]
        // A page's own address is no secret.
        const { status, text } = await sendRaw(ui.port, lines)
        expect(status).toBeGreaterThanOrEqual(400)
        expect(text).not.toContain('SECRET')
      }
    },
  )
})

describe('a file of a run', () => {
  const secret = (): string => join(dirname(ui.root), 'secret.txt')

  /** Puts something in the place of a file while work is done. */
  const inPlace = async (put: (path: string) => unknown, work: () => Promise<void>) => {
    const path = join(run, 'review.json')
    await put(path)
    await work()
    await rm(path, { recursive: true, force: true })
  }
  const expectRefused = () =>
    expect(readConfined(run, 'review.json', 1e6)).rejects.toThrow(/expected a plain file/)

  it.each([
    ['a link', (path: string) => symlink(secret(), path)],
    ['a link to a device', (path: string) => symlink('/dev/stdin', path)],
    ['a hard link', (path: string) => link(secret(), path)],
    ['a folder', (path: string) => mkdir(path)],
    ['a pipe', (path: string) => execFileSync('mkfifo', [path])],
  ])('is refused where it is %s', async (_, put) => {
    await inPlace(put, async () => {
      await expectRefused()
      const { status, text } = await sendRaw(ui.port, [
        ...[`GET /api/runs/${id}/review HTTP/1.1`, `Host: localhost:${ui.port}`, authorization()],
      ])
      expect(status).toBe(422)
      expect(text).not.toContain('SECRET')
    })
  })

  it('is refused where its folder became a link', async () => {
    const other = join(dirname(ui.root), 'other')
    await mkdir(other)
    await writeFile(join(other, 'review.json'), 'SECRET')
    await rename(run, `${run}-moved`)
    await symlink(other, run)
    await expectRefused()
    await rm(run)
    await rename(`${run}-moved`, run)
  })

  it('has one of the names that a run has', async () => {
    await expect(openConfined(run, '../secret.txt')).rejects.toThrow(/another name/)
    await expect(openConfined(run, 'toString')).rejects.toThrow(/another name/)
  })

  it('is listed of folders alone, not of links to them', async () => {
    await symlink(run, join(ui.root, 'linked'))
    const { runs } = (await (await get('/api/runs')).json()) as RunList
    expect(runs.map(({ name }) => name)).toEqual(['a-run'])
    await rm(join(ui.root, 'linked'))
  })

  it('is downloaded as it is', async () => {
    const response = await get(`/api/runs/${id}/files/config.json`)
    expect(response.headers.get('content-disposition')).toBe(
      'attachment; filename="a-run-config.json"',
    )
    expect(await response.text()).toBe(await readFile(join(run, 'config.json'), 'utf8'))
  })
})
