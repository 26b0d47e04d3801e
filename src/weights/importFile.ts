/** Weights of a path: a file of any size, or an index.json with the shards beside it. */

import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { FileError, messageOf } from '../errors/index.ts'
import { openFileBytes } from '../platform/node/fileBytes.ts'
import { quoted } from '../text/visible.ts'
import { type Imported, type ImportOptions, importEntries, importWeights } from './import.ts'
import { readWeights } from './readWeights.ts'
import type { Entry } from './stored.ts'

/** More than any network has. */
const LONGEST_INDEX = 2 ** 24
const INDEX = /\.index\.json$/

/** Which shard holds each tensor: plain names of files beside the index. */
const readIndex = (path: string): ReadonlyMap<string, string> => {
  const refuse = (got: string): never => {
    throw new FileError({
      where: path,
      expected: 'an index of shards: weight_map, a file by name',
      got,
    })
  }
  const { size, read, close } = openFileBytes(path)
  try {
    if (size > LONGEST_INDEX) return refuse(`${size} bytes`)
    const { weight_map: map } = JSON.parse(Buffer.from(read(0, size)).toString('utf8')) ?? {}
    if (typeof map !== 'object' || map === null) return refuse('no weight_map')
    const shards = new Map(Object.entries(map as Record<string, unknown>))
    for (const file of shards.values())
      if (typeof file !== 'string' || !/^[\w][\w.-]*$/.test(file))
        return refuse(`a shard called ${typeof file === 'string' ? quoted(file) : typeof file}`)
    return shards as Map<string, string>
  } catch (cause) {
    if (cause instanceof FileError) throw cause
    return refuse(messageOf(cause))
  } finally {
    close()
  }
}

/** The files that an index names. */
export const shardsOf = (path: string): readonly string[] => [...new Set(readIndex(path).values())]

const importShards = (path: string, options: ImportOptions): Imported => {
  const shards = readIndex(path)
  const files = [...new Set(shards.values())]
  const open = files.map(file => openFileBytes(join(dirname(path), file)))
  try {
    const entries = new Map<string, Entry>()
    for (const [i, file] of files.entries())
      for (const [name, entry] of readWeights(open[i], file, options).entries)
        if (shards.get(name) === file) entries.set(name, entry)
    const lost = [...shards].find(([name]) => !entries.has(name))
    if (lost !== undefined)
      throw new FileError({
        where: path,
        expected: `${quoted(lost[0])} in ${lost[1]}`,
        got: 'none',
      })
    const sha256 = createHash('sha256').update(readFileSync(path)).digest('hex')
    return importEntries({ entries, notes: [] }, path, options, sha256)
  } finally {
    for (const { close } of open) close()
  }
}

/**
 * Imports a file, or the shards of an index.
 * @throws FileError for a damaged file; WeightError and UsageError as importWeights does
 */
export const importFile = (path: string, options: ImportOptions = {}): Imported => {
  if (INDEX.test(path)) return importShards(path, options)
  const file = openFileBytes(path)
  try {
    return importWeights(file, path, options)
  } finally {
    file.close()
  }
}
