/** `excite ui`: the page and the runs of a folder over HTTP, for the browser of this machine's user. */

import { randomBytes } from 'node:crypto'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { pipeline } from 'node:stream/promises'
import { fileURLToPath } from 'node:url'
import { messageOf, UsageError } from '../errors/index.ts'
import { Actions, type Excite } from './actions.ts'
import { type Asset, readAssets } from './assets.ts'
import { type Guard, refusal } from './guard.ts'
import { SECURITY_HEADERS } from './headers.ts'
import { LiveStreams } from './live.ts'
import type { ServerProblem } from './protocol.ts'
import { type Answer, Refusal, Routes, statusOf } from './routes.ts'
import { openIndex } from './runIndex.ts'

const LARGEST_BODY = 1 << 20

/** What is served, and to whom. */
export interface UiOptions {
  /** The folder of runs. */
  readonly folder: string
  /** What starts the command that resumes and exports. */
  readonly excite: Excite
  /** 0, unless given, is a free one. */
  readonly port?: number | undefined
  /** A name or address of this machine under which others reach it; only this machine unless given. */
  readonly host?: string | undefined
  /** The folder of the built page. */
  readonly page?: string | undefined
}

/** A server that runs. */
export interface Ui {
  /** The page's address, with the token. */
  readonly url: string
  readonly port: number
  readonly token: string
  close(): Promise<void>
}

const PAGE = fileURLToPath(new URL('../web', import.meta.url))
const LOOPBACK = ['127.0.0.1', 'localhost', '[::1]']

const readBody = async (request: IncomingMessage): Promise<Readonly<Record<string, unknown>>> => {
  if (request.method === 'GET' || request.method === 'HEAD') return {}
  if (request.headers['content-type'] !== 'application/json') throw new Refusal(415)
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length
    if (size > LARGEST_BODY) throw new Refusal(413)
    chunks.push(chunk)
  }
  try {
    const body: unknown = JSON.parse(Buffer.concat(chunks).toString('utf8'))
    if (typeof body === 'object' && body !== null) return body as Record<string, unknown>
  } catch {}
  throw new Refusal(400)
}

const sendJson = (response: ServerResponse, json: unknown): void => {
  response.setHeader('content-type', 'application/json').end(JSON.stringify(json))
}

const send = async (response: ServerResponse, answer: Answer): Promise<void> => {
  if ('json' in answer) return sendJson(response, answer.json)
  response.setHeader('content-type', 'application/octet-stream')
  if ('numbers' in answer) {
    if (answer.metric !== undefined)
      response.setHeader('x-excite-metric', encodeURIComponent(answer.metric))
    response.end(new Uint8Array(answer.numbers.buffer))
    return
  }
  response.setHeader('content-disposition', `attachment; filename="${answer.name}"`)
  await pipeline(answer.file.createReadStream(), response)
}

const sendAsset = (response: ServerResponse, asset: Asset | undefined, method?: string): void => {
  if (asset === undefined) return void response.writeHead(404).end()
  const lasting = 'max-age=31536000, immutable'
  response.setHeader('cache-control', asset.isLasting ? lasting : 'no-cache')
  response.setHeader('content-type', asset.type)
  response.setHeader('content-length', asset.bytes.length)
  response.end(method === 'HEAD' ? undefined : asset.bytes)
}

const refuseWith = (response: ServerResponse, error: unknown): void => {
  if (response.headersSent) return void response.destroy()
  if (error instanceof Refusal) return void response.writeHead(error.status).end()
  response.statusCode = statusOf(error)
  sendJson(response, { message: messageOf(error) } satisfies ServerProblem)
}

/**
 * Serves until it is closed.
 * @throws UsageError where the port is taken, or the page was not built
 */
export const openUi = async ({
  folder,
  excite,
  port = 0,
  host,
  page = PAGE,
}: UiOptions): Promise<Ui> => {
  const assets = await readAssets(page)
  const token = randomBytes(32).toString('base64url')
  let actions: Actions | undefined
  const index = await openIndex(folder, id => actions?.notes(id))
  actions = new Actions(excite, () => void index.refresh())
  const routes = new Routes(folder, index, actions)
  const live = new LiveStreams(index)
  let guard: Guard = { hosts: [], token }

  const answerApi = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    response.setHeader('cache-control', 'no-store')
    const { pathname, searchParams: query } = new URL(request.url ?? '', 'http://localhost')
    const [, , ...path] = pathname.split('/')
    const { method = '' } = request
    if (path.length === 1 && path[0] === 'live' && method === 'GET') {
      await index.refresh()
      return live.add(response, Number(query.get('since') ?? 0) || 0)
    }
    await send(
      response,
      await routes.answer({ method, path, query, body: await readBody(request) }),
    )
  }

  const server = createServer((request, response) => {
    for (const [name, value] of Object.entries(SECURITY_HEADERS)) response.setHeader(name, value)
    const status = refusal(request, guard)
    if (status !== undefined) return void response.writeHead(status).end()
    const { url = '/', method } = request
    if (!url.startsWith('/api')) return sendAsset(response, assets.get(url.split('?')[0]), method)
    answerApi(request, response).catch((error: unknown) => refuseWith(response, error))
  })
  await new Promise<void>((resolve, reject) => {
    server.once('error', (cause: NodeJS.ErrnoException) =>
      reject(
        new UsageError(
          {
            where: host === undefined ? 'port' : 'host',
            expected: 'an address to listen on',
            got: cause.message,
          },
          { cause },
        ),
      ),
    )
    server.listen(port, host ?? '127.0.0.1', resolve)
  })
  const { port: own } = server.address() as AddressInfo
  const names = host === undefined ? LOOPBACK : [host.includes(':') ? `[${host}]` : host]
  guard = { hosts: names.map(name => `${name.toLowerCase()}:${own}`), token }
  return {
    url: `http://${names[0]}:${own}/#k=${token}`,
    port: own,
    token,
    close: () =>
      new Promise(resolve => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}
