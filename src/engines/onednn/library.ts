/** oneDNN's C API by FFI: finding the library, its functions, its errors as ours. */

import { EngineError } from '../../errors.ts'
import type { Koffi } from './koffi.ts'
import { type FunctionName, signaturesOf } from './signatures.ts'

export type { FunctionName } from './signatures.ts'

/** An opaque object of the library: its address. */
export type Handle = number | bigint

/** Where the library is looked for, after the path in this variable. */
export const PATH_VARIABLE = 'EXCITE_ONEDNN'
const NAMES = ['libdnnl.so.3', 'libdnnl.so.2', 'libdnnl.3.dylib', 'libdnnl.2.dylib']
const GOMP = ['libgomp.so.1']

export const INSTALL_HINT = `Install oneDNN 2.6 or newer (Debian 12, Ubuntu 22.04: apt-get install libdnnl2), or give the path of libdnnl in ${PATH_VARIABLE}`

/**
 * How long libgomp's threads spin for the next piece of work (about 50 µs) before they sleep: long
 * enough for the pause between two primitives, short enough to leave busy machines alone.
 */
const SPINS = '20000'

export type Argument = Handle | ArrayBufferView | null

export interface Library {
  readonly version: string
  readonly major: number
  /** The name or path that it was loaded by. */
  readonly file: string
  /** Calls a function and returns what it returns. */
  call(name: FunctionName, ...values: Argument[]): Handle
  /** Calls a function that returns a status. @throws EngineError naming `where` */
  check(where: string, name: FunctionName, ...values: Argument[]): void
  /** Calls a function whose first argument receives a new object. */
  make(where: string, name: FunctionName, ...values: Argument[]): Handle
  /** Copies bytes from the library's memory. */
  read(from: Handle, bytes: number): Uint8Array
  addressOf(view: ArrayBufferView): bigint
  /** Of the OpenMP team that computes. */
  setThreads(count: number): void
}

const STATUSES = ['success', 'out of memory', 'invalid arguments', 'unimplemented', 'iterator ends']

const missing = (got: string, cause?: unknown): EngineError =>
  new EngineError(
    { where: 'engine onednn', expected: 'the library oneDNN', got, hint: INSTALL_HINT },
    { cause },
  )

const message = (cause: unknown): string => (cause instanceof Error ? cause.message : String(cause))

const loadFirst = (koffi: Koffi, names: readonly string[], global: boolean) => {
  const problems: string[] = []
  for (const file of names)
    try {
      return { file, library: koffi.load(file, { global }), problems }
    } catch (cause) {
      problems.push(message(cause))
    }
  return { problems }
}

const load = async (): Promise<Library> => {
  let koffi: Koffi
  try {
    koffi = (await import('koffi')).default as unknown as Koffi
  } catch (cause) {
    throw missing(`no package koffi: ${message(cause)}`, cause)
  }
  const path = process.env[PATH_VARIABLE]
  process.env.GOMP_SPINCOUNT ??= SPINS
  // First and for good: unloading libgomp while its threads live crashes the process at exit.
  const gomp = loadFirst(koffi, GOMP, true)
  const { file, library, problems } = loadFirst(koffi, path ? [path] : NAMES, false)
  if (library === undefined) throw missing(problems.join('; '))
  const { library: libc } = loadFirst(koffi, ['libc.so.6', 'libSystem.B.dylib'], false)
  if (libc === undefined) throw missing('no C library')
  const copy = libc.func('memmove', 'uintptr_t', ['void *', 'uintptr_t', 'size_t'])
  const address = libc.func('memmove', 'uintptr_t', ['void *', 'void *', 'size_t'])
  const read = (from: Handle, bytes: number): Uint8Array => {
    const to = new Uint8Array(bytes)
    copy(to, from, bytes)
    return to
  }
  const versionOf = library.func('dnnl_version', 'uintptr_t', [])
  const [major, minor, patch] = new Int32Array(read(versionOf(), 12).buffer)
  if (major > 3 || major < 2 || (major === 2 && minor < 6))
    throw missing(`version ${major}.${minor}.${patch} (${file})`)
  const functions = new Map<string, (...values: Argument[]) => Handle>()
  try {
    for (const [name, [result, parameters]] of Object.entries(signaturesOf(major)))
      functions.set(name, library.func(name, result, [...parameters]))
  } catch (cause) {
    throw missing(`${file}: ${message(cause)}`, cause)
  }
  const teams = gomp.library?.func('omp_set_num_threads', 'void', ['int'])

  const call = (name: FunctionName, ...values: Argument[]): Handle =>
    (functions.get(name) as (...values: Argument[]) => Handle)(...values)
  const check = (where: string, name: FunctionName, ...values: Argument[]): void => {
    const status = Number(call(name, ...values))
    if (status !== 0)
      throw new EngineError({
        where,
        expected: `oneDNN's ${name} to succeed`,
        got: STATUSES[status] ?? `status ${status}`,
        hint: 'This is a fault of Excite or of oneDNN, not yours: please report it, and use --engine onnx meanwhile',
      })
  }
  return {
    version: `${major}.${minor}.${patch}`,
    major,
    file: file as string,
    call,
    check,
    make: (where, name, ...values) => {
      const made = new BigUint64Array(1)
      check(where, name, made, ...values)
      return made[0]
    },
    read,
    addressOf: view => BigInt(address(view, view, 0)),
    setThreads: count => {
      teams?.(count)
    },
  }
}

let loaded: Library | undefined

/**
 * The library, loaded when first asked for and never unloaded.
 * @throws EngineError that says how to install it
 */
export const openLibrary = async (): Promise<Library> => {
  loaded ??= await load()
  return loaded
}
