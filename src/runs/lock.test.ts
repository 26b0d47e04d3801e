/** Locks: one process at a time, and none that is not there any more. */

import { execFileSync, spawn } from 'node:child_process'
import { existsSync, mkdirSync } from 'node:fs'
import { mkdtemp, readdir, readFile, rm, utimes, writeFile } from 'node:fs/promises'
import { hostname, tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it, onTestFinished } from 'vitest'
import { FileError, UsageError } from '../errors/index.ts'
import { breakLock, checkLocked, lockHolder, lockRun } from './lock.ts'

const newFolder = async (): Promise<string> => {
  const folder = await mkdtemp(join(tmpdir(), 'excite-'))
  onTestFinished(() => rm(folder, { recursive: true, force: true }))
  return folder
}
const lockOf = (folder: string) => join(folder, 'run.lock')
const held = (folder: string, more: object) => {
  const since = '2026-01-02T03:04:05.000Z'
  return writeFile(lockOf(folder), JSON.stringify({ host: hostname(), pid: 1, since, ...more }))
}

it('holds until it is given back', async () => {
  const folder = join(await newFolder(), 'runs/new')
  const unlock = await lockRun(folder)
  const again = await lockRun(folder).catch((error: unknown) => error)
  expect(again).toBeInstanceOf(UsageError)
  expect((again as Error).message).toMatch(
    new RegExp(
      `^${folder}: expected an unlocked run folder, got one locked by process ${process.pid} since 20`,
    ),
  )
  await unlock()
  expect(await readdir(folder)).toEqual([])
  await (await lockRun(folder))()
})

it('is not held by a process that has ended', async () => {
  const folder = await newFolder()
  const child = spawn(process.execPath, ['-e', ''])
  await new Promise(resolve => child.on('exit', resolve))
  await held(folder, { pid: child.pid })
  const unlock = await lockRun(folder)
  expect(JSON.parse(await readFile(lockOf(folder), 'utf8')).pid).toBe(process.pid)
  await unlock()
})

it.runIf(existsSync('/proc/self/stat'))(
  'is not held by another process of the same id',
  async () => {
    const folder = await newFolder()
    await held(folder, { pid: process.pid, started: '1' })
    await (await lockRun(folder))()
  },
)

it('is held by a process of another machine, as far as anybody knows', async () => {
  const folder = await newFolder()
  await held(folder, { host: 'elsewhere', pid: 2 ** 22 })
  await expect(lockRun(folder)).rejects.toThrow(
    `one locked by process 4194304 on elsewhere since 2026-01-02T03:04:05.000Z. Wait for that process to finish, or stop it. If it is gone, remove ${lockOf(folder)}`,
  )
})

it.each(['', '{', '{"pid":-1}', 'null'])('is not held by what says nothing: %s', async text => {
  const folder = await newFolder()
  await writeFile(lockOf(folder), text)
  await utimes(lockOf(folder), 1, 1)
  await (await lockRun(folder))()
  expect(await readdir(folder)).toEqual([])
})

it('goes to one of many who find it stale at once', async () => {
  const folder = await newFolder()
  await held(folder, { pid: process.pid, started: '1' })
  const found = await Promise.allSettled(Array.from({ length: 8 }, () => lockRun(folder)))
  expect(found.filter(({ status }) => status === 'fulfilled')).toHaveLength(1)
})

it('says what stands in its way', async () => {
  const folder = await newFolder()
  await writeFile(join(folder, 'file'), '')
  await expect(lockRun(join(folder, 'file'))).rejects.toThrow(FileError)
})

it.each([
  ['a folder', (path: string) => mkdirSync(path)],
  ['a pipe', (path: string) => execFileSync('mkfifo', [path])],
])('does not wait for %s of its name', async (what, make) => {
  const folder = await newFolder()
  make(lockOf(folder))
  await expect(lockRun(folder)).rejects.toThrow(
    `${lockOf(folder)}: expected the lock of a run, got ${what}`,
  )
})

it('removes what a killed process was writing', async () => {
  const folder = await newFolder()
  const child = spawn(process.execPath, ['-e', ''])
  await new Promise(resolve => child.on('exit', resolve))
  for (const name of ['last.safetensors', 'metrics.jsonl', 'run.lock'])
    await writeFile(join(folder, `${name}.tmp-${child.pid}-7`), 'half of i')
  await (await lockRun(folder))()
  expect(await readdir(folder)).toEqual([])
})

it('is broken where it is of another machine, and there alone', async () => {
  const folder = await newFolder()
  await held(folder, { host: 'elsewhere' })
  expect(await lockHolder(folder)).toBe('process 1 on elsewhere')
  await breakLock(folder)
  expect(await lockHolder(folder)).toBeUndefined()
  const unlock = await lockRun(folder)
  await breakLock(folder)
  expect(await lockHolder(folder)).toBe(`process ${process.pid}`)
  await unlock()
})

it('was taken over: whoever had it writes no more, and leaves it to the other', async () => {
  const folder = await newFolder()
  const unlock = await lockRun(folder)
  await checkLocked(folder)
  await held(folder, { host: 'elsewhere' })
  await expect(checkLocked(folder)).rejects.toThrow(
    'expected the lock of this process, got one of process 1 on elsewhere',
  )
  await unlock()
  expect(await lockHolder(folder)).toBe('process 1 on elsewhere')
})
