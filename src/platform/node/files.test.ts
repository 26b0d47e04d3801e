/** Writing files: the new content or the old one, and nothing else beside it. */

import { execFileSync, spawn } from 'node:child_process'
import { existsSync, mkdirSync, symlinkSync } from 'node:fs'
import { link, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { FileError } from '../../errors/index.ts'
import {
  makeFolder,
  readRequired,
  readText,
  readWhole,
  sweepTemporaries,
  syncFolder,
  writeFailure,
  writeFileAtomic,
  writeSynced,
} from './files.ts'

const newFolder = async (): Promise<string> => {
  const folder = await mkdtemp(join(tmpdir(), 'excite-'))
  onTestFinished(() => rm(folder, { recursive: true, force: true }))
  return folder
}

describe('writeFileAtomic', () => {
  it.each([
    ['text', 'größer', Buffer.from('größer')],
    ['bytes', Uint8Array.of(0, 255, 10), Buffer.of(0, 255, 10)],
    ['nothing', '', Buffer.of()],
  ])('writes %s, into folders that it makes, over what was there', async (_, content, expected) => {
    const folder = join(await newFolder(), 'a', 'b')
    const path = join(folder, 'file')
    await writeFileAtomic(path, 'the old content, longer than the new one')
    await writeFileAtomic(path, content)
    expect(await readFile(path)).toEqual(expected)
    expect(await readdir(folder)).toEqual(['file'])
  })

  it('puts a new file in the place of the old one, which it does not write to', async () => {
    const folder = await newFolder()
    const [path, old] = [join(folder, 'file'), join(folder, 'old')]
    await writeFile(path, 'old')
    await link(path, old)
    await writeFileAtomic(path, 'new')
    expect([await readFile(path, 'utf8'), await readFile(old, 'utf8')]).toEqual(['new', 'old'])
  })

  /** Each prepares a folder and gives a path in it that cannot be written, and what to expect. */
  const IMPOSSIBLE: Readonly<
    Record<string, { path: string; code: string; prepare: (path: string) => Promise<unknown> }>
  > = {
    'the path is a folder': { path: 'taken', code: 'EISDIR', prepare: path => mkdir(path) },
    'the name leaves no room for a temporary one': {
      path: 'n'.repeat(254),
      code: 'ENAMETOOLONG',
      prepare: path => writeFile(path, 'old'),
    },
  }

  for (const [name, { path: given, code, prepare }] of Object.entries(IMPOSSIBLE))
    it(`changes nothing and names the path when ${name}`, async () => {
      const folder = await newFolder()
      const path = join(folder, given)
      await prepare(path)
      const before = await readdir(folder, { recursive: true })
      const failure = await writeFileAtomic(path, 'new').catch((error: unknown) => error)
      expect(failure).toBeInstanceOf(FileError)
      expect(failure).toMatchObject({ where: path, expected: 'to write 1 kB', cause: { code } })
      expect(await readdir(folder, { recursive: true })).toEqual(before)
      if (code === 'ENAMETOOLONG') expect(await readFile(path, 'utf8')).toBe('old')
    })
})

describe('makeFolder', () => {
  it('makes what is missing, and leaves what is there', async () => {
    const folder = await newFolder()
    await makeFolder(join(folder, 'a/b/c'))
    await writeFile(join(folder, 'a/b/kept'), '')
    await Promise.all([1, 2, 3].map(n => makeFolder(join(folder, `a/b/c/d/${n}`))))
    expect((await readdir(join(folder, 'a/b'))).sort()).toEqual(['c', 'kept'])
    expect(await readdir(join(folder, 'a/b/c/d'))).toEqual(['1', '2', '3'])
  })

  it('refuses where a parent is a file, and so does all that writes', async () => {
    const folder = await newFolder()
    await writeFile(join(folder, 'taken'), '')
    const path = join(folder, 'taken/folder')
    const message = `${path}: expected a place for a folder, got ${join(folder, 'taken')}, which is a file`
    await expect(makeFolder(path)).rejects.toThrow(message)
    await expect(writeFileAtomic(join(path, 'file'), '')).rejects.toThrow(message)
  })

  it.runIf(existsSync('/proc/self'))('comes to an end where nobody can make any', async () => {
    for (const path of ['/proc/self/x', '/proc/self/x/y/z', '/proc/1/x']) {
      await expect(makeFolder(path)).rejects.toThrow(FileError)
      await expect(makeFolder(path)).rejects.toThrow(
        `${path}: expected a place for a folder, got E`,
      )
    }
  })
})

describe('writeFailure', () => {
  const failed = (code: string) => Object.assign(new Error(`${code}: it failed`), { code })

  it.each([
    [
      1,
      'ENOSPC',
      /to write 1 kB, got ENOSPC: it failed \(\d+ [kM]B free there\)\. Free at least 1 kB on that disk/,
    ],
    [
      2_500_000,
      'ENOSPC',
      /to write 3 MB, got ENOSPC: it failed \(\d+ [kM]B free there\)\. Free at least 3 MB on that/,
    ],
    [2000, 'EACCES', 'to write 2 kB, got EACCES: it failed. Choose a folder that you may write to'],
    [2001, 'EPERM', 'to write 3 kB, got EPERM: it failed. Choose a folder that you may write to'],
    [0, 'EROFS', 'to write, got EROFS: it failed. Choose a folder that you may write to'],
  ])('of %i bytes with %s says what to do', (bytes, code, message) => {
    const { message: text } = writeFailure('some/file', bytes, failed(code))
    expect(text).toMatch(/^some\/file: expected /)
    expect(text).toMatch(message)
  })

  it('without a remedy only says what happened', () => {
    expect(writeFailure('file', 1, failed('EIO')).message).toBe(
      'file: expected to write 1 kB, got EIO: it failed',
    )
    expect(writeFailure('file', 1, 'a text').message).toBe(
      'file: expected to write 1 kB, got a text',
    )
  })
})

it('sweepTemporaries removes what dead processes left, and nothing else', async () => {
  const folder = await newFolder()
  const child = spawn(process.execPath, ['-e', ''])
  await new Promise(resolve => child.on('exit', resolve))
  const left = [`${child.pid}-0`, `${child.pid}`, `${process.pid}-0`]
  const kept = ['a.tmp-1-0', 'b.tmp', 'c.tmp-x', 'd.json']
  for (const name of [...left.map(end => `file.tmp-${end}`), ...kept])
    await writeFile(join(folder, name), '')
  await sweepTemporaries(folder)
  expect((await readdir(folder)).sort()).toEqual(kept)
})

describe('readWhole', () => {
  it('reads a file of up to so many bytes', async () => {
    const path = join(await newFolder(), 'file')
    await writeFile(path, 'größer')
    expect(await readWhole(path, 8)).toEqual(Buffer.from('größer'))
    expect(await readText(path)).toBe('größer')
    await expect(readWhole(path, 7)).rejects.toThrow(`${path}: expected at most 7 bytes, got 8`)
    await expect(readWhole(`${path}x`)).rejects.toThrow('ENOENT')
  })

  it.each([
    ['a folder', (path: string) => mkdirSync(path)],
    ['a pipe or a device', (path: string) => execFileSync('mkfifo', [path])],
    ['a pipe or a device', (path: string) => symlinkSync('/dev/zero', path)],
  ])('refuses %s at once', async (what, make) => {
    const path = join(await newFolder(), 'file')
    make(path)
    await expect(readWhole(path)).rejects.toThrow(`${path}: expected a file, got ${what}`)
  })
})

it('readRequired says as an error of ours what the system said', async () => {
  const missing = join(tmpdir(), 'excite-nowhere')
  const failure = await readRequired(missing).catch((error: unknown) => error)
  expect(failure).toBeInstanceOf(FileError)
  expect(failure).toMatchObject({ where: missing, expected: 'a readable file' })
})

it('two writes of one file at once leave one of them, whole', async () => {
  const folder = await newFolder()
  const [a, b] = ['a', 'b'].map(letter => letter.repeat(1e6))
  await Promise.all([a, b].map(text => writeFileAtomic(join(folder, 'file'), text)))
  expect([a, b]).toContain(await readFile(join(folder, 'file'), 'utf8'))
  expect(await readdir(folder)).toEqual(['file'])
})

it('writeSynced leaves a name that is taken', async () => {
  const path = join(await newFolder(), 'file')
  await writeSynced(path, Buffer.from('first'))
  await expect(writeSynced(path, Buffer.from('second'))).rejects.toThrow('EEXIST')
  expect(await readFile(path, 'utf8')).toBe('first')
})

it('syncFolder refuses a folder that is not there', async () => {
  const folder = await newFolder()
  await syncFolder(folder)
  await expect(syncFolder(join(folder, 'nowhere'))).rejects.toThrow('ENOENT')
})
