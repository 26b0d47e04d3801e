/** oneDNN's C API by FFI: its functions, its errors as ours. */

import { EngineError, messageOf } from '../../errors/index.ts'
import { importKoffi, type Koffi, type NativeLibrary } from '../../native/koffi.ts'
import { RUNTIME } from './constants.ts'
import { PATH_VARIABLE } from './find.ts'
import { usablePath } from './probeLibrary.ts'
import { type FunctionName, signaturesOf } from './signatures.ts'

export type { FunctionName } from './signatures.ts'

/** An opaque object of the library: its address. */
export type Handle = number | bigint

export type Argument = Handle | ArrayBufferView | null

export interface Library {
  readonly version: string
  readonly major: number
  /** The file that it was loaded from. */
  readonly path: string
  /** Calls a function and returns what it returns. */
  call(name: FunctionName, ...values: Argument[]): Handle
  /** Calls a function that returns a status. @throws EngineError naming `where` */
  check(where: string, name: FunctionName, ...values: Argument[]): void
  /** Calls a function whose first argument receives a new object. */
  make(where: string, name: FunctionName, ...values: Argument[]): Handle
  /** Copies bytes from the library's memory. */
  read(from: Handle, bytes: number): Uint8Array
  addressOf(view: ArrayBufferView): bigint
  /** Sets the size of the OpenMP team that computes. */
  setThreads(count: number): void
  /** How many it would compute with. */
  threads(): number
}

/**
 * How long libgomp's threads spin for the next piece of work (about 50 µs) before they sleep: long
 * enough for the pause between two primitives, short enough to leave busy machines alone.
 */
const SPINS = '20000'

const STATUSES = ['success', 'out of memory', 'invalid arguments', 'unimplemented', 'iterator ends']

const unusable = (path: string, expected: string, got: string, cause?: unknown): EngineError =>
  new EngineError(
    {
      where: path,
      expected,
      got,
      hint: `Another one can be named in ${PATH_VARIABLE}`,
    },
    { cause },
  )

/** The library knows what was asked of it, and cannot do it. */
export class Unimplemented extends EngineError {}

const koffiOrRefuse = async (): Promise<Koffi> => {
  try {
    return await importKoffi()
  } catch (cause) {
    throw unusable('koffi', 'the package, which calls oneDNN', messageOf(cause), cause)
  }
}

const LAZY = 1
const NODELETE = process.platform === 'darwin' ? 0x80 : 0x1000

/** The C library's part in this: memory, and loading for good. */
const systemCalls = (koffi: Koffi) => {
  const system = koffi.load(null)
  const dlopen = system.func('dlopen', 'uintptr_t', ['str', 'int'])
  const copy = system.func('memmove', 'uintptr_t', ['void *', 'uintptr_t', 'size_t'])
  const address = system.func('memmove', 'uintptr_t', ['void *', 'void *', 'size_t'])
  return {
    /** Unloading a library while the threads of its OpenMP live would crash the process at exit. */
    keep: (path: string): void => {
      dlopen(path, LAZY | NODELETE)
    },
    read: (from: Handle, bytes: number): Uint8Array => {
      const to = new Uint8Array(bytes)
      copy(to, from, bytes)
      return to
    },
    addressOf: (view: ArrayBufferView): bigint => BigInt(address(view, view, 0)),
  }
}

type System = ReturnType<typeof systemCalls>

/** Version and threading, as the library says. @throws EngineError where we cannot use them */
const identify = (path: string, native: NativeLibrary, { read }: System) => {
  const bytes = read(native.func('dnnl_version', 'uintptr_t', [])(), 32)
  const [major, minor, patch, , , , runtime] = new Int32Array(bytes.buffer)
  const version = `${major}.${minor}.${patch}`
  if (!((major === 2 && minor >= 6) || major === 3))
    throw unusable(path, 'oneDNN 2.6 or newer, or 3', version)
  if (runtime !== RUNTIME.openmp && runtime !== RUNTIME.sequential) {
    const [name] = Object.entries(RUNTIME).find(([, number]) => number === runtime) ?? []
    throw unusable(path, 'oneDNN built for OpenMP', `a build for ${name ?? `runtime ${runtime}`}`)
  }
  return { major, version, openmp: runtime === RUNTIME.openmp }
}

/** The functions of the OpenMP runtime that the library itself was linked with. */
const teamOf = (
  native: NativeLibrary,
  openmp: boolean,
): Pick<Library, 'setThreads' | 'threads'> => {
  if (!openmp) return { setThreads: () => {}, threads: () => 1 }
  const set = native.func('omp_set_num_threads', 'void', ['int'])
  const most = native.func('omp_get_max_threads', 'int', [])
  return { setThreads: count => void set(count), threads: () => Number(most()) }
}

const bind = (path: string, native: NativeLibrary, system: System): Library => {
  const { major, version, openmp } = identify(path, native, system)
  const functions = new Map(
    Object.entries(signaturesOf(major)).map(([name, [result, parameters]]) => [
      name,
      native.func(name, result, [...parameters]) as (...values: Argument[]) => Handle,
    ]),
  )
  const call = (name: FunctionName, ...values: Argument[]): Handle =>
    (functions.get(name) as (...values: Argument[]) => Handle)(...values)
  const check = (where: string, name: FunctionName, ...values: Argument[]): void => {
    const status = Number(call(name, ...values))
    if (status === 0) return
    const got = STATUSES[status] ?? `status ${status}`
    const Failure = got === 'unimplemented' ? Unimplemented : EngineError
    throw new Failure({
      where,
      expected: `oneDNN's ${name} to succeed`,
      got,
      hint: 'This is a fault of Excite or of oneDNN, not yours: please report it, and use the engine onnxruntime meanwhile',
    })
  }
  return {
    version,
    major,
    path,
    call,
    check,
    make: (where, name, ...values) => {
      const made = new BigUint64Array(1)
      check(where, name, made, ...values)
      return made[0]
    },
    read: system.read,
    addressOf: system.addressOf,
    ...teamOf(native, openmp),
  }
}

/**
 * Loads a library for good.
 * @throws EngineError that says why it cannot be used
 */
export const loadLibrary = async (path: string): Promise<Library> => {
  const koffi = await koffiOrRefuse()
  const system = systemCalls(koffi)
  process.env.GOMP_SPINCOUNT ??= SPINS
  try {
    const native = koffi.load(path)
    system.keep(path)
    return bind(path, native, system)
  } catch (cause) {
    if (cause instanceof EngineError) throw cause
    throw unusable(path, 'a library of oneDNN', messageOf(cause), cause)
  }
}

let loaded: Library | undefined

/**
 * The library, found and loaded when first asked for.
 * @throws EngineError that says why there is none, and how to install it
 */
export const openLibrary = async (): Promise<Library> => {
  loaded ??= await loadLibrary(await usablePath())
  return loaded
}

/** Computes with this library, whatever it is: for its self-test. */
export const useLibrary = async (path: string): Promise<Library> => {
  loaded = await loadLibrary(path)
  return loaded
}
