/** The files of the page, all read at the start: an address is looked up among them, and never becomes a path. */

import { readdir, readFile } from 'node:fs/promises'
import { extname, join } from 'node:path'
import { UsageError } from '../errors/index.ts'

export interface Asset {
  readonly bytes: Uint8Array
  readonly type: string
  /** Whether its name changes with its content. */
  readonly isLasting: boolean
}

const TYPES: Readonly<Record<string, string>> = {
  '.css': 'text/css; charset=utf-8',
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.mjs': 'text/javascript; charset=utf-8',
  '.json': 'application/json',
  '.svg': 'image/svg+xml',
  '.wasm': 'application/wasm',
}

/**
 * The page's files by their addresses; `/` is `index.html`.
 * @throws UsageError where the page was not built
 */
export const readAssets = async (folder: string): Promise<ReadonlyMap<string, Asset>> => {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true }).catch(() => [])
  const files = entries.filter(entry => entry.isFile())
  const assets = await Promise.all(
    files.map(async ({ parentPath, name }): Promise<[string, Asset]> => {
      const path = join(parentPath, name)
      const address = path.slice(folder.length).replaceAll('\\', '/')
      const type = TYPES[extname(name)] ?? 'application/octet-stream'
      const isLasting = address.startsWith('/assets/')
      return [
        address === '/index.html' ? '/' : address,
        { bytes: await readFile(path), type, isLasting },
      ]
    }),
  )
  const found = new Map(assets)
  if (found.has('/')) return found
  throw new UsageError({
    where: folder,
    expected: 'the page',
    got: 'none',
    hint: 'In a checkout, build it: npm run build:web',
  })
}
