/** The Hugging Face Hub as guides meet it: every repository has the files of one folder. */

import { createHash } from 'node:crypto'
import { mkdir, readdir, readFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'

/** Serves a folder, which may be filled later, on an address of this machine. */
export const openHub = async (folder: string) => {
  await mkdir(folder)
  const listing = async () =>
    Promise.all(
      (await readdir(folder)).map(async path => {
        const content = await readFile(join(folder, path))
        const oid = createHash('sha256').update(content).digest('hex')
        const { length: size } = content
        return { type: 'file', path, size, oid, lfs: { oid, size, pointerSize: 130 } }
      }),
    )
  const server = createServer(async ({ url = '', headers: { range = '' } }, response) => {
    if (url.startsWith('/api/')) {
      response.end(JSON.stringify(await listing()))
      return
    }
    const content = await readFile(join(folder, url.split('/').at(-1) ?? ''))
    const [, first = 0, last = content.length - 1] = /^bytes=(\d+)-(\d+)$/.exec(range) ?? []
    const body = content.subarray(Number(first), Number(last) + 1)
    const part = range && { 'content-range': `bytes ${first}-${last}/${content.length}` }
    const head = { etag: '"any"', 'content-length': body.length, ...(part || {}) }
    response.writeHead(range ? 206 : 200, head).end(body)
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  return {
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: () => {
      server.closeAllConnections()
      server.close()
    },
  }
}
