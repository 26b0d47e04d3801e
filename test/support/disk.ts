/** The disk as tests see it: every call of the system that a run makes, each of which can be made to fail. */

import type { FileHandle } from 'node:fs/promises'
import type { disk } from '../../src/platform/node/files.ts'

export interface Call {
  readonly name: 'mkdir' | 'open' | 'readdir' | 'rename' | 'rm' | 'stat' | HandleCall
  readonly path: string
  /** What is written, the name that a file is renamed to, or how one is opened. */
  readonly content?: Uint8Array | string | undefined
}

const HANDLE_CALLS = ['writeFile', 'readFile', 'sync', 'stat', 'close'] as const
type HandleCall = (typeof HANDLE_CALLS)[number]

/** Does a call's work, or something else in its place. */
export type Around = (call: Call, work: () => Promise<unknown>) => Promise<unknown>

type Work = (...args: readonly unknown[]) => Promise<unknown>

/** Puts `around` around every call of a disk, and gives back what takes it away again. */
export const watchDisk = (on: typeof disk, around: Around): (() => void) => {
  const original = { ...on }
  const watchedHandle = (path: string, handle: FileHandle): FileHandle => {
    const watched: Record<string, Work> = {}
    for (const name of HANDLE_CALLS) {
      const work = handle[name].bind(handle) as Work
      watched[name] = (...args) =>
        around({ name, path, content: args[0] as Uint8Array }, () => work(...args))
    }
    return watched as unknown as FileHandle
  }
  for (const name of Object.keys(original) as (keyof typeof disk)[]) {
    const work = original[name] as unknown as Work
    const watched: Work = async (...args) => {
      const path = String(args[0])
      const content = name === 'rename' || name === 'open' ? String(args[1]) : undefined
      const result = await around({ name, path, content }, () => work(...args))
      return name === 'open' ? watchedHandle(path, result as FileHandle) : result
    }
    Object.assign(on, { [name]: watched })
  }
  return () => void Object.assign(on, original)
}

/** What the system says when it fails. */
export const failureOf = (code: string): Error =>
  Object.assign(new Error(`${code}: injected failure`), { code })
