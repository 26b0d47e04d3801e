/** The runs of a folder, kept up to date: what changed is told, and only that is read again. */

import { createHash } from 'node:crypto'
import { lstatSync } from 'node:fs'
import { readdir, realpath } from 'node:fs/promises'
import { join, relative } from 'node:path'
import { LOCK } from '../runs/lock.ts'
import { RUN_FILES } from '../runs/runFolder.ts'
import type { RunSummary } from './protocol.ts'
import { summaryOf } from './summary.ts'

/** What a summary, or what else the page shows, is read from. */
const WATCHED = [
  RUN_FILES.config,
  RUN_FILES.lines,
  RUN_FILES.steps,
  LOCK,
  RUN_FILES.review,
  RUN_FILES.onnx,
]

/** Folders in folders: a study's runs lie within the study's. */
const DEEPEST = 2

/** A run as the server knows it. */
export interface Run {
  readonly id: string
  /** The real path of its folder. */
  readonly path: string
  readonly summary: RunSummary
}

interface Entry extends Run {
  /** Of the files' sizes and times. */
  readonly signature: string
  /** What was said of it that its files do not know. */
  readonly note: string
}

/** What the server itself knows of a run: that it was told to stop, or why it did not go on. */
export type Notes = (id: string) => Pick<RunSummary, 'stopping' | 'problem'> | undefined

const idOf = (name: string): string =>
  createHash('sha256').update(name).digest('base64url').slice(0, 12)

/** The state of a run's files, and when the newest of them changed. */
const lookAt = (path: string): { readonly signature: string; readonly changed: number } => {
  const found = WATCHED.map(name => lstatSync(join(path, name), { throwIfNoEntry: false }))
  return {
    signature: found.map(one => one && `${one.mtimeMs} ${one.size} ${one.ino}`).join(),
    changed: Math.max(0, ...found.map(one => one?.mtimeMs ?? 0)),
  }
}

export class RunIndex {
  readonly root: string
  readonly #notes: Notes
  readonly #entries = new Map<string, Entry>()
  readonly #listeners = new Set<() => void>()
  /** Runs that went away, with the version in which they did. */
  readonly #gone = new Map<string, number>()
  #version = Date.now()
  #refreshing: Promise<void> | undefined

  /** @param root - the real path of the folder */
  constructor(root: string, notes: Notes) {
    this.root = root
    this.#notes = notes
  }

  /** Rises with every change, also over restarts of the server. */
  get version(): number {
    return this.#version
  }

  get runs(): readonly Run[] {
    return [...this.#entries.values()]
  }

  /** A run by its id, which is looked up and never becomes a path. */
  run(id: string): Run | undefined {
    return this.#entries.get(id)
  }

  /** Ids of runs that went away after a version. */
  goneSince(version: number): readonly string[] {
    return [...this.#gone].filter(([, when]) => when > version).map(([id]) => id)
  }

  /** @returns what ends the listening */
  listen(listener: () => void): () => void {
    this.#listeners.add(listener)
    return () => void this.#listeners.delete(listener)
  }

  /** Looks at all runs, and reads those again whose files have changed. */
  refresh(): Promise<void> {
    this.#refreshing ??= this.#refresh().finally(() => {
      this.#refreshing = undefined
    })
    return this.#refreshing
  }

  async #refresh(): Promise<void> {
    const version = this.#version + 1
    const found = await this.#find(this.root, 0)
    let isChanged = false
    for (const [id, { path }] of this.#entries)
      if (!found.includes(path)) {
        this.#entries.delete(id)
        this.#gone.set(id, version)
        isChanged = true
      }
    for (const path of found) isChanged = (await this.#update(path, version)) || isChanged
    if (!isChanged) return
    this.#version = version
    for (const listener of this.#listeners) listener()
  }

  /** @returns whether something about the run is new */
  async #update(path: string, version: number): Promise<boolean> {
    const name = relative(this.root, path) || '.'
    const id = idOf(name)
    const before = this.#entries.get(id)
    const { signature, changed } = lookAt(path)
    const notes = this.#notes(id)
    const note = JSON.stringify(notes ?? {})
    const isSame = before?.signature === signature && before.note === note
    // A process may end without touching a file.
    if (isSame && before.summary.state !== 'running') return false
    const summary = { ...(await summaryOf(path, { id, name, changed, version })), ...notes }
    if (isSame && summary.state === before.summary.state) return false
    this.#entries.set(id, { id, path, summary, signature, note })
    this.#gone.delete(id)
    return true
  }

  /** The folders of runs; links are not followed, and what begins with a dot is nobody's run. */
  async #find(folder: string, depth: number): Promise<readonly string[]> {
    if (lstatSync(join(folder, RUN_FILES.config), { throwIfNoEntry: false })) return [folder]
    if (depth === DEEPEST) return []
    const entries = await readdir(folder, { withFileTypes: true }).catch(() => [])
    const within = entries.filter(entry => entry.isDirectory() && !entry.name.startsWith('.'))
    const names = within.map(({ name }) => name).sort()
    const found = await Promise.all(names.map(name => this.#find(join(folder, name), depth + 1)))
    return found.flat()
  }
}

/** Opens the index of a folder. */
export const openIndex = async (folder: string, notes: Notes): Promise<RunIndex> =>
  new RunIndex(await realpath(folder), notes)
