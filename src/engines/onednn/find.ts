/** Where oneDNN may lie: its known names, in the folders where systems and package managers put it. */

import { readdirSync, realpathSync, statSync } from 'node:fs'
import { join } from 'node:path'

/** The path of the library, or of its folder, or its name. */
export const PATH_VARIABLE = 'EXCITE_ONEDNN'

/** What finding looks at; another one in tests. */
export interface Machine {
  readonly platform: string
  readonly arch: string
  readonly env: Readonly<Record<string, string | undefined>>
  /** The names in a folder; none where there is no such folder. */
  list(folder: string): readonly string[]
  /** Behind all links. */
  real(path: string): string
}

const orElse = <Result>(otherwise: Result, run: () => Result): Result => {
  try {
    return run()
  } catch {
    return otherwise
  }
}

export const THIS_MACHINE: Machine = {
  platform: process.platform,
  arch: process.arch,
  env: process.env,
  list: folder => orElse([], () => readdirSync(folder)),
  real: path => orElse(path, () => realpathSync(path)),
}

const TRIPLES: Readonly<Record<string, string>> = {
  x64: 'x86_64-linux-gnu',
  arm64: 'aarch64-linux-gnu',
}

/** Folders of the user's choice before those of the system. */
const foldersOf = ({ platform, arch, env }: Machine): string[] => {
  const paths = (name: string): string[] => (env[name] ?? '').split(':').filter(path => path !== '')
  const conda = paths('CONDA_PREFIX').map(prefix => join(prefix, 'lib'))
  if (platform === 'darwin')
    return [
      ...paths('DYLD_LIBRARY_PATH'),
      ...conda,
      ...paths('HOMEBREW_PREFIX').map(prefix => join(prefix, 'lib')),
      '/opt/homebrew/lib',
      '/usr/local/lib',
    ]
  const triple = TRIPLES[arch] ?? `${arch}-linux-gnu`
  return [
    ...paths('LD_LIBRARY_PATH'),
    ...conda,
    '/usr/local/lib',
    `/usr/lib/${triple}`,
    '/usr/lib64',
    '/usr/lib',
    '/home/linuxbrew/.linuxbrew/lib',
  ]
}

/** `libdnnl.so.3`, `libdnnl.so.3.6`, `libdnnl.3.dylib`, `libdnnl.3.8.dylib`. */
const NAME = /^libdnnl(?:\.so\.(?<linux>[23](?:\.\d+)*)|\.(?<mac>[23](?:\.\d+)*)\.dylib)$/

/** The version in a name; undefined for the name of something else. */
const versionIn = (name: string): number[] | undefined => {
  const { linux, mac } = NAME.exec(name)?.groups ?? {}
  return (linux ?? mac)?.split('.').map(Number)
}

/** The newest first; of two names for one version, the one that says more. */
const newestFirst = (a: string, b: string): number => {
  const [left, right] = [a, b].map(name => versionIn(name) ?? [])
  for (let i = 0; i < Math.max(left.length, right.length); i++) {
    const difference = (right[i] ?? -1) - (left[i] ?? -1)
    if (difference !== 0) return difference
  }
  return 0
}

const inFolder = (machine: Machine, folder: string): string[] =>
  machine
    .list(folder)
    .filter(name => versionIn(name) !== undefined)
    .sort(newestFirst)
    .map(name => join(folder, name))

/** What a path, a folder or a name means; the system's loader says what is wrong with the rest. */
const given = (machine: Machine, wanted: string): readonly string[] => {
  const found = wanted.includes('/')
    ? inFolder(machine, wanted)
    : foldersOf(machine)
        .filter(folder => machine.list(folder).includes(wanted))
        .map(folder => join(folder, wanted))
  return found.length > 0 ? found : [wanted]
}

/**
 * Paths to try, the best first, each library once. What `EXCITE_ONEDNN` says is all that is tried.
 */
export const candidates = (machine: Machine = THIS_MACHINE): readonly string[] => {
  const wanted = machine.env[PATH_VARIABLE] ?? ''
  const found =
    wanted === ''
      ? foldersOf(machine).flatMap(folder => inFolder(machine, folder))
      : given(machine, wanted)
  return [...new Set(found.map(machine.real))]
}

/** Changes when the file does. */
export const stampOf = (path: string): string =>
  orElse('', () => {
    const { dev, ino, ctimeMs, mtimeMs, size } = statSync(path)
    return [dev, ino, ctimeMs, mtimeMs, size].join(' ')
  })
