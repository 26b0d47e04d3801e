/**
 * Checkpoints: directories `step-00001234` of files and a manifest of their hashes. Each is written
 * aside, synced and renamed, and never touched again; one without a valid manifest does not exist.
 */

import { createHash } from 'node:crypto'
import { join } from 'node:path'
import { z } from 'zod'
import { ExciteError, FileError, messageOf } from '../errors/index.ts'
import {
  codeOf,
  disk,
  makeFolder,
  readText,
  readWhole,
  remove,
  syncFolder,
  writeFailure,
  writeSynced,
} from '../platform/node/files.ts'

const MANIFEST = 'MANIFEST.json'
const PREFIX = 'step-'
const TEMPORARY = 'tmp-'
const LARGEST_MANIFEST = 1e6

const size = z.number().int().min(0)
const manifestSchema = z.strictObject({
  format: z.literal(1),
  step: size,
  files: z.record(
    // A plain name: a manifest cannot name what is outside its folder.
    z
      .string()
      .max(100)
      .regex(/^\w[\w.-]*$/),
    z.strictObject({ bytes: size, sha256: z.string().length(64) }),
  ),
})
type Manifest = z.infer<typeof manifestSchema>

export interface Checkpoint {
  readonly step: number
  readonly files: ReadonlyMap<string, Uint8Array>
}

export interface Checkpoints {
  /**
   * Commits a checkpoint; saving a step again is a no-op.
   * @throws SaveError when the disk fails; what was committed before stays
   */
  save(checkpoint: Checkpoint): Promise<void>
  /**
   * What `accept` makes of the newest checkpoint that is whole and that it does not refuse; all others
   * are passed over with a warning that names the file.
   * @returns undefined where the folder has none
   * @throws FileError where it has some and none is of use
   */
  latest<Accepted>(
    accept: (checkpoint: Checkpoint) => Accepted | Promise<Accepted>,
  ): Promise<Accepted | undefined>
  /** The checkpoint of a step; undefined where there is none or it is damaged. */
  at(step: number): Promise<Checkpoint | undefined>
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
  const path = join(folder, MANIFEST)
  let manifest: Manifest
  try {
    manifest = manifestSchema.parse(JSON.parse(await readText(path, LARGEST_MANIFEST)))
  } catch {
    return `${path} is missing or damaged`
  }
  if (manifest.step !== step) return `${path} belongs to step ${manifest.step}`
  const files = new Map<string, Uint8Array>()
  for (const [name, { bytes, sha256: expected }] of Object.entries(manifest.files)) {
    const path = join(folder, name)
    let content: Uint8Array
    try {
      content = await readWhole(path, bytes)
    } catch (cause) {
      if (codeOf(cause) === 'ENOENT') return `${path} is missing`
      return cause instanceof FileError ? cause.message : `${path}: ${messageOf(cause)}`
    }
    if (content.length !== bytes) return `${path} has ${content.length} bytes, not ${bytes}`
    if (sha256(content) !== expected) return `${path} does not have the hash of its manifest`
    files.set(name, content)
  }
  return { step, files }
}

/** Opens the checkpoints of a folder; what an interrupted save left behind is removed. */
export const openCheckpoints = async (
  folder: string,
  { warn = () => {} }: { warn?: ((message: string) => void) | undefined } = {},
): Promise<Checkpoints> => {
  const names = async (): Promise<string[]> => {
    try {
      return await disk.readdir(folder)
    } catch (cause) {
      throw writeFailure(folder, 0, cause)
    }
  }
  const removeOwn = (name: string): Promise<void> =>
    remove(join(folder, name)).catch((cause: unknown) => {
      throw writeFailure(join(folder, name), 0, cause)
    })

  await makeFolder(folder)
  for (const name of await names()) if (name.startsWith(TEMPORARY)) await removeOwn(name)

  const steps = async (): Promise<number[]> =>
    (await names())
      .filter(name => /^step-\d{8,15}$/.test(name))
      .map(name => Number(name.slice(PREFIX.length)))
      .sort((a, b) => a - b)

  const write = async (checkpoint: Checkpoint): Promise<void> => {
    const temporary = join(folder, `${TEMPORARY}${folderOf(checkpoint.step)}`)
    const target = join(folder, folderOf(checkpoint.step))
    await remove(temporary)
    await disk.mkdir(temporary)
    for (const [name, bytes] of checkpoint.files) await writeSynced(join(temporary, name), bytes)
    const manifest = new TextEncoder().encode(JSON.stringify(manifestOf(checkpoint), null, 2))
    await writeSynced(join(temporary, MANIFEST), manifest)
    await syncFolder(temporary)
    await disk.rename(temporary, target)
    await syncFolder(folder)
  }

  return {
    save: async checkpoint => {
      const { step, files } = checkpoint
      const target = join(folder, folderOf(step))
      const standing = (await steps()).includes(step)
      if (standing && typeof (await readCheckpoint(target, step)) !== 'string') return
      try {
        if (standing) await remove(target)
        await write(checkpoint)
      } catch (cause) {
        await remove(join(folder, `${TEMPORARY}${folderOf(step)}`)).catch(() => {})
        const size = [...files.values()].reduce((sum, bytes) => sum + bytes.length, 0)
        throw writeFailure(target, size, cause)
      }
    },
    latest: async accept => {
      const passedOver: string[] = []
      for (const step of (await steps()).reverse()) {
        const read = await readCheckpoint(join(folder, folderOf(step)), step)
        let why = read as string
        if (typeof read !== 'string')
          try {
            return await accept(read)
          } catch (cause) {
            if (!(cause instanceof ExciteError)) throw cause
            why = cause.message
          }
        passedOver.push(why)
        warn(`checkpoint ignored: ${why}`)
      }
      if (passedOver.length === 0) return undefined
      throw new FileError({
        where: folder,
        expected: 'a checkpoint to go on from',
        got: `${passedOver.length} that cannot be used`,
        context: passedOver[0],
        hint: 'Restore one of them from a backup, or begin another run with `out`',
      })
    },
    at: async step => {
      const read = await readCheckpoint(join(folder, folderOf(step)), step)
      return typeof read === 'string' ? undefined : read
    },
    prune: async (count, keep) => {
      let valid = 0
      for (const step of (await steps()).reverse()) {
        const name = folderOf(step)
        // Only what is older than enough that can be read: one that cannot be read now may be later.
        if (valid === count) {
          if (!keep.includes(step)) await removeOwn(name)
        } else if (typeof (await readCheckpoint(join(folder, name), step)) !== 'string') valid++
      }
    },
  }
}
