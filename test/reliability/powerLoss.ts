/**
 * A disk that loses power: what was not synced may be there, in part, or not at all, and in any order.
 * Every call is recorded; any moment of the record can then be looked at as it would be found.
 */

import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { link, mkdir, writeFile } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import type { RandomStream } from '../../src/random/index.ts'
import type { Around } from '../support/disk.ts'

/** A file or a folder, whatever names it has. */
interface Inode {
  readonly id: number
  /** Of a folder: what its names mean now. */
  readonly entries?: Map<string, Inode>
}

/** A change of one folder's names; undefined takes a name away. */
interface NameChange {
  readonly time: number
  readonly folder: Inode
  readonly names: readonly (readonly [name: string, inode: Inode | undefined])[]
}

interface Written {
  readonly time: number
  readonly bytes: Uint8Array
}

export class PowerLossRecorder {
  readonly #root: string
  readonly #top: Inode = { id: 0, entries: new Map() }
  #count = 0
  #time = 0
  readonly #changes: NameChange[] = []
  readonly #written = new Map<Inode, Written>()
  /** When each was synced. */
  readonly #synced = new Map<Inode, number[]>()
  /** When each checkpoint was committed, by the path of its folder. */
  readonly committed: { readonly time: number; readonly path: string }[] = []
  #renamed: string[] = []

  /** @param root - the folder above which nothing is lost */
  constructor(root: string) {
    this.#root = root
  }

  /** The number of moments recorded. */
  get moments(): number {
    return this.#time
  }

  readonly around: Around = async ({ name, path, content }, work) => {
    const done = await work()
    if (!path.startsWith(this.#root)) return done
    this.#time++
    if (name === 'mkdir') this.#name(path, { id: ++this.#count, entries: new Map() })
    else if (name === 'open' && content === 'wx') this.#name(path, { id: ++this.#count })
    else if (name === 'writeFile') {
      const bytes = Buffer.from(content as Uint8Array)
      this.#written.set(this.#find(path) as Inode, { time: this.#time, bytes })
    } else if (name === 'rename') this.#rename(path, content as string)
    else if (name === 'rm') this.#remove(path)
    else if (name === 'sync') this.#sync(path)
    return done
  }

  #find(path: string): Inode | undefined {
    if (path === this.#root) return this.#top
    return this.#find(dirname(path))?.entries?.get(basename(path))
  }

  #change(folder: Inode, names: NameChange['names']): void {
    this.#changes.push({ time: this.#time, folder, names })
    for (const [name, inode] of names)
      if (inode === undefined) folder.entries?.delete(name)
      else folder.entries?.set(name, inode)
  }

  #name(path: string, inode: Inode): void {
    this.#change(this.#find(dirname(path)) as Inode, [[basename(path), inode]])
  }

  #rename(from: string, to: string): void {
    const inode = this.#find(from)
    this.#change(this.#find(dirname(from)) as Inode, [
      [basename(from), undefined],
      [basename(to), inode],
    ])
    if (basename(to).startsWith('step-')) this.#renamed.push(to)
  }

  #remove(path: string): void {
    const inode = this.#find(path)
    if (inode === undefined) return
    for (const name of [...(inode.entries?.keys() ?? [])]) this.#remove(join(path, name))
    this.#change(this.#find(dirname(path)) as Inode, [[basename(path), undefined]])
  }

  #sync(path: string): void {
    const inode = this.#find(path)
    if (inode === undefined) return
    this.#synced.set(inode, [...(this.#synced.get(inode) ?? []), this.#time])
    for (const renamed of this.#renamed.filter(one => dirname(one) === path))
      this.committed.push({ time: this.#time, path: renamed })
    this.#renamed = this.#renamed.filter(one => dirname(one) !== path)
  }

  #isSafe(inode: Inode, from: number, until: number): boolean {
    return (this.#synced.get(inode) ?? []).some(time => time > from && time <= until)
  }

  /** What a file holds after power was lost: all of it where it was synced, else nothing, a part or all. */
  #contentOf(inode: Inode, moment: number, draw: () => number): Uint8Array {
    const written = this.#written.get(inode)
    if (written === undefined || written.time > moment) return new Uint8Array()
    if (this.#isSafe(inode, written.time, moment)) return written.bytes
    const chance = draw()
    const length =
      chance < 0.3
        ? 0
        : chance < 0.8
          ? Math.floor(draw() * written.bytes.length)
          : written.bytes.length
    return written.bytes.subarray(0, length)
  }

  /**
   * Makes the folder as it is found when power was lost after so many calls.
   * @param pool - a folder beside it, for contents that many have
   */
  async restore(moment: number, to: string, pool: string, stream: RandomStream): Promise<void> {
    let drawn = 0
    const draw = (): number => stream.uniform(drawn++)
    const names = new Map<Inode, Map<string, Inode>>()
    for (const { time, folder, names: changed } of this.#changes) {
      if (time > moment) break
      if (!this.#isSafe(folder, time, moment) && draw() < 0.5) continue
      const entries = names.get(folder) ?? new Map<string, Inode>()
      names.set(folder, entries)
      for (const [name, inode] of changed)
        if (inode === undefined) entries.delete(name)
        else entries.set(name, inode)
    }
    const make = async (inode: Inode, path: string): Promise<void> => {
      if (inode.entries !== undefined) {
        await mkdir(path)
        for (const [name, child] of names.get(inode) ?? []) await make(child, join(path, name))
        return
      }
      const bytes = this.#contentOf(inode, moment, draw)
      const pooled = join(pool, createHash('sha256').update(bytes).digest('hex'))
      if (!existsSync(pooled)) await writeFile(pooled, bytes)
      await link(pooled, path)
    }
    await make(this.#top, to)
  }
}
