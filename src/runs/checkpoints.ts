/**
 * Checkpoints: directories `step-00001234` of files and a manifest of their hashes. Each is written
 * aside, synced and renamed, and never touched again; one without a valid manifest does not exist.
 */

import { createHash } from 'node:crypto'
import { readdir, readFile, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import { FileError } from '../errors/index.ts'
import { makeFolder, syncFolder, writeFailure, writeSynced } from '../platform/node/files.ts'

const MANIFEST = 'MANIFEST.json'
const PREFIX = 'step-'
const TEMPORARY = 'tmp-'

const manifestSchema = z.strictObject({
  format: z.literal(1),
  step: z.number().int().min(0),
  files: z.record(z.string(), z.strictObject({ bytes: z.number(), sha256: z.string() })),
})
type Manifest = z.infer<typeof manifestSchema>

export interface Checkpoint {
  readonly step: number
  readonly files: ReadonlyMap<string, Uint8Array>
}

/** What can fail on a disk; replaced in tests. */
export interface Disk {
  mkdir(path: string): Promise<unknown>
  writeSynced(path: string, bytes: Uint8Array): Promise<void>
  syncFolder(path: string): Promise<void>
  rename(from: string, to: string): Promise<void>
  remove(path: string): Promise<void>
}

export const disk: Disk = {
  mkdir: makeFolder,
  writeSynced,
  syncFolder,
  rename,
  remove: path => rm(path, { recursive: true, force: true }),
}

export interface Checkpoints {
  /**
   * Commits a checkpoint; saving a step again is a no-op.
   * @throws FileError when the disk fails; what was committed before stays
   */
  save(checkpoint: Checkpoint): Promise<void>
  /** The newest valid one; damaged ones are passed over with a warning that names the file. */
  latest(): Promise<Checkpoint | undefined>
  /** Removes all but the newest `count` and the given steps. */
  prune(count: number, keep: readonly number[]): Promise<void>
}

const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex')

const folderOf = (step: number): string => `${PREFIX}${String(step).padStart(8, '0')}`

const manifestOf = ({ step, files }: Checkpoint): Manifest => ({
  format: 1,
  step,
  files: Object.fromEntries(
    [...files].map(([name, bytes]) => [name, { bytes: bytes.length, sha256: sha256(bytes) }]),
  ),
})

/** Reads and verifies; what is wrong comes back as text. */
const readCheckpoint = async (folder: string, step: number): Promise<Checkpoint | string> => {
  let manifest: Manifest
  try {
    manifest = manifestSchema.parse(JSON.parse(await readFile(join(folder, MANIFEST), 'utf8')))
  } catch {
    return `${join(folder, MANIFEST)} is missing or damaged`
  }
  if (manifest.step !== step) return `${join(folder, MANIFEST)} belongs to step ${manifest.step}`
  const files = new Map<string, Uint8Array>()
  for (const [name, { bytes, sha256: expected }] of Object.entries(manifest.files)) {
    const path = join(folder, name)
    const content = await readFile(path).catch(() => undefined)
    if (content === undefined) return `${path} is missing`
    if (content.length !== bytes) return `${path} has ${content.length} bytes, not ${bytes}`
    if (sha256(content) !== expected) return `${path} does not have the hash of its manifest`
    files.set(name, content)
  }
  return { step, files }
}

/** Opens the checkpoints of a folder; what an interrupted save left behind is removed. */
export const openCheckpoints = async (
  folder: string,
  { warn = () => {}, on = disk }: { warn?: (message: string) => void; on?: Disk } = {},
): Promise<Checkpoints> => {
  await on.mkdir(folder).catch((cause: unknown) => {
    throw cause instanceof FileError ? cause : writeFailure(folder, 0, cause)
  })
  for (const name of await readdir(folder))
    if (name.startsWith(TEMPORARY)) await on.remove(join(folder, name))

  const steps = async (): Promise<number[]> =>
    (
      await readdir(folder).catch((cause: unknown) => {
        throw writeFailure(folder, 0, cause)
      })
    )
      .filter(name => /^step-\d{8,}$/.test(name))
      .map(name => Number(name.slice(PREFIX.length)))
      .sort((a, b) => a - b)

  const write = async (checkpoint: Checkpoint): Promise<void> => {
    const temporary = join(folder, `${TEMPORARY}${folderOf(checkpoint.step)}`)
    const target = join(folder, folderOf(checkpoint.step))
    await on.remove(temporary)
    await on.mkdir(temporary)
    for (const [name, bytes] of checkpoint.files) await on.writeSynced(join(temporary, name), bytes)
    const manifest = new TextEncoder().encode(JSON.stringify(manifestOf(checkpoint), null, 2))
    await on.writeSynced(join(temporary, MANIFEST), manifest)
    await on.syncFolder(temporary)
    await on.rename(temporary, target)
    await on.syncFolder(folder)
  }

  return {
    save: async checkpoint => {
      const { step, files } = checkpoint
      const target = join(folder, folderOf(step))
      const standing = (await steps()).includes(step)
      if (standing && typeof (await readCheckpoint(target, step)) !== 'string') return
      try {
        if (standing) await on.remove(target)
        await write(checkpoint)
      } catch (cause) {
        await on.remove(join(folder, `${TEMPORARY}${folderOf(step)}`)).catch(() => {})
        const size = [...files.values()].reduce((sum, bytes) => sum + bytes.length, 0)
        throw writeFailure(target, size, cause)
      }
    },
    latest: async () => {
      for (const step of (await steps()).reverse()) {
        const read = await readCheckpoint(join(folder, folderOf(step)), step)
        if (typeof read !== 'string') return read
        warn(`checkpoint ignored: ${read}`)
      }
      return undefined
    },
    prune: async (count, keep) => {
      let valid = 0
      for (const step of (await steps()).reverse()) {
        const path = join(folder, folderOf(step))
        // A damaged one is no reason to let go of one that can be read.
        if (valid < count && typeof (await readCheckpoint(path, step)) !== 'string') valid++
        else if (!keep.includes(step))
          await on.remove(path).catch((cause: unknown) => {
            throw writeFailure(path, 0, cause)
          })
      }
    },
  }
}
